import { errorFromWire, RejectedError, type SyncError, type WireError } from '@tidemark/shared'
import { oneAtATime } from '../one-at-a-time.ts'
import { isDismissed, type OutboxRow } from './rows.ts'
import type { ReplicaStorage, Row } from './storage.ts'

/** A mutation that is saved here. */
export interface Enqueued {
  readonly n: number
  readonly nonce: string
}

/** It was taken back, or refused and dealt with, before anybody here looked: it is on no list. */
export class DealtWithError extends RejectedError {}

export interface Confirmations {
  /** Resolves when the server has done it, rejects with the SyncError of its refusal; settled by this tab or by another. */
  confirmed(mutation: Enqueued): Promise<void>
  /** The outbox changed: looks for what has been settled since. */
  look(): void
}

/** Mutations are settled in the order of their local numbers, so that only the first that is waited for has to be looked at. */
export function confirmations(storage: ReplicaStorage): Confirmations {
  const waiting: (Enqueued & { resolve(): void; reject(error: SyncError): void })[] = []
  const wait = (more: (typeof waiting)[number]) => {
    waiting.push(more)
    waiting.sort((a, b) => a.n - b.n)
  }
  const look = oneAtATime(async () => {
    for (let first = waiting[0]; first; first = waiting[0]) {
      const end = await outcome(storage, first)
      if (end === first.n) return
      waiting.splice(waiting.indexOf(first), 1)
      if (end === 'done') first.resolve()
      // It goes on under another number [M5].
      else if (typeof end === 'number') wait({ ...first, n: end })
      else first.reject(end)
    }
  })
  return {
    confirmed: (mutation) =>
      new Promise((resolve, reject) => {
        wait({ ...mutation, resolve, reject })
        look()
      }),
    look,
  }
}

const PLACES = ['outbox', 'refused', 'tail']

/** How a mutation ended; its local number while it is pending. */
function outcome(storage: ReplicaStorage, { n, nonce }: Enqueued): Promise<SyncError | 'done' | number> {
  return storage.read(PLACES, async (tx) => {
    const find = async (rowsIn: (place: string) => Promise<readonly (Row | undefined)[]>) => {
      for (const place of PLACES) {
        const row = (await rowsIn(place)).find((row) => row?.nonce === nonce)
        if (row) return row
      }
      return undefined
    }
    // Where its number is not its own any more, it has a higher one.
    const row = (await find(async (place) => [await tx.get(place, n)])) ?? (await find((place) => tx.list(place, { from: n })))
    if (row && isDismissed(row) && 'touched' in row) return row.n as number
    if (row?.void) return new DealtWithError('It was refused or dismissed, and is not on the list any more.')
    if (row?.error) return errorFromWire(row.error as WireError)
    return row && 'touched' in row && !row.in ? (row as OutboxRow).n : 'done'
  })
}
