import { type Numbered, RejectedError } from '@tidemark/shared'
import type { WriteTransaction } from '../changelog/changelog.ts'
import { POISON_FAILURES, POISON_MS } from './bounds.ts'

const GIVEN_UP = `Its mutator failed ${POISON_FAILURES} times over ${POISON_MS / 60_000} minutes. It was given up, so that what was made after it can be done; the log of the server tells why it failed.`

/**
 * Counts in the record of its client, which is bound, that a mutator threw. Returns why the mutation is given up for good; undefined
 * while it is to be tried again. Often enough is written down no more than that: however often it is sent, a mutation costs at most
 * POISON_FAILURES writes. Source: protocol [M7].
 */
export async function countFailure(
  tx: WriteTransaction,
  client: string,
  { n, nonce }: Numbered,
  nowMs: number,
): Promise<RejectedError | undefined> {
  const counted = await tx.failure(client)
  const before = counted?.n === n && counted.nonce === nonce ? counted : { times: 0, sinceMs: nowMs }
  const times = Math.min(before.times + 1, POISON_FAILURES)
  // A clock that was ahead when it first threw and is right now must not make it wait for that time to come.
  const sinceMs = Math.min(before.sinceMs, nowMs)
  if (times === POISON_FAILURES && nowMs - sinceMs >= POISON_MS) return new RejectedError(GIVEN_UP)
  if (times !== before.times || sinceMs !== before.sinceMs) await tx.recordFailure(client, { n, nonce, times, sinceMs })
  return undefined
}
