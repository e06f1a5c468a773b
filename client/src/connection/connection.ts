import { type SyncError, UnavailableError } from '@tidemark/shared'
import { askedMs, backoffMs } from '../backoff.ts'
import type { BeatPolicy } from './beat-policy.ts'

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

/** Why nothing is to be connected: the app's own switch, a page that is frozen or left, the end. */
export type Pause = 'app' | 'page' | 'closed'

/** `deadAtMs`: when silence since the last beat means the end; Infinity while no answer is due. */
export interface Beat {
  readonly nextAtMs: number
  readonly deadAtMs: number
}

/** `attempt`: the number of this attempt since a steady connection, from 1. All times by the monotonic clock. */
export type Connection =
  | { readonly name: 'offline'; readonly pauses: readonly Pause[] }
  | { readonly name: 'connecting'; readonly attempt: number; readonly giveUpAtMs: number }
  | { readonly name: 'greeting'; readonly attempt: number; readonly giveUpAtMs: number }
  | { readonly name: 'catching up' | 'live'; readonly attempt: number; readonly sinceMs: number; readonly beat: Beat }
  | {
      readonly name: 'waiting'
      readonly attempt: number
      readonly retryAtMs: number
      /** What the server asked for, and no hint cuts short. */
      readonly notBeforeMs: number
      readonly because: SyncError
    }

export type ConnectionEvent =
  | { readonly type: 'pause'; readonly pause: Pause }
  | { readonly type: 'resume'; readonly pause: Pause }
  /** The socket is open, hello is on its way. */
  | { readonly type: 'opened' }
  | { readonly type: 'welcomed' }
  | { readonly type: 'caught up' }
  | { readonly type: 'fell behind' }
  /** Any frame came [B4]. */
  | { readonly type: 'frame' }
  /** The network changed, the app is in front, the device woke up. */
  | { readonly type: 'hint' }
  /**
   * This attempt or connection is over. `windowMs`: reconnect at a random moment between the two. `free`: no fault of
   * the network, such as a token that had to be renewed: the first attempt comes at once.
   */
  | { readonly type: 'failed'; readonly because: SyncError; readonly windowMs?: readonly [number, number]; readonly free?: boolean }
  | { readonly type: 'time' }

/** `open`: begin an attempt. `close`: end what is open or opening. `beat`: send one. */
export type ConnectionEffect = 'open' | 'close' | 'beat'

export interface ConnectionStep {
  readonly state: Connection
  readonly effects: readonly ConnectionEffect[]
}

export const NEVER: number = Number.POSITIVE_INFINITY
export const NOT_STARTED: Connection = { name: 'offline', pauses: ['app'] }

/** When `step` wants to be called with `time`; Infinity: not by itself. */
export function connectionWakeAtMs(state: Connection): number {
  switch (state.name) {
    case 'offline':
      return NEVER
    case 'connecting':
    case 'greeting':
      return state.giveUpAtMs
    case 'catching up':
    case 'live':
      return Math.min(state.beat.nextAtMs, state.beat.deadAtMs)
    case 'waiting':
      return state.retryAtMs
  }
}

