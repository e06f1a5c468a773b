import { describe, expect, it } from 'vitest'
import { retentionOf } from '../backend/retention.ts'
import { retentionIn } from './retention.ts'
import { readSettings } from './settings.ts'

const DAY_MS = 24 * 3_600_000
const kept = (...args: string[]) => retentionOf(retentionIn(readSettings(['app.ts', ...args], {}).settings))

describe('how long settings keep what is past', () => {
  it('is as the server has it by itself, where nothing is said', () => {
    expect(kept()).toEqual(retentionOf())
  })

  it('is said in days and commits; a log is never longer than deletions', () => {
    expect(kept('--keep-log-days', '1', '--keep-log-commits', '5000', '--keep-deletions-days', '7')).toEqual({
      keepLogMs: DAY_MS,
      keepLogCommits: 5000,
      keepDeletionsMs: 7 * DAY_MS,
    })
    expect(kept('--keep-deletions-days', '10')).toMatchObject({ keepLogMs: 10 * DAY_MS })
    expect(kept('--keep-log-days', '90')).toMatchObject({ keepLogMs: 90 * DAY_MS })
    expect(() => kept('--keep-log-days', '91')).toThrow(/^--keep-log-days 91: deletions are kept for 90 days/)
  })

  it.each([
    ['--keep-log-days', '0'],
    ['--keep-log-commits', '999'],
    ['--keep-deletions-days', '6'],
  ])('%s is not less than clients need', (flag, value) => {
    expect(() => kept(flag, value)).toThrow(`${flag} ${value}: a whole number from`)
  })
})
