import { ClientConflictError, type SyncError, UnavailableError, UpgradeRequiredError } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { fixedPace } from './connection/pace.ts'
import { NOT_FOLLOWING } from './following/following.ts'
import { step } from './following/step.ts'
import { NOT_SENDING } from './outbox/sending.ts'
import { reportOf } from './report.ts'
import { statusOf } from './status.ts'
import type { SyncState } from './sync.ts'
import { handClock } from './testing/hand-clock.ts'

const clock = handClock()
const nothing: SyncState = {
  connection: { name: 'offline', pauses: ['app'] },
  following: NOT_FOLLOWING,
  sending: NOT_SENDING,
  pace: fixedPace({ intervalMs: 60_000, promisedS: 90, timeoutMs: 10_000 }),
}
const following = (spaces: readonly string[], spacesMax: number) =>
  [
    ...spaces.map((space) => ({ type: 'want', space }) as const),
    { type: 'opened' } as const,
    { type: 'welcome', heads: {}, spacesMax } as const,
  ].reduce((state, event) => step(state, event, 0, 0).state, { ...NOT_FOLLOWING, spacesMax })

describe('the status', () => {
  it('tells of the shown copy, and of how far the server is known to be', () => {
    const copy = { version: 3, seal: 'aaaaaaaa', head: 5, partial: true } as never
    const report = reportOf({ ...nothing, following: following(['room:1', 'room:2'], 10) }, 0, clock)
    const status = statusOf(report, ['room:1'], new Map([['room:1', copy]]), 2, 1)
    expect(status).toEqual({
      phase: 'offline',
      pauses: ['app'],
      spaces: { 'room:1': { version: 3, seal: 'aaaaaaaa', head: 5, partial: true } },
      pending: 2,
      refused: 1,
      beatS: 60,
    })
  })

  it('says why it waits, until when, and why nothing is sent', () => {
    const because = new UnavailableError('gone')
    const connection = { name: 'waiting', attempt: 1, untilMs: clock.monotonicMs() + 500, notBeforeMs: 0, because } as const
    const blocked = new ClientConflictError('copied')
    const sending = { ...NOT_SENDING, stage: { name: 'stopped', because: blocked } } as const
    expect(reportOf({ ...nothing, connection, sending }, 0, clock)).toMatchObject({
      retryAtMs: clock.nowMs() + 500,
      because,
      blocked,
    })
  })

  it('[B11] tells the tab that leads next how long to stay away, unless this app is too old; an app is told when it is tried again', () => {
    const nowMs = clock.monotonicMs()
    const waits = (because: SyncError) =>
      reportOf(
        { ...nothing, connection: { name: 'waiting', attempt: 1, untilMs: nowMs + 900, notBeforeMs: nowMs + 500, because } },
        0,
        clock,
      )
    const report = waits(new UnavailableError('full'))
    expect(report).toMatchObject({ retryAtMs: clock.nowMs() + 900, notBeforeMs: clock.nowMs() + 500 })
    expect(statusOf(report, [], new Map(), 0, 0)).not.toHaveProperty('notBeforeMs')
    expect(waits(new UpgradeRequiredError('reload'))).not.toHaveProperty('notBeforeMs')
  })

  it('says which spaces found no place on the connection', () => {
    const report = reportOf({ ...nothing, following: following(['room:1', 'room:2'], 1) }, 0, clock)
    const status = statusOf(report, ['room:1', 'room:2'], new Map(), 0, 0)
    expect(status.spaces['room:1']?.denied).toBeUndefined()
    expect(status.spaces['room:2']?.denied).toMatchObject({ code: 'too-large' })
  })
})
