import { type SyncError, UnavailableError } from '@tidemark/shared'
import { askedMs, BACKOFF_MAX_MS, backoffMs } from '../backoff.ts'

/** From the decision to connect to an open socket, the token included, in ms. */
export const OPEN_WITHIN_MS = 20_000
/** From an open socket to `welcome`, in ms. */
export const GREET_WITHIN_MS = 10_000
/** An answer to a beat that was sent because the device woke up or the network changed, in ms. */
export const PROBE_WITHIN_MS = 5_000
/** How long a connection must have lasted for the next attempt to count as the first, in ms. */
export const STEADY_AFTER_MS = 10_000
/** What hints cannot cut short: from the end of an attempt to the next, in ms. */
export const PAUSE_MIN_MS = 1_000
/** Nothing that the server could tell sooner helps an app that is too old, in ms. */
export const UPGRADE_PAUSE_MS = 300_000

/** Why nothing is to be connected: the app's own switch, a page that is frozen or left, another tab that is connected for this one, the end. */
export type Pause = 'app' | 'page' | 'tab' | 'closed'

/** Before then the server wants to see nothing of this device, whichever of its tabs it said that to. By the monotonic clock. */
export interface Away {
  readonly notBeforeMs: number
  readonly because: SyncError
}

/** `attempt`: the number of this attempt since a steady connection, from 1. All times by the monotonic clock. */
export type Connection =
  | { readonly name: 'offline'; readonly pauses: readonly Pause[]; readonly away?: Away | undefined }
  /** `because`: why the last one ended. */
  | {
      readonly name: 'connecting' | 'greeting'
      readonly attempt: number
      readonly untilMs: number
      readonly because?: SyncError | undefined
    }
  | {
      /** Greeted. */
      readonly name: 'open'
      readonly attempt: number
      readonly sinceMs: number
      /** When silence since the last beat means the end; Infinity while no answer is due. */
      readonly deadAtMs: number
      /** That beat was sent because the device slept through the answer to the one before. */
      readonly again: boolean
    }
  | {
      readonly name: 'waiting'
      readonly attempt: number
      /** The next attempt. */
      readonly untilMs: number
      /** What no hint cuts short. */
      readonly notBeforeMs: number
      readonly because: SyncError
    }

export type ConnectionEvent =
  | { readonly type: 'pause'; readonly pause: Pause }
  | { readonly type: 'resume'; readonly pause: Pause }
  /** Another tab, which is connected for this one, waits. */
  | { readonly type: 'away'; readonly away: Away }
  /** The socket is open, hello is on its way. */
  | { readonly type: 'opened' }
  | { readonly type: 'welcomed' }
  /** Any frame came [B4]. */
  | { readonly type: 'frame' }
  /** The network changed, the app is in front, the person touched it, the device woke up. */
  | { readonly type: 'hint' }
  /** An answer is overdue. */
  | { readonly type: 'doubt' }
  /** The app wants a new connection now. */
  | { readonly type: 'reconnect' }
  /** This attempt or connection is over. `windowMs`: reconnect at a random moment between the two. */
  | { readonly type: 'failed'; readonly because: SyncError; readonly windowMs?: readonly [number, number] | undefined }
  | { readonly type: 'time' }

/** `open`: begin an attempt. `close`: end what is open or opening. `beat`: send one. */
export type ConnectionEffect = 'open' | 'close' | 'beat'

export interface ConnectionStep {
  readonly state: Connection
  readonly effects: readonly ConnectionEffect[]
}

/** Why there is no connection, where that is known. */
export function reasonOf(connection: Connection): SyncError | undefined {
  return 'because' in connection ? connection.because : undefined
}

export const NEVER: number = Number.POSITIVE_INFINITY
export const NOT_STARTED: Connection = { name: 'offline', pauses: ['app'] }

/** When the next beat is due, and how long its answer may take, in ms. */
export interface NextBeat {
  readonly atMs: number
  readonly answerMs: number
}

/** When `step` wants to be called with `time`; Infinity: not by itself. */
export function connectionWakeAtMs(state: Connection, { atMs }: NextBeat): number {
  if (state.name === 'open') return Math.min(atMs, state.deadAtMs)
  return state.name === 'offline' ? NEVER : state.untilMs
}

/**
 * What the connection does about an event. Pure and total: `nowMs` by the monotonic clock, `chance` uniform in [0, 1). `waitMaxMs`:
 * how long to wait at most for the next attempt, unless the server asks for more.
 */
