import { RateLimitedError, TokenExpiredError, UnauthenticatedError, UnavailableError, UpgradeRequiredError } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { fixedBeat } from './beat-policy.ts'
import {
  type Connection,
  type ConnectionEffect,
  type ConnectionEvent,
  connectionWakeAtMs,
  GREET_WITHIN_MS,
  NEVER,
  OPEN_WITHIN_MS,
  PROBE_WITHIN_MS,
  STEADY_AFTER_MS,
  stepConnection,
  UPGRADE_PAUSE_MS,
} from './connection.ts'

const NOW = 100_000
const because = new UnavailableError('gone')

/** One of each; nothing is due yet. */
const STATES: { [N in Connection['name']]: Connection & { name: N } } = {
  offline: { name: 'offline', pauses: ['app'] },
  connecting: { name: 'connecting', attempt: 3, untilMs: NOW + 1 },
  greeting: { name: 'greeting', attempt: 3, untilMs: NOW + 1 },
  open: { name: 'open', attempt: 3, sinceMs: NOW - 100, beatAtMs: NOW + 10_000, deadAtMs: NEVER },
  waiting: { name: 'waiting', attempt: 3, untilMs: NOW + 5000, notBeforeMs: NOW, because },
}
/** `overdue`: the time event when the deadline of the state has passed. */
const EVENTS: Record<string, ConnectionEvent> = {
  'pause page': { type: 'pause', pause: 'page' },
  'resume app': { type: 'resume', pause: 'app' },
  opened: { type: 'opened' },
  welcomed: { type: 'welcomed' },
  frame: { type: 'frame' },
  hint: { type: 'hint' },
  failed: { type: 'failed', because },
  time: { type: 'time' },
  overdue: { type: 'time' },
}
type EventName = 'pause page' | 'resume app' | 'opened' | 'welcomed' | 'frame' | 'hint' | 'failed' | 'time' | 'overdue'
/** Where it leads, and what is done; `-`: nothing at all changes. */
type Expected = '-' | readonly [Connection['name'], ...ConnectionEffect[]]

const TABLE: Record<Connection['name'], Record<EventName, Expected>> = {
  offline: {
    'pause page': ['offline'],
    'resume app': ['connecting', 'open'],
    opened: '-',
    welcomed: '-',
    frame: '-',
    hint: '-',
    failed: '-',
    time: '-',
    overdue: '-',
  },
  connecting: {
    'pause page': ['offline', 'close'],
    'resume app': '-',
    opened: ['greeting'],
    welcomed: '-',
    frame: '-',
    hint: '-',
    failed: ['waiting', 'close'],
    time: '-',
    overdue: ['waiting', 'close'],
  },
  greeting: {
    'pause page': ['offline', 'close'],
    'resume app': '-',
    opened: '-',
    welcomed: ['open'],
    frame: '-',
    hint: '-',
    failed: ['waiting', 'close'],
    time: '-',
    overdue: ['waiting', 'close'],
  },
  open: {
    'pause page': ['offline', 'close'],
    'resume app': '-',
    opened: '-',
    welcomed: '-',
    frame: '-',
    hint: ['open', 'beat'],
    failed: ['waiting', 'close'],
    time: '-',
    overdue: ['open', 'beat'],
  },
  waiting: {
    'pause page': ['offline', 'close'],
    'resume app': '-',
    opened: '-',
    welcomed: '-',
    frame: '-',
    hint: ['connecting', 'open'],
    failed: '-',
    time: '-',
    overdue: ['connecting', 'open'],
  },
}

const step = (state: Connection, event: ConnectionEvent, nowMs = NOW, chance = 0.5) =>
  stepConnection(state, event, nowMs, chance, fixedBeat)

describe('every state meets every event', () => {
  for (const [name, row] of Object.entries(TABLE) as [Connection['name'], Record<EventName, Expected>][])
    for (const [event, expected] of Object.entries(row) as [EventName, Expected][])
      it(`${name} × ${event} → ${expected === '-' ? 'nothing' : expected.join(', ')}`, () => {
        const state = STATES[name]
        const nowMs = event === 'overdue' ? Math.min(connectionWakeAtMs(state), 1e9) : NOW
        const after = step(state, EVENTS[event] as ConnectionEvent, nowMs)
        if (expected === '-') {
          expect(after.state).toBe(state)
          expect(after.effects).toEqual([])
        } else expect([after.state.name, ...after.effects]).toEqual(expected)
      })
})

