import type { Beat } from './beat.ts'
import type { BeatPolicy } from './beat-policy.ts'
import { NEVER } from './connection.ts'
import type { NetworkKind } from './hints.ts'

export type PaceEvent =
  /** A hello or a beat left, which promised the next frame; another frame; one came. */
  | { readonly type: 'promised' | 'sent' | 'heard' | 'time' }
  /** Greeted. `endpoint`: undefined where silence says nothing of a path. `moved`: another network may be there than at the last greeting. */
  | { readonly type: 'opened'; readonly kind: NetworkKind; readonly endpoint: string | undefined; readonly moved: boolean }
  /** The connection is over. `silently`: without a word of the server. */
  | { readonly type: 'lost'; readonly silently: boolean }
  | { readonly type: 'front' | 'back' }

/** How often the live connection beats. */
export interface Pace {
  /** From one frame of ours to the next, in ms. */
  readonly intervalMs: number
  /** What the server is told to expect the next frame within, in s. */
  readonly promisedS: number
  /** When the next beat is due, and how long its answer may take, in ms. */
  readonly beatAtMs: number
  readonly answerMs: number
  /** When it wants to be told `time`, by the monotonic clock. */
  readonly wakeAtMs: number
  /** What was found out, where anything is, and of which path: a kind of network and an endpoint. */
  readonly learned?: { readonly path: string | undefined; readonly beat: Beat } | undefined
  tell(event: PaceEvent, nowMs: number): void
}

/** Always the same. */
export function fixedPace({ intervalMs, promisedS, timeoutMs }: BeatPolicy): Pace {
  let sentAtMs = 0
  return {
    intervalMs,
    promisedS,
    answerMs: timeoutMs,
    wakeAtMs: NEVER,
    get beatAtMs() {
      return sentAtMs + intervalMs
    },
    tell({ type }, nowMs) {
      if (type === 'promised' || type === 'sent') sentAtMs = nowMs
    },
  }
}
