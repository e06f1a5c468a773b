import {
  RateLimitedError,
  type SyncError,
  TokenExpiredError,
  UnauthenticatedError,
  UnavailableError,
  UpgradeRequiredError,
} from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../testing/seeded-random.ts'
import {
  type Connection,
  type ConnectionEffect,
  type ConnectionEvent,
  connectionWakeAtMs,
  GREET_WITHIN_MS,
  NEVER,
  type NextBeat,
  NOT_STARTED,
  OPEN_WITHIN_MS,
  type Pause,
  PROBE_WITHIN_MS,
  STEADY_AFTER_MS,
  stepConnection,
  UPGRADE_PAUSE_MS,
} from './connection.ts'

const NOW = 100_000
const because = new UnavailableError('gone')

/** One of each; nothing is due yet. `asked`: open, and a beat is not answered yet; `asked again`: that beat was the second. */
const STATES = {
  offline: { name: 'offline', pauses: ['app'] },
  'offline and away': { name: 'offline', pauses: ['app'], away: { notBeforeMs: NOW + 5000, because } },
  connecting: { name: 'connecting', attempt: 3, untilMs: NOW + 1, because },
  greeting: { name: 'greeting', attempt: 3, untilMs: NOW + 1, because },
  open: { name: 'open', attempt: 3, sinceMs: NOW - 5000, deadAtMs: NEVER, again: false },
  asked: { name: 'open', attempt: 3, sinceMs: NOW - 5000, deadAtMs: NOW + 9000, again: false },
  'asked again': { name: 'open', attempt: 3, sinceMs: NOW - 5000, deadAtMs: NOW + 9000, again: true },
  waiting: { name: 'waiting', attempt: 3, untilMs: NOW + 5000, notBeforeMs: NOW, because },
  'waiting as asked': { name: 'waiting', attempt: 3, untilMs: NOW + 5000, notBeforeMs: NOW + 5000, because },
} as const satisfies Record<Exclude<Connection['name'], 'open'>, Connection> & Record<string, Connection>
type StateName = keyof typeof STATES

/** Each event; those that are told `late` come when the deadline of the state has passed. */
const EVENTS = {
  'pause page': { type: 'pause', pause: 'page' },
  'resume app': { type: 'resume', pause: 'app' },
  away: { type: 'away', away: { notBeforeMs: NOW + 5000, because } },
  opened: { type: 'opened' },
  welcomed: { type: 'welcomed' },
  frame: { type: 'frame' },
  hint: { type: 'hint' },
  doubt: { type: 'doubt' },
  'hint, late': { type: 'hint' },
  reconnect: { type: 'reconnect' },
  failed: { type: 'failed', because },
  time: { type: 'time' },
  'time, late': { type: 'time' },
} as const satisfies Record<ConnectionEvent['type'], ConnectionEvent> | Record<string, ConnectionEvent>
type EventName = keyof typeof EVENTS
/** A type of event that stands in no row above does not compile. */
const _everyType: (typeof EVENTS)[EventName]['type'] extends infer T ? (ConnectionEvent['type'] extends T ? true : never) : never = true

/** Where it leads, and what is done; `-`: nothing at all changes. */
type Expected = '-' | readonly [Connection['name'], ...ConnectionEffect[]]
const PAUSED: Expected = ['offline', 'close']
const OVER: Expected = ['waiting', 'close']