/** What the connection does about an event. Pure and total: `nowMs` by the monotonic clock, `chance` uniform in [0, 1). */
export function stepConnection(
  state: Connection,
  event: ConnectionEvent,
  nowMs: number,
  chance: number,
  policy: BeatPolicy,
): ConnectionStep {
  const to = (next: Connection, ...effects: ConnectionEffect[]): ConnectionStep => ({ state: next, effects })
  const connect = (attempt: number) => to({ name: 'connecting', attempt, giveUpAtMs: nowMs + OPEN_WITHIN_MS }, 'open')
  const stay = to(state)

  switch (event.type) {
    case 'pause':
      if (state.name !== 'offline') return to({ name: 'offline', pauses: [event.pause] }, 'close')
      return state.pauses.includes(event.pause) ? stay : to({ name: 'offline', pauses: [...state.pauses, event.pause] })
    case 'resume': {
      if (state.name !== 'offline') return stay
      const pauses = state.pauses.filter((pause) => pause !== event.pause)
      return pauses.length === 0 ? connect(1) : to({ name: 'offline', pauses })
    }
    case 'opened':
      return state.name === 'connecting' ? to({ name: 'greeting', attempt: state.attempt, giveUpAtMs: nowMs + GREET_WITHIN_MS }) : stay
    case 'welcomed': {
      if (state.name !== 'greeting') return stay
      const beat = { nextAtMs: nowMs + policy.intervalMs, deadAtMs: NEVER }
      return to({ name: 'catching up', attempt: state.attempt, sinceMs: nowMs, beat })
    }
    case 'caught up':
      return state.name === 'catching up' ? to({ ...state, name: 'live' }) : stay
    case 'fell behind':
      return state.name === 'live' ? to({ ...state, name: 'catching up' }) : stay
    case 'frame':
      if (!isOpen(state) || state.beat.deadAtMs === NEVER) return stay
      return to({ ...state, beat: { ...state.beat, deadAtMs: NEVER } })
    case 'hint':
      if (state.name === 'waiting')
        return state.notBeforeMs <= nowMs
          ? connect(state.attempt)
          : to({ ...state, retryAtMs: Math.min(state.retryAtMs, state.notBeforeMs) })
      if (!isOpen(state)) return stay
      return isDue(state.beat.deadAtMs, nowMs)
        ? to({ ...state, beat: { nextAtMs: nowMs + policy.intervalMs, deadAtMs: nowMs + PROBE_WITHIN_MS } }, 'beat')
        : to({ ...state, beat: { ...state.beat, deadAtMs: Math.min(state.beat.deadAtMs, nowMs + PROBE_WITHIN_MS) } })
    case 'failed':
      return state.name === 'offline' || state.name === 'waiting' ? stay : fail(event)
    case 'time':
      switch (state.name) {
        case 'offline':
          return stay
        case 'connecting':
        case 'greeting':
          return state.giveUpAtMs <= nowMs
            ? fail({ because: new UnavailableError(`the server cannot be reached: no answer while ${state.name}`) })
            : stay
        case 'waiting':
          return state.retryAtMs <= nowMs ? connect(state.attempt) : stay
        case 'catching up':
        case 'live':
          if (state.beat.deadAtMs <= nowMs)
            return fail({ because: new UnavailableError('the connection is dead: a beat was not answered') })
          if (state.beat.nextAtMs > nowMs) return stay
          return to(
            {
              ...state,
              beat: { nextAtMs: nowMs + policy.intervalMs, deadAtMs: Math.min(state.beat.deadAtMs, nowMs + policy.timeoutMs) },
            },
            'beat',
          )
      }
  }

  function fail({ because, windowMs, free }: { because: SyncError; windowMs?: readonly [number, number]; free?: boolean }): ConnectionStep {
    if (state.name === 'offline' || state.name === 'waiting') return stay
    const steady = isOpen(state) && nowMs - state.sinceMs >= STEADY_AFTER_MS
    const attempt = steady ? 1 : state.attempt
    if (windowMs !== undefined) {
      const atMs = nowMs + windowMs[0] + chance * Math.max(0, windowMs[1] - windowMs[0])
      return to({ name: 'waiting', attempt, retryAtMs: atMs, notBeforeMs: atMs, because }, 'close')
    }
    const pauseMs = because.code === 'upgrade-required' ? UPGRADE_PAUSE_MS : askedMs(because)
    const delayMs = pauseMs + (free && attempt === 1 ? 0 : backoffMs(attempt, chance))
    return to(
      {
        name: 'waiting',
        attempt: attempt + 1,
        retryAtMs: nowMs + delayMs,
        notBeforeMs: nowMs + Math.max(pauseMs, Math.min(delayMs, PAUSE_MIN_MS)),
        because,
      },
      'close',
    )
  }
}

function isOpen(state: Connection): state is Extract<Connection, { name: 'catching up' | 'live' }> {
  return state.name === 'catching up' || state.name === 'live'
}

/** No answer is awaited, or it was awaited by a device that slept. */
function isDue(deadAtMs: number, nowMs: number): boolean {
  return deadAtMs === NEVER || deadAtMs <= nowMs
}
