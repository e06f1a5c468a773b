import type { Attempts } from './outbox/attempts.ts'
import type { OutboxRow } from './replica/rows.ts'
import type { Pending } from './replica-api.ts'

/** What a person can do about a mutation, by its nonce: its number may change. */
export interface PendingActs {
  retry(): void
  dismiss(nonce: string): Promise<void>
}

/**
 * What the server has not answered for, by nonce and in its order: of what is dismissed, undefined. Nothing of `before` that is the
 * same now is made anew, and where all is, `before` is returned.
 */
export function pendingList(
  before: ReadonlyMap<string, Pending | undefined>,
  rows: readonly OutboxRow[],
  attempts: Attempts,
  { retry, dismiss }: PendingActs,
): ReadonlyMap<string, Pending | undefined> {
  const now = new Map<string, Pending | undefined>()
  let isSame = before.size === rows.length
  for (const row of rows) {
    const { n, nonce, space, name, args, madeMs } = row
    const known = before.get(nonce)
    // Of what is known no more the answer has come, and is about to be read.
    const {
      attempts: count,
      sent,
      error,
    } = attempts.get(n) ?? {
      attempts: known?.attempts ?? 0,
      sent: known?.state === 'sent',
      error: known?.lastError,
    }
    const state = sent ? 'sent' : 'waiting'
    const isKept = known?.n === n && known.state === state && known.attempts === count && known.lastError === error
    const fresh = { n, space, name, args, madeMs, state, attempts: count, lastError: error, retry, dismiss: () => dismiss(nonce) } as const
    const pending = row.void ? undefined : isKept ? known : fresh
    isSame &&= before.has(nonce) && pending === known
    now.set(nonce, pending)
  }
  return isSame ? before : now
}
