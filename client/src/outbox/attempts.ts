import type { SyncError } from '@tidemark/shared'

/** What is known of the sending of one mutation that has no answer yet. */
export interface Attempt {
  /** How often it was sent. */
  readonly attempts: number
  /** It is with the server now, as far as this end can tell. */
  readonly sent: boolean
  /** Why the last attempt that is over led nowhere. */
  readonly error?: SyncError | undefined
}

/**
 * By local number. What is pending is always sent from its first one on, so that these are the first of the outbox: no more than
 * the largest batch had.
 */
export type Attempts = ReadonlyMap<number, Attempt>

export const NO_ATTEMPTS: Attempts = new Map()

/** So many from `first` on are sent once more; whatever is before them is settled. */
export function sendOnce(attempts: Attempts, first: number, count: number): Attempts {
  const next = new Map([...attempts].filter(([n]) => n >= first))
  for (let n = first; n < first + count; n++) {
    const before = next.get(n)
    next.set(n, { ...before, attempts: (before?.attempts ?? 0) + 1, sent: true })
  }
  return next
}

/** No answer is awaited any more. What is before `first` is settled; `error` is why the others are not. */
export function endAttempt(attempts: Attempts, error?: SyncError | undefined, first = 0): Attempts {
  const next = new Map<number, Attempt>()
  for (const [n, attempt] of attempts)
    if (n >= first) next.set(n, attempt.sent ? { ...attempt, sent: false, error: error ?? attempt.error } : attempt)
  return next
}
