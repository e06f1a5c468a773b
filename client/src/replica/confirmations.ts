import { errorFromWire, RejectedError, type SyncError } from '@tidemark/shared'
import { oneAtATime } from '../one-at-a-time.ts'
import type { OutboxRow, RefusedRow } from './rows.ts'
import type { ReplicaStorage } from './storage.ts'

/** A mutation that is saved here. */
export interface Enqueued {
  readonly n: number
  readonly nonce: string
}

export interface Confirmations {
  /** Resolves when the server has done it, rejects with the SyncError of its refusal; settled by this tab or by another. */
  confirmed(mutation: Enqueued): Promise<void>
  /** The outbox changed: looks for what has been settled since. */
  look(): void
}

/** Mutations are settled in their order, so that only the first that is waited for has to be looked at. */
export function confirmations(storage: ReplicaStorage): Confirmations {
  const waiting: (Enqueued & { resolve(): void; reject(error: SyncError): void })[] = []
  const look = oneAtATime(async () => {
    for (let first = waiting[0]; first; first = waiting[0]) {
      const end = await outcome(storage, first)
      if (end === undefined) return
      waiting.splice(waiting.indexOf(first), 1)
      if (end === 'done') first.resolve()
      else first.reject(end)
    }
  })
  return {
    confirmed: (mutation) =>
      new Promise((resolve, reject) => {
        waiting.push({ ...mutation, resolve, reject })
        waiting.sort((a, b) => a.n - b.n)
        look()
      }),
    look,
  }
}

/** How a mutation ended; undefined while it is pending. */
function outcome(storage: ReplicaStorage, { n, nonce }: Enqueued): Promise<SyncError | 'done' | undefined> {
  return storage.read(['outbox', 'refused', 'tail'], async (tx) => {
    const row = (await tx.get('outbox', n)) as OutboxRow | undefined
    if (row?.nonce === nonce) return row.in ? 'done' : undefined
    const refused = (await tx.get('refused', n)) as RefusedRow | undefined
    if (refused?.nonce === nonce) return errorFromWire(refused.error)
    const tail = await tx.get('tail', n)
    return tail?.nonce === nonce && tail.void ? new RejectedError('It was refused, and is not on the list any more.') : 'done'
  })
}