const TABLE: Record<StateName, Record<EventName, Expected>> = {
  offline: {
    ...{
      'pause page': ['offline'],
      'resume app': ['connecting', 'open'],
      away: ['offline'],
      doubt: '-',
      opened: '-',
      welcomed: '-',
      frame: '-',
    },
    ...{ hint: '-', 'hint, late': '-', reconnect: '-', failed: '-', time: '-', 'time, late': '-' },
  },
  'offline and away': {
    ...{ 'pause page': ['offline'], 'resume app': ['waiting'], away: ['offline'], doubt: '-', opened: '-', welcomed: '-', frame: '-' },
    ...{ hint: '-', 'hint, late': '-', reconnect: '-', failed: '-', time: '-', 'time, late': '-' },
  },
  connecting: {
    ...{ 'pause page': PAUSED, 'resume app': '-', away: '-', doubt: '-', opened: ['greeting'], welcomed: '-', frame: '-', hint: '-' },
    ...{ 'hint, late': '-', reconnect: '-', failed: OVER, time: '-', 'time, late': OVER },
  },
  greeting: {
    ...{ 'pause page': PAUSED, 'resume app': '-', away: '-', doubt: '-', opened: '-', welcomed: ['open'], frame: '-', hint: '-' },
    ...{ 'hint, late': '-', reconnect: '-', failed: OVER, time: '-', 'time, late': OVER },
  },
  open: {
    ...{
      'pause page': PAUSED,
      'resume app': '-',
      away: '-',
      doubt: ['open', 'beat'],
      opened: '-',
      welcomed: '-',
      frame: '-',
      hint: ['open', 'beat'],
    },
    ...{
      'hint, late': ['open', 'beat'],
      reconnect: ['connecting', 'close', 'open'],
      failed: OVER,
      time: '-',
      'time, late': ['open', 'beat'],
    },
  },
  asked: {
    ...{ 'pause page': PAUSED, 'resume app': '-', away: '-', doubt: '-', opened: '-', welcomed: '-', frame: ['open'], hint: ['open'] },
    ...{ 'hint, late': ['open', 'beat'], reconnect: ['connecting', 'close', 'open'], failed: OVER, time: '-', 'time, late': OVER },
  },
  'asked again': {
    ...{ 'pause page': PAUSED, 'resume app': '-', away: '-', doubt: '-', opened: '-', welcomed: '-', frame: ['open'], hint: ['open'] },
    ...{ 'hint, late': OVER, reconnect: ['connecting', 'close', 'open'], failed: OVER, time: '-', 'time, late': OVER },
  },
  waiting: {
    ...{
      'pause page': PAUSED,
      'resume app': '-',
      away: '-',
      doubt: '-',
      opened: '-',
      welcomed: '-',
      frame: '-',
      hint: ['connecting', 'open'],
    },
    ...{
      'hint, late': ['connecting', 'open'],
      reconnect: ['connecting', 'open'],
      failed: '-',
      time: '-',
      'time, late': ['connecting', 'open'],
    },
  },
  'waiting as asked': {
    ...{ 'pause page': PAUSED, 'resume app': '-', away: '-', doubt: '-', opened: '-', welcomed: '-', frame: '-', hint: '-' },
    ...{ 'hint, late': ['connecting', 'open'], reconnect: '-', failed: '-', time: '-', 'time, late': ['connecting', 'open'] },
  },
}

const NEXT: NextBeat = { atMs: NOW + 10_000, answerMs: 10_000 }
const step = (state: Connection, event: ConnectionEvent, nowMs = NOW, chance = 0.5, waitMaxMs?: number, next = NEXT) =>
  stepConnection(state, event, nowMs, chance, next, waitMaxMs)
const wakeOf = (state: Connection, next = NEXT) => connectionWakeAtMs(state, next)

describe('every state meets every event', () => {
  for (const [name, row] of Object.entries(TABLE) as [StateName, Record<EventName, Expected>][])
    for (const [event, expected] of Object.entries(row) as [EventName, Expected][])
      it(`${name} × ${event} → ${expected === '-' ? 'nothing' : expected.join(', ')}`, () => {
        const state: Connection = STATES[name]
        const nowMs = event.endsWith('late') ? Math.min(wakeOf(state), 1e9) : NOW
        const after = step(state, EVENTS[event], nowMs)
        if (expected === '-') {
          expect(after.state).toBe(state)
          expect(after.effects).toEqual([])
        } else expect([after.state.name, ...after.effects]).toEqual(expected)
      })
})

