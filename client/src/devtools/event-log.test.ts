import { UnavailableError } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { EVENTS_MAX, eventOfFinding, eventOfFrame, merged } from './event-log.ts'
import { readFrame } from './read-frame.ts'

describe('events', () => {
  it('name what is missing after a gap, and why a copy begins anew', () => {
    expect(eventOfFinding({ kind: 'gap', space: 'room:1', at: 4, from: 6 }, 1).says).toBe(
      'A range from 6 came at 4: 2 versions are missing, and asked for again.',
    )
    expect(eventOfFinding({ kind: 'reset', space: 'room:1', reason: 'rights', to: 9 }, 1)).toMatchObject({ code: 'rights', tone: 'wait' })
  })

  it('are made of frames that say that something is out of the ordinary, and of no others', () => {
    const of = (frame: object) => eventOfFrame(readFrame('in', JSON.stringify(frame)), 1)
    expect(of({ t: 'denied', space: 'room:1', error: { code: 'forbidden', message: 'no' } })).toMatchObject({
      space: 'room:1',
      code: 'forbidden',
    })
    expect(of({ t: 'behind', space: 'room:1', head: 4 })?.kind).toBe('behind')
    expect(of({ t: 'goaway', afterMs: [0, 1] })?.kind).toBe('goaway')
    expect(of({ t: 'beat', nowMs: 1, sum: 1 })).toBeUndefined()
  })

  it('stand in one list with the diagnostics of the replica, the newest first, bounded', () => {
    const gap = eventOfFinding({ kind: 'gap', space: 'room:1', at: 4, from: 6 }, 20)
    const diagnostics = [
      { kind: 'open', atMs: 10 },
      { kind: 'closed', atMs: 30, because: new UnavailableError('gone') },
    ] as const
    expect(merged(diagnostics, [gap]).map(({ kind, code }) => [kind, code])).toEqual([
      ['closed', 'unavailable'],
      ['gap', undefined],
      ['open', undefined],
    ])
    expect(
      merged(
        diagnostics,
        Array.from({ length: 900 }, () => gap),
      ).length,
    ).toBe(EVENTS_MAX)
  })
})