describe('attempts', () => {
  it('have deadlines: to open, to be greeted', () => {
    const connecting = step(STATES.offline, { type: 'resume', pause: 'app' }).state
    expect(connectionWakeAtMs(connecting)).toBe(NOW + OPEN_WITHIN_MS)
    expect(connectionWakeAtMs(step(connecting, { type: 'opened' }).state)).toBe(NOW + GREET_WITHIN_MS)
  })

  it('back off exponentially with full jitter, up to 30 s', () => {
    const waits = [1, 2, 3, 4, 5, 20].map((attempt) => {
      const { state } = step({ ...STATES.connecting, attempt }, { type: 'failed', because }, NOW, 0.999_999_999)
      return Math.round((connectionWakeAtMs(state) - NOW) / 1000)
    })
    expect(waits).toEqual([2, 4, 8, 16, 30, 30])
    expect(connectionWakeAtMs(step(STATES.connecting, { type: 'failed', because }, NOW, 0).state)).toBe(NOW)
  })

  it('count from one again after a connection that lasted, not after one that broke at once', () => {
    const lasted = step({ ...STATES.open, sinceMs: NOW - STEADY_AFTER_MS }, { type: 'failed', because }).state
    expect(lasted).toMatchObject({ name: 'waiting', attempt: 2 })
    expect(step(STATES.open, { type: 'failed', because }).state).toMatchObject({ name: 'waiting', attempt: 4 })
  })

  it('wait as long as the server asks, whatever hints say', () => {
    const asked = new RateLimitedError('slow down', { afterMs: 60_000 })
    const { state } = step(STATES.open, { type: 'failed', because: asked }, NOW, 0)
    const hinted = step(state, { type: 'hint' }, NOW + 59_999)
    expect(hinted.effects).toEqual([])
    expect(step(hinted.state, { type: 'time' }, NOW + 60_000).effects).toEqual(['open'])
  })

  it('a hint cuts a long wait short, but never to less than a second after the last attempt', () => {
    const { state } = step({ ...STATES.connecting, attempt: 9 }, { type: 'failed', because }, NOW, 0.9)
    const hinted = step(state, { type: 'hint' }, NOW + 10)
    expect(hinted.effects).toEqual([])
    expect(connectionWakeAtMs(hinted.state)).toBe(NOW + 1000)
  })

  it('fall into the window that goaway names', () => {
    const windowMs = [2000, 30_000] as const
    const steady = { ...STATES.open, sinceMs: NOW - STEADY_AFTER_MS }
    const at = (chance: number) => connectionWakeAtMs(step(steady, { type: 'failed', because, windowMs }, NOW, chance).state) - NOW
    expect(at(0)).toBe(2000)
    expect(at(0.5)).toBe(16_000)
  })

  it.each([[[1e300, 1e300]], [[-1, 1e300]], [[3_600_001, 3_600_001]]] as const)(
    'a goaway with %j silences a device for an hour at most',
    (windowMs) => {
      const { state } = step({ ...STATES.open, sinceMs: NOW - STEADY_AFTER_MS }, { type: 'failed', because, windowMs }, NOW, 0.9)
      expect(connectionWakeAtMs(state) - NOW).toBe(3_600_000)
    },
  )

  it('a server that says goaway as soon as it is greeted is not asked without end: each further attempt comes later', () => {
    const at = (attempt: number, windowMs: readonly [number, number]) =>
      connectionWakeAtMs(step({ ...STATES.open, attempt }, { type: 'failed', because, windowMs }, NOW, 0.9).state) - NOW
    expect(at(1, [0, 0])).toBe(0)
    expect(at(5, [0, 0])).toBeGreaterThan(10_000)
    expect(at(5, [-9e9, -9e9])).toBeGreaterThan(10_000)
  })

  it('a token that only grew old is renewed at once, the first time; one that was never good gives no hope for that', () => {
    const at = (attempt: number, because = new TokenExpiredError()) =>
      connectionWakeAtMs(step({ ...STATES.greeting, attempt }, { type: 'failed', because }, NOW, 0.9).state) - NOW
    expect(at(1)).toBe(0)
    expect(at(2)).toBeGreaterThan(1000)
    expect(at(1, new UnauthenticatedError())).toBeGreaterThan(1000)
  })

  it('an app that is too old asks rarely', () => {
    const { state } = step(STATES.greeting, { type: 'failed', because: new UpgradeRequiredError('reload') }, NOW, 0)
    expect(connectionWakeAtMs(state)).toBe(NOW + UPGRADE_PAUSE_MS)
  })

  it('a wrong number from the server silences nobody for more than an hour', () => {
    const asked = new UnavailableError('soon', { afterMs: 1e15 })
    expect(connectionWakeAtMs(step(STATES.open, { type: 'failed', because: asked }, NOW, 0).state)).toBe(NOW + 3_600_000)
  })
})

describe('pauses', () => {
  it('are a set of reasons: only the last one that ends lets it connect', () => {
    const both = step(STATES.offline, { type: 'pause', pause: 'page' }).state
    const one = step(both, { type: 'resume', pause: 'app' })
    expect(one).toMatchObject({ state: { name: 'offline', pauses: ['page'] }, effects: [] })
    expect(step(one.state, { type: 'resume', pause: 'page' }).effects).toEqual(['open'])
  })
})

describe('[B4] beats', () => {
  const sent = step({ ...STATES.open, beatAtMs: NOW }, { type: 'time' }).state

  it('silence after a beat ends the connection', () => {
    expect(connectionWakeAtMs(sent)).toBe(NOW + fixedBeat.timeoutMs)
    expect(step(sent, { type: 'time' }, NOW + fixedBeat.timeoutMs)).toMatchObject({ state: { name: 'waiting' }, effects: ['close'] })
  })

  it('any frame is a sign of life, and does not put off the next beat', () => {
    const alive = step(sent, { type: 'frame' }, NOW + 5).state
    expect(connectionWakeAtMs(alive)).toBe(NOW + fixedBeat.intervalMs)
  })

  it('a hint makes a quick probe of a beat that is awaited', () => {
    const probed = step(sent, { type: 'hint' }, NOW + 1)
    expect(probed.effects).toEqual([])
    expect(connectionWakeAtMs(probed.state)).toBe(NOW + 1 + PROBE_WITHIN_MS)
  })

  it('a device that slept through the answer asks again before it gives up', () => {
    const woken = step(sent, { type: 'hint' }, NOW + 600_000)
    expect(woken.effects).toEqual(['beat'])
    expect(step(woken.state, { type: 'time' }, NOW + 600_000).state.name).toBe('open')
  })
})