describe('never stuck', () => {
  const EVERY = Object.values(EVENTS)
  const PAUSES = ['app', 'page', 'tab'] as const

  it('whatever is told in whatever order, it wakes by itself within an hour unless it is paused, and then it tries or asks', () => {
    const random = seededRandom(7)
    let state: Connection = NOT_STARTED
    let nowMs = 0
    let woken = 0
    for (let count = 0; count < 20_000; count++) {
      const pause = PAUSES[Math.floor(random.unit() * PAUSES.length)] as Pause
      const told = EVERY[Math.floor(random.unit() * EVERY.length)] as ConnectionEvent
      const asks = random.unit() < 0.1 ? { afterMs: random.unit() * 1e7 - 1e6 } : {}
      const event =
        'pause' in told
          ? { ...told, pause }
          : told.type === 'failed'
            ? { ...told, because: new UnavailableError('', asks) }
            : told.type === 'away'
              ? { ...told, away: { because, notBeforeMs: nowMs + random.unit() * 3_600_000 } }
              : told
      nowMs += random.unit() < 0.5 ? 0 : random.unit() * 20_000
      state = step(state, event, nowMs, random.unit(), random.unit() < 0.5 ? undefined : 900_000).state
      const wakeAtMs = wakeOf(state)
      if (state.name === 'offline') {
        expect([wakeAtMs, state.pauses.length > 0]).toEqual([NEVER, true])
        continue
      }
      expect(wakeAtMs - nowMs).toBeLessThanOrEqual(3_600_000 + 900_000)
      if (random.unit() < 0.5) continue
      nowMs = Math.max(nowMs, wakeAtMs)
      const after = step(state, { type: 'time' }, nowMs, random.unit())
      expect(after.effects).not.toEqual([])
      state = after.state
      woken++
    }
    expect(woken).toBeGreaterThan(1000)
  })

  it('hints that never end let a slow attempt come through, and are no storm while nobody answers', () => {
    let state: Connection = step(STATES.offline, { type: 'resume', pause: 'app' }).state
    let opened = 0
    let nowMs = NOW
    for (; nowMs < NOW + OPEN_WITHIN_MS - 1000; nowMs += 500) state = step(state, { type: 'hint' }, nowMs).state
    expect(step(state, { type: 'opened' }, nowMs).state.name).toBe('greeting')
    for (; nowMs < NOW + 600_000; nowMs += 500) {
      for (const type of ['hint', 'reconnect', 'time'] as const) {
        const after = step(state, { type }, nowMs)
        state = after.state
        if (after.effects.includes('open')) opened++
      }
      if (state.name !== 'waiting') state = step(state, { type: 'failed', because }, nowMs).state
    }
    expect(opened).toBeLessThanOrEqual(600)
  })
})

