import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ABSENT,
  ANSWER_WITHIN_MS,
  ASK_EVERY_MS,
  ASK_HIDDEN_EVERY_MS,
  type Leadership,
  type LeadershipEffect,
  type LeadershipEvent,
  LOCK_WITHIN_MS,
  leadershipWakeAtMs,
  SILENCES_MAX,
  stepLeadership,
} from './leadership.ts'

const NOW = 100_000

/** One of each; nothing is due yet. */
const STATES: { [N in Leadership['name']]: Leadership & { name: N } } = {
  absent: { name: 'absent' },
  follower: { name: 'follower', untilMs: NOW + 1, silences: SILENCES_MAX, isHidden: false, taken: 0 },
  taking: { name: 'taking', untilMs: NOW + 1, taken: 1 },
  leader: { name: 'leader', taken: 0 },
}
/** `overdue`: the time event when the deadline of the state has passed. */
const EVENTS: Record<EventName, LeadershipEvent> = {
  join: { type: 'join' },
  leave: { type: 'leave' },
  granted: { type: 'granted' },
  lost: { type: 'lost' },
  heard: { type: 'heard', isHidden: true },
  show: { type: 'show' },
  time: { type: 'time' },
  overdue: { type: 'time' },
}
type EventName = LeadershipEvent['type'] | 'overdue'
/** Where it leads, and what is done; `-`: nothing at all changes. */
type Expected = '-' | readonly [Leadership['name'], ...LeadershipEffect[]]

const TABLE: Record<Leadership['name'], Record<EventName, Expected>> = {
  absent: {
    join: ['follower', 'enter', 'queue', 'ask'],
    leave: '-',
    granted: '-',
    lost: '-',
    heard: '-',
    show: '-',
    time: '-',
    overdue: '-',
  },
  follower: {
    join: '-',
    leave: ['absent', 'exit', 'follow'],
    granted: ['leader', 'lead'],
    lost: '-',
    heard: ['follower'],
    show: ['follower', 'ask'],
    time: '-',
    overdue: ['taking', 'take'],
  },
  taking: {
    join: '-',
    leave: ['absent', 'exit', 'follow'],
    granted: ['leader', 'lead'],
    lost: '-',
    heard: '-',
    show: '-',
    time: '-',
    overdue: ['leader', 'lead'],
  },
  leader: {
    join: '-',
    leave: ['absent', 'exit', 'follow'],
    granted: '-',
    lost: ['follower', 'follow', 'queue', 'ask'],
    heard: '-',
    show: '-',
    time: '-',
    overdue: '-',
  },
}

/** Steps on as time goes by, with nothing else happening; what was done, and when. */
function alone(from: Leadership, inFront: boolean, forMs: number, heard?: { everyMs: number; isHidden: boolean }) {
  const done: (readonly [ms: number, effect: LeadershipEffect])[] = []
  let state = from
  let heardMs = heard ? NOW : Number.POSITIVE_INFINITY
  for (;;) {
    const nowMs = Math.min(leadershipWakeAtMs(state), heardMs)
    if (nowMs > NOW + forMs) return { state, done }
    const event: LeadershipEvent = heardMs <= nowMs ? { type: 'heard', isHidden: heard?.isHidden ?? false } : { type: 'time' }
    if (heardMs <= nowMs) heardMs += heard?.everyMs ?? 0
    const next = stepLeadership(state, event, nowMs, inFront)
    state = next.state
    for (const effect of next.effects) done.push([nowMs - NOW, effect])
  }
}
const joined = () => stepLeadership(ABSENT, { type: 'join' }, NOW, true).state

describe('leadership', () => {
  for (const [name, row] of Object.entries(TABLE))
    for (const [event, expected] of Object.entries(row))
      it(`${name}, ${event}: ${expected === '-' ? 'nothing' : expected.join(', ')}`, () => {
        const state = STATES[name as Leadership['name']]
        const nowMs = event === 'overdue' ? NOW + 1 : NOW
        const next = stepLeadership(state, EVENTS[event as EventName], nowMs, true)
        if (expected === '-') expect(next).toEqual({ state, effects: [] })
        else expect([next.state.name, ...next.effects]).toEqual(expected)
      })

  it('a leader that is never heard is asked again, and then the lock is taken; where no lock comes, this tab leads without one', () => {
    const takenMs = SILENCES_MAX * ANSWER_WITHIN_MS
    const { state, done } = alone(joined(), true, 20_000)
    expect(done).toEqual([
      [ANSWER_WITHIN_MS, 'ask'],
      [takenMs, 'take'],
      [takenMs + LOCK_WITHIN_MS, 'lead'],
    ])
    expect(state.name).toBe('leader')
  })

  it('tabs that cannot hear each other take the lock from each other more and more seldom', () => {
    let state = joined()
    let nowMs = NOW
    const takes: number[] = []
    while (nowMs < NOW + 3_600_000) {
      nowMs = leadershipWakeAtMs(state)
      const { state: after, effects } = stepLeadership(state, { type: 'time' }, nowMs, true)
      if (effects.includes('take')) takes.push(nowMs)
      state = after
      if (state.name === 'leader') state = stepLeadership(state, { type: 'lost' }, nowMs, true).state
    }
    const apart = takes.slice(1).map((atMs, n) => atMs - (takes[n] as number))
    expect(apart.slice(0, 5)).toEqual([...apart.slice(0, 5)].sort((a, b) => a - b))
    expect(apart.at(-1)).toBeGreaterThan(120_000)
    expect(takes.length).toBeLessThan(30)
  })

  it('a leader that answers keeps the lock, and is asked seldom in the background', () => {
    const heard = { everyMs: 1000, isHidden: false }
    expect(alone(joined(), true, 3_600_000, heard).done.filter(([, effect]) => effect !== 'ask')).toEqual([])
    const asked = alone(joined(), false, 3_600_000, { everyMs: ASK_HIDDEN_EVERY_MS + 100, isHidden: true }).done
    expect(new Set(asked.map(([, effect]) => effect))).toEqual(new Set(['ask']))
    expect(asked.length).toBeLessThanOrEqual(60)
  })

  it('a tab in front takes over from a hidden one, not at once: whoever leafs through tabs does not connect anew with each', () => {
    for (const everyMs of [100, 7000])
      expect(alone(joined(), true, 10_000, { everyMs, isHidden: true }).done[0]).toEqual([ASK_EVERY_MS, 'take'])
  })

  it('never ends without a moment at which it looks again, unless it leads or would not connect', () => {
    const event = fc.oneof(
      ...Object.values(EVENTS).map((event) => fc.constant(event)),
      fc.record({ type: fc.constant('heard' as const), isHidden: fc.boolean() }),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(event, fc.nat(100_000), fc.boolean()), { maxLength: 40 }), (steps) => {
        let state: Leadership = ABSENT
        let nowMs = NOW
        for (const [event, afterMs, inFront] of steps) {
          nowMs += afterMs
          state = stepLeadership(state, event, nowMs, inFront).state
          const wakesInMs = leadershipWakeAtMs(state) - nowMs
          if (state.name === 'follower' || state.name === 'taking') expect(wakesInMs).toBeLessThanOrEqual(ASK_HIDDEN_EVERY_MS)
          else expect(wakesInMs).toBe(Number.POSITIVE_INFINITY)
        }
        // And where nobody is heard any more it leads in the end.
        if (state.name !== 'absent') expect(alone(state, false, 1e9).state.name).toBe('leader')
      }),
    )
  })
})