export function stepConnection(
  state: Connection,
  event: ConnectionEvent,
  nowMs: number,
  chance: number,
  next: NextBeat,
  waitMaxMs: number = BACKOFF_MAX_MS,
): ConnectionStep {
  const to = (state: Connection, ...effects: ConnectionEffect[]): ConnectionStep => ({ state, effects })
  const stay = to(state)
  const { type } = event

  if (type === 'pause' && state.name !== 'offline')
    return to({ name: 'offline', pauses: [event.pause], away: state.name === 'waiting' ? state : undefined }, 'close')
  switch (state.name) {
    case 'offline': {
      if (type === 'away') return to({ ...state, away: event.away })
      if (type !== 'pause' && type !== 'resume') return stay
      const others = state.pauses.filter((pause) => pause !== event.pause)
      if (type === 'pause') return to({ ...state, pauses: [...others, event.pause] })
      if (others.length > 0) return to({ ...state, pauses: others })
      const { away } = state
      return away && away.notBeforeMs > nowMs
        ? to({ ...away, name: 'waiting', attempt: 1, untilMs: away.notBeforeMs })
        : to(connecting(1), 'open')
    }
    case 'connecting':
    case 'greeting':
      if (type === 'failed') return fail(state.attempt, event.because, event.windowMs)
      if (type === 'opened' && state.name === 'connecting') return to({ ...state, name: 'greeting', untilMs: nowMs + GREET_WITHIN_MS })
      if (type === 'welcomed' && state.name === 'greeting')
        return to({ name: 'open', attempt: state.attempt, sinceMs: nowMs, deadAtMs: NEVER, again: false })
      if (type === 'time' && state.untilMs <= nowMs)
        return fail(state.attempt, new UnavailableError(`no answer in time while ${state.name}`))
      return stay
    case 'open': {
      const { deadAtMs, again, sinceMs } = state
      // A connection that lasted has used up no attempt.
      const attempt = nowMs - sinceMs >= STEADY_AFTER_MS ? 1 : state.attempt
      const overdue = deadAtMs <= nowMs
      const beat = (withinMs: number, again = false) =>
        to({ ...state, deadAtMs: Math.min(overdue ? NEVER : deadAtMs, nowMs + withinMs), again }, 'beat')
      if (type === 'failed') return fail(attempt, event.because, event.windowMs)
      if (type === 'frame' && deadAtMs < NEVER) return to({ ...state, deadAtMs: NEVER, again: false })
      if (type === 'reconnect' && nowMs - sinceMs >= PAUSE_MIN_MS) return to(connecting(attempt), 'close', 'open')
      // An answer that a device slept through is due anew: once, for timers may ring late each time.
      if (type === 'hint' && (overdue ? !again : deadAtMs === NEVER)) return beat(PROBE_WITHIN_MS, overdue)
      if ((type === 'time' || type === 'hint') && overdue) return fail(attempt, new UnavailableError('a beat was not answered'))
      if (type === 'doubt' && deadAtMs === NEVER) return beat(next.answerMs)
      if (type === 'hint') return to({ ...state, deadAtMs: Math.min(deadAtMs, nowMs + PROBE_WITHIN_MS) })
      return type === 'time' && next.atMs <= nowMs ? beat(next.answerMs) : stay
    }
    case 'waiting': {
      if (type !== 'hint' && type !== 'reconnect' && type !== 'time') return stay
      const untilMs = type === 'time' ? state.untilMs : Math.min(state.untilMs, state.notBeforeMs)
      if (untilMs <= nowMs) return to(connecting(state.attempt, state.because), 'open')
      return untilMs < state.untilMs ? to({ ...state, untilMs }) : stay
    }
  }

  function connecting(attempt: number, because?: SyncError): Connection {
    return { name: 'connecting', attempt, untilMs: nowMs + OPEN_WITHIN_MS, because }
  }

  function fail(attempt: number, because: SyncError, windowMs?: readonly [number, number]): ConnectionStep {
    const pauseMs =
      because.code === 'upgrade-required'
        ? UPGRADE_PAUSE_MS
        : askedMs(windowMs ? { afterMs: windowMs[0] * (1 - chance) + windowMs[1] * chance } : because)
    // A token that only grew old is renewed at once, and a server that goes away has said when: the first time.
    const againMs = attempt === 1 && (windowMs || because.code === 'token-expired') ? 0 : backoffMs(attempt, chance, waitMaxMs)
    // A window is by lot already, and may be a place of this client's own [B11].
    const delayMs = windowMs ? Math.max(pauseMs, againMs) : pauseMs + againMs
    const notBeforeMs = nowMs + Math.max(pauseMs, Math.min(delayMs, PAUSE_MIN_MS))
    return to({ name: 'waiting', attempt: attempt + 1, untilMs: nowMs + delayMs, notBeforeMs, because }, 'close')
  }
}
