import type { SyncError } from '@tidemark/shared'

/** What the first retry waits at most, in ms; each further one twice that. */
const BACKOFF_FIRST_MS = 2000
export const BACKOFF_MAX_MS = 30_000

/** How long to wait before try number `attempt` (1, 2 ...), in ms: exponential with full jitter. `chance` is uniform in [0, 1). */
export function backoffMs(attempt: number, chance: number, maxMs: number = BACKOFF_MAX_MS): number {
  return Math.floor(chance * Math.min(maxMs, BACKOFF_FIRST_MS * 2 ** Math.min(attempt - 1, 10)))
}

/** The longest that a server may ask to wait, in ms: a wrong number must not silence a device for good. */
const ASKED_MAX_MS = 3_600_000

/** How long the server asked to wait, in ms. */
export function askedMs(error: Pick<SyncError, 'afterMs'> | undefined): number {
  return Math.min(Math.max(error?.afterMs ?? 0, 0), ASKED_MAX_MS)
}
