import { LIMITS, type SyncError } from '@tidemark/shared'
import { askedMs, backoffMs } from '../backoff.ts'
import { type Attempts, endAttempt, NO_ATTEMPTS, sendOnce } from './attempts.ts'

/** What a batch of full size has at most, in bytes: small enough to pass a bad link within its deadline. */
const BATCH_BYTES_MAX = 262_144
/** An answer that has not come by then means a dead connection, or a batch too big for the link. In ms. */
export const ANSWER_WITHIN_MS = 30_000
/** A person's "try now" comes no sooner after the answer before it, in ms. */
const RETRY_AFTER_MS = 1000
/** How often a batch is halved at most. */
const SHRINK_MAX = 6

export type SendingStage =
  /** Until the next connection. */
  | { readonly name: 'stopped' }
  /** Nothing is pending, or the replica is asked for what is first. */
  | { readonly name: 'idle' }
  /** One batch is under way, of `count`; the next leaves on its answer. */
  | { readonly name: 'in hand'; readonly count: number; readonly untilMs: number }
  | {
      readonly name: 'waiting'
      readonly untilMs: number
      /** What nobody cuts short: the server asked for it, or it was only just tried. */
      readonly notBeforeMs: number
      readonly because: SyncError | undefined
    }

/** The whole state of sending: what is pending is in the replica, and always sent from its first one on. */
export interface Sending {
  readonly stage: SendingStage
  /** Answers in a row that brought nothing forward. */
  readonly failures: number
  /** Batches are this often halved: raised when one was too much, lowered by each that passes. */
  readonly shrink: number
  /** The first number of the last batch on this connection, 0 before it: without a failure it cannot be the first again. */
  readonly first: number
  readonly batchMax: number
  readonly bytesMax: number
  readonly attempts: Attempts
}

export const NOT_SENDING: Sending = {
  stage: { name: 'stopped' },
  failures: 0,
  shrink: 0,
  first: 0,
  batchMax: LIMITS.batch,
  bytesMax: LIMITS.bytes,
  attempts: NO_ATTEMPTS,
}

export type SendingEvent =
  | { readonly type: 'connected'; readonly batchMax: number; readonly bytesMax: number }
  /** `because`: why, where something failed. */
  | { readonly type: 'disconnected'; readonly because?: SyncError | undefined }
  /** There may be something to send. */
  | { readonly type: 'appended' }
  /** The first number of what was loaded, 0: nothing is pending, and how many are to be sent. It is sent when that leads to `in hand`. */
  | { readonly type: 'loaded'; readonly first: number; readonly count: number }
  /** So many acks of it are settled. */
  | { readonly type: 'answered'; readonly acked: number; readonly error: SyncError | undefined }
  /** A person wants it tried now. */
  | { readonly type: 'retry' }
  | { readonly type: 'time' }

/** `load`: read the first pending ones within boundsOf and report `loaded`. `reconnect`: this connection does not answer. */
export type SendingEffect = 'load' | 'reconnect'

export interface SendingStep {
  readonly state: Sending
  readonly effects: readonly SendingEffect[]
}

/** What the next batch may have. The envelope of the frame takes less than 1 KiB. */
export function boundsOf({ shrink, batchMax, bytesMax }: Sending): { readonly mutationsMax: number; readonly bytesMax: number } {
  return {
    mutationsMax: Math.max(1, batchMax >> shrink),
    bytesMax: Math.max(1, Math.min(BATCH_BYTES_MAX, bytesMax - 1024) >> shrink),
  }
}

/** When `step` wants to be called with `time`; Infinity: not by itself. */
export function sendingWakeAtMs({ stage }: Sending): number {
  return 'untilMs' in stage ? stage.untilMs : Number.POSITIVE_INFINITY
}

/** What sending does about an event. Pure: `nowMs` is any clock that does not go back, `chance` uniform in [0, 1). */
export function stepSending(state: Sending, event: SendingEvent, nowMs: number, chance: number): SendingStep {
  const { stage } = state
  const to = (change: Partial<Sending>, ...effects: SendingEffect[]): SendingStep => ({ state: { ...state, ...change }, effects })
  const load = (change: Partial<Sending> = {}) => to({ ...change, stage: { name: 'idle' } }, 'load')
  const wait = (failures: number, because?: SyncError, attempts = state.attempts): SendingStep => {
    const untilMs = nowMs + askedMs(because) + backoffMs(failures, chance)
    const notBeforeMs = nowMs + Math.max(askedMs(because), RETRY_AFTER_MS)
    return to({ failures, attempts, stage: { name: 'waiting', untilMs, notBeforeMs, because } })
  }
  const smaller = Math.min(SHRINK_MAX, state.shrink + 1)

  switch (event.type) {
    case 'connected':
      // Those of a tab that led before and went without a word.
      return load({ first: 0, attempts: endAttempt(state.attempts), batchMax: event.batchMax, bytesMax: event.bytesMax })
    case 'disconnected':
      return to({ attempts: endAttempt(state.attempts, event.because), stage: { name: 'stopped' } })
    case 'appended':
    case 'retry':
      if (stage.name === 'idle') return load()
      if (event.type === 'appended' || stage.name !== 'waiting') break
      return stage.notBeforeMs <= nowMs ? load() : to({ stage: { ...stage, untilMs: Math.min(stage.untilMs, stage.notBeforeMs) } })
    case 'loaded': {
      const { first, count } = event
      if (count === 0) return to({ failures: 0, first: 0, stage: { name: 'idle' }, ...(first === 0 && { attempts: NO_ATTEMPTS }) })
      if (first === state.first && state.failures === 0) return wait(1)
      const attempts = sendOnce(state.attempts, first, count)
      return to({ first, attempts, stage: { name: 'in hand', count, untilMs: nowMs + ANSWER_WITHIN_MS } })
    }
    case 'answered': {
      if (stage.name !== 'in hand') break
      const { acked, error } = event
      const attempts = endAttempt(state.attempts, error, state.first + acked)
      if (!error && acked > 0) return load({ attempts, failures: 0, shrink: Math.max(0, state.shrink - 1) })
      const failures = acked > 0 ? 1 : state.failures + 1
      if ((error?.code === 'too-large' || error?.code === 'bad-request') && stage.count > 1)
        return load({ attempts, failures, shrink: smaller })
      // It is healed, or another tab brought it forward meanwhile: once, what is first is simply read again.
      const healed = error?.code === 'out-of-order' || error?.code === 'client-conflict'
      return healed && failures === 1 ? load({ attempts, failures }) : wait(failures, error, attempts)
    }
    case 'time':
      if (stage.name === 'waiting' && stage.untilMs <= nowMs) return load()
      if (stage.name === 'in hand' && stage.untilMs <= nowMs)
        return to({ failures: state.failures + 1, shrink: smaller, stage: { name: 'stopped' } }, 'reconnect')
  }
  return to({})
}