describe('attempts', () => {
  it('have deadlines: to open, to be greeted', () => {
    const connecting = step(STATES.offline, { type: 'resume', pause: 'app' }).state
    expect(wakeOf(connecting)).toBe(NOW + OPEN_WITHIN_MS)
    expect(wakeOf(step(connecting, { type: 'opened' }).state)).toBe(NOW + GREET_WITHIN_MS)
  })

  it('back off exponentially with full jitter, up to 30 s', () => {
    const waits = [1, 2, 3, 4, 5, 20].map((attempt) => {
      const { state } = step({ ...STATES.connecting, attempt }, { type: 'failed', because }, NOW, 0.999_999_999)
      return Math.round((wakeOf(state) - NOW) / 1000)
    })
    expect(waits).toEqual([2, 4, 8, 16, 30, 30])
    expect(wakeOf(step(STATES.connecting, { type: 'failed', because }, NOW, 0).state)).toBe(NOW)
  })

  it('wait longer where nobody looks, as long as may be said', () => {
    const { state } = step({ ...STATES.connecting, attempt: 20 }, { type: 'failed', because }, NOW, 0.5, 280_000)
    expect(wakeOf(state)).toBe(NOW + 140_000)
    expect(step(state, { type: 'hint' }, NOW + 2000).effects).toEqual(['open'])
  })

  it('say why the one before ended, until they are greeted', () => {
    const { state } = step(STATES.waiting, { type: 'time' }, NOW + 5000)
    expect(state).toMatchObject({ name: 'connecting', because })
    const greeting = step(state, { type: 'opened' }).state
    expect(greeting).toMatchObject({ name: 'greeting', because })
    expect(step(greeting, { type: 'welcomed' }).state).not.toHaveProperty('because')
  })

  it('that the app asks for begin at once, but not again and again', () => {
    const fresh = step(STATES.greeting, { type: 'welcomed' }).state
    expect(step(fresh, { type: 'reconnect' }, NOW + 999).state).toBe(fresh)
    expect(step(fresh, { type: 'reconnect' }, NOW + 1000).effects).toEqual(['close', 'open'])
  })

  it('count from one again after a connection that lasted, not after one that broke at once', () => {
    const lasted = step({ ...STATES.open, sinceMs: NOW - STEADY_AFTER_MS }, { type: 'failed', because }).state
    expect(lasted).toMatchObject({ name: 'waiting', attempt: 2 })
    expect(step({ ...STATES.open, sinceMs: NOW - 100 }, { type: 'failed', because }).state).toMatchObject({ name: 'waiting', attempt: 4 })
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
    expect(wakeOf(hinted.state)).toBe(NOW + 1000)
  })

  it('fall into the window that goaway names', () => {
    const windowMs = [2000, 30_000] as const
    const steady = { ...STATES.open, sinceMs: NOW - STEADY_AFTER_MS }
    const at = (chance: number) => wakeOf(step(steady, { type: 'failed', because, windowMs }, NOW, chance).state) - NOW
    expect(at(0)).toBe(2000)
    expect(at(0.5)).toBe(16_000)
  })

  it.each([[[1e300, 1e300]], [[-1, 1e300]], [[3_600_001, 3_600_001]]] as const)(
    'a goaway with %j silences a device for an hour at most',
    (windowMs) => {
      const { state } = step({ ...STATES.open, sinceMs: NOW - STEADY_AFTER_MS }, { type: 'failed', because, windowMs }, NOW, 0.9)
      expect(wakeOf(state) - NOW).toBe(3_600_000)
    },
  )

  it('[B11] keep the place that a full server gave them, however often they were sent away', () => {
    const windowMs = [50_000, 52_000] as const
    const { state } = step({ ...STATES.greeting, attempt: 9 }, { type: 'failed', because, windowMs }, NOW, 0.5)
    expect(wakeOf(state)).toBe(NOW + 51_000)
  })

  it('a server that says goaway as soon as it is greeted is not asked without end: each further attempt comes later', () => {
    const at = (attempt: number, windowMs: readonly [number, number]) =>
      wakeOf(step({ ...STATES.open, attempt }, { type: 'failed', because, windowMs }, NOW, 0.9).state) - NOW
    expect(at(1, [0, 0])).toBe(0)
    expect(at(5, [0, 0])).toBeGreaterThan(10_000)
    expect(at(5, [-9e9, -9e9])).toBeGreaterThan(10_000)
  })

  it('a token that only grew old is renewed at once, the first time; one that was never good gives no hope for that', () => {
    const at = (attempt: number, because: SyncError = new TokenExpiredError()) =>
      wakeOf(step({ ...STATES.greeting, attempt }, { type: 'failed', because }, NOW, 0.9).state) - NOW
    expect(at(1)).toBe(0)
    expect(at(2)).toBeGreaterThan(1000)
    expect(at(1, new UnauthenticatedError())).toBeGreaterThan(1000)
  })

  it('an app that is too old asks rarely', () => {
    const { state } = step(STATES.greeting, { type: 'failed', because: new UpgradeRequiredError('reload') }, NOW, 0)
    expect(wakeOf(state)).toBe(NOW + UPGRADE_PAUSE_MS)
  })

  it('a wrong number from the server silences nobody for more than an hour', () => {
    const asked = new UnavailableError('soon', { afterMs: 1e15 })
    expect(wakeOf(step(STATES.open, { type: 'failed', because: asked }, NOW, 0).state)).toBe(NOW + 3_600_000)
  })
})

