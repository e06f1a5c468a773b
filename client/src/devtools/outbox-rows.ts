import type { Pending, Refused } from '../replica-api.ts'

/** Mutations that are shown of each list, the oldest first. */
export const MUTATIONS_SHOWN_MAX = 100

/** A mutation without its arguments. */
export interface OutboxRow {
  readonly n: number
  readonly space: string
  readonly name: string
  readonly ageMs: number
  /** Why it is still here, in a few words. */
  readonly says: string
  readonly tone: 'plain' | 'wait' | 'wrong'
}

/** Pure. */
export function pendingRows(pending: readonly Pending[], nowMs: number): readonly OutboxRow[] {
  return pending.slice(0, MUTATIONS_SHOWN_MAX).map(({ n, space, name, madeMs, state, attempts, lastError }) => {
    const tries = attempts > 1 ? `sent ${attempts} times` : attempts === 1 ? 'sent once' : 'not sent yet'
    const says = state === 'sent' ? `${tries}, no answer yet` : tries
    return {
      n,
      space,
      name,
      ageMs: Math.max(0, nowMs - madeMs),
      says: lastError ? `${says}: ${lastError.code}` : says,
      tone: lastError ? 'wrong' : 'wait',
    }
  })
}

/** Pure. */
export function refusedRows(refused: readonly Refused[], nowMs: number): readonly OutboxRow[] {
  return refused.slice(0, MUTATIONS_SHOWN_MAX).map(({ n, space, name, madeMs, error }) => ({
    n,
    space,
    name,
    ageMs: Math.max(0, nowMs - madeMs),
    says: error.code,
    tone: 'wrong',
  }))
}
