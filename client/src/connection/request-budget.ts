import { type Clock, RateLimitedError } from '@tidemark/shared'

/** A request that is the same as before can be sent so often at once, and then once in so many ms: 100 times in any hour. */
export const EQUAL_AT_ONCE = 70
export const EQUAL_EVERY_MS = 120_000
/** Requests that are remembered; more than that at a time are no loop. */
export const REQUESTS_REMEMBERED_MAX = 2000

/**
 * Whether a request may be sent; `undefined`: yes, and it counts. What asks the same again and again without getting on is a
 * fault, of ours or of the server's: it costs a battery and a server little then, somebody sees it, and it ends by itself where the fault does.
 */
export type RequestBudget = (fingerprint: string) => RateLimitedError | undefined

export function createRequestBudget(clock: Clock): RequestBudget {
  /** When that request is as good as never sent, by the monotonic clock; the one sent last at the end. */
  const forgottenAtMs = new Map<string, number>()
  return (fingerprint) => {
    const nowMs = clock.monotonicMs()
    const atMs = Math.max(nowMs, forgottenAtMs.get(fingerprint) ?? 0) + EQUAL_EVERY_MS
    const afterMs = atMs - EQUAL_AT_ONCE * EQUAL_EVERY_MS - nowMs
    if (afterMs > 0) return new RateLimitedError(`asked too often: ${fingerprint}`, { afterMs })
    forgottenAtMs.delete(fingerprint)
    forgottenAtMs.set(fingerprint, atMs)
    for (const [oldest] of forgottenAtMs) {
      if (forgottenAtMs.size <= REQUESTS_REMEMBERED_MAX) break
      forgottenAtMs.delete(oldest)
    }
    return undefined
  }
}