describe('[B11] who is asked to stay away', () => {
  const away = { type: 'away', away: { notBeforeMs: NOW + 5000, because } } as const
  const resume = { type: 'resume', pause: 'app' } as const
  const waits = { name: 'waiting', attempt: 1, untilMs: NOW + 5000, notBeforeMs: NOW + 5000, because }

  it('by way of another tab waits as long, whatever hints say, and then connects', () => {
    const told = step(STATES.offline, away).state
    expect(told).toMatchObject({ name: 'offline', pauses: ['app'] })
    const resumed = step(told, resume, NOW + 100)
    expect(resumed).toEqual({ state: waits, effects: [] })
    expect(step(resumed.state, { type: 'hint' }, NOW + 4999).state).toBe(resumed.state)
    expect(step(resumed.state, { type: 'time' }, NOW + 5000).effects).toEqual(['open'])
    expect(step(told, resume, NOW + 5000)).toMatchObject({ state: { name: 'connecting', attempt: 1 }, effects: ['open'] })
  })

  it('remembers it through pauses, for as long as they take', () => {
    const paused = step(STATES['waiting as asked'], { type: 'pause', pause: 'page' }).state
    const both = step(paused, { type: 'pause', pause: 'app' }).state
    const one = step(both, resume).state
    expect(step(one, { type: 'resume', pause: 'page' }).state).toEqual(waits)
    expect(step(one, { type: 'resume', pause: 'page' }, NOW + 5000).effects).toEqual(['open'])
  })

  it('is told by the last word of it', () => {
    const told = step(step(STATES.offline, away).state, { ...away, away: { ...away.away, notBeforeMs: NOW + 1000 } }).state
    expect(wakeOf(step(told, resume).state)).toBe(NOW + 1000)
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
  const sent = step(STATES.open, { type: 'time' }, NOW, 0.5, undefined, { ...NEXT, atMs: NOW }).state

  it('silence after a beat ends the connection', () => {
    expect(wakeOf(sent)).toBe(NOW + NEXT.answerMs)
    expect(step(sent, { type: 'time' }, NOW + NEXT.answerMs)).toMatchObject({ state: { name: 'waiting' }, effects: ['close'] })
  })

  it('any frame is a sign of life, and does not put off the next beat', () => {
    const alive = step(sent, { type: 'frame' }, NOW + 5).state
    expect(wakeOf(alive)).toBe(NEXT.atMs)
  })

  it('a hint makes a quick probe of a beat that is awaited', () => {
    const probed = step(sent, { type: 'hint' }, NOW + 1)
    expect(probed.effects).toEqual([])
    expect(wakeOf(probed.state)).toBe(NOW + 1 + PROBE_WITHIN_MS)
  })

  it('a device that slept through the answer asks again before it gives up', () => {
    const woken = step(sent, { type: 'hint' }, NOW + 600_000)
    expect(woken.effects).toEqual(['beat'])
    expect(step(woken.state, { type: 'time' }, NOW + 600_000).state.name).toBe('open')
  })

  it('where timers ring so late that each looks like sleep, the second silence is the end', () => {
    const woken = step(sent, { type: 'hint' }, NOW + 60_000)
    const alive = step(woken.state, { type: 'frame' }, NOW + 60_100).state
    expect(alive).toMatchObject({ deadAtMs: NEVER, again: false })
    expect(step(woken.state, { type: 'hint' }, NOW + 120_000)).toMatchObject({ state: { name: 'waiting' }, effects: ['close'] })
  })
})
