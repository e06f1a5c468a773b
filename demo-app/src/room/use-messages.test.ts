import { describe, expect, it } from 'vitest'
import type { MessageRow } from '../replica/demo.ts'
import { shownOf } from './use-messages.ts'

const rows = (...versions: number[]) => versions.map(($b) => ({ $b }) as MessageRow)
const many = (count: number) => rows(...Array.from({ length: count }, (_, at) => at + 1))

describe('what is shown of a room', () => {
  it('is its newest page to who follows it', () => {
    expect(shownOf(many(3), undefined, 0)).toEqual({ first: 0, start: 0 })
    expect(shownOf(many(1000), undefined, 0)).toEqual({ first: 0, start: 800 })
    expect(shownOf([], undefined, 0)).toEqual({ first: 0, start: 0 })
  })

  it('goes on from where the reader came, whatever comes in, up to five thousand', () => {
    expect(shownOf(many(1000), 401, 0).start).toBe(400)
    expect(shownOf(many(1500), 401, 0).start).toBe(400)
    expect(shownOf(many(9000), 401, 0).start).toBe(4000)
    // What the reader stood at has gone.
    expect(shownOf(rows(1, 2, 5, 6), 3, 0).start).toBe(2)
  })

  it('never goes below the floor of the window', () => {
    expect(shownOf(rows(2, 7, 101, 102), undefined, 100)).toEqual({ first: 2, start: 2 })
    expect(shownOf(rows(2, 7, 101, 102), 7, 100)).toEqual({ first: 2, start: 2 })
    expect(shownOf(rows(2, 7), undefined, 100)).toEqual({ first: 2, start: 2 })
  })
})
