import { ForbiddenError, type Seal, type Version } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { type FollowedSpace, NOT_FOLLOWING, UNKNOWN_SPACE } from '../following/following.ts'
import type { Status } from '../replica-api.ts'
import { spaceRows } from './space-rows.ts'

const copy = (version: number, head = version, more: object = {}) => ({
  version: version as Version,
  seal: 's' as Seal,
  head,
  partial: false,
  ...more,
})
const status = (spaces: Status['spaces'], phase: Status['phase'] = 'live'): Status => ({
  phase,
  spaces,
  pending: 0,
  refused: 0,
  beatS: 30,
  storage: { durable: true },
})
const following = (spaces: Record<string, Partial<FollowedSpace>>) => ({
  ...NOT_FOLLOWING,
  connected: true,
  spaces: new Map(
    Object.entries(spaces).map(([space, more]) => [
      space,
      { ...UNKNOWN_SPACE, wanted: true, stage: { name: 'followed', untilMs: 0 } as const, ...more },
    ]),
  ),
})
const states = (...args: Parameters<typeof spaceRows>) => spaceRows(...args).map(({ space, state, behind }) => [space, state, behind])

describe('the rows of spaces', () => {
  it('say what is behind and denied first, then all else by name', () => {
    const denied = new ForbiddenError('no')
    const spaces = { 'room:b': copy(4), 'room:a': copy(4), 'room:c': copy(3, 9), 'room:d': copy(0, 0, { denied }) }
    expect(states(status(spaces), undefined)).toEqual([
      ['room:d', 'denied', 0],
      ['room:c', 'behind', 6],
      ['room:a', 'up to date', 0],
      ['room:b', 'up to date', 0],
    ])
    expect(spaceRows(status(spaces), undefined)[0]?.code).toBe('forbidden')
  })

  it('say what is being done for a space, where this tab does it', () => {
    const pulling = { stage: { name: 'pulling', pull: 1 } as const, failures: 2, reach: 8 }
    const [row] = spaceRows(
      status({ 'room:a': copy(4, 4, { partial: true, floors: { messages: 3, counters: 0 } }) }),
      following({ 'room:a': pulling }),
    )
    expect(row?.state).toBe('being asked')
    expect(row?.notes).toEqual(['shown in part', 'being pulled', 'messages after 3', 'an ack told of 8', '2 failed in a row'])
  })

  it('promise nothing of the server while there is no connection', () => {
    expect(states(status({ 'room:a': copy(4) }, 'offline'), undefined)).toEqual([['room:a', 'on this device', 0]])
  })

  it('name what is followed for another tab, and not what nobody holds', () => {
    const rows = spaceRows(status({}), following({ 'room:x': { head: 3 }, 'room:y': { wanted: false } }))
    expect(rows.map(({ space, notes }) => [space, notes])).toEqual([['room:x', ['held by another tab']]])
  })
})
