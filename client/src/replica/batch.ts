import { LIMITS, type Mutation, utf8Bytes, type VoidMutation } from '@tidemark/shared'
import type { Batch, Outbox } from '../outbox/outbox.ts'
import { footing, identities, lastSettled } from './healing.ts'
import { type Identity, type OutboxRow, SELF, type TailRow } from './rows.ts'
import type { StorageRead } from './storage.ts'
import { present } from './unit.ts'

/**
 * What is to be sent next, within both bounds, at least one; undefined where there is nothing. Client ids come one after the other,
 * former ones first. Reads no more of the outbox than that takes.
 */
export async function nextBatch(tx: StorageRead, { mutationsMax, bytesMax }: Parameters<Outbox['batch']>[0]): Promise<Batch | undefined> {
  const self = present(await tx.get('self', SELF))
  for (const identity of identities(self)) {
    const { client, after, upTo } = identity
    const pending = await firstPending(tx, identity)
    const inDoubt = self.doubts.includes(client) ? await lastSettled(tx, identity, pending[0]?.n ?? upTo + 1) : undefined
    const rows = inDoubt ? [inDoubt, ...pending] : pending
    const [first] = rows
    if (!first) continue
    const mutations: (Mutation | VoidMutation)[] = []
    let bytes = 0
    for (const row of rows) {
      const mutation = onWire(row, after)
      bytes += utf8Bytes(JSON.stringify(mutation)) + 1
      const last = mutations.at(-1)
      if (last && (mutations.length >= mutationsMax || bytes > bytesMax || mutation.n !== last.n + 1)) break
      mutations.push(mutation)
    }
    return { client, on: (await footing(tx, first, identity)) ?? '', mutations, first: first.n, epoch: self.epoch }
  }
  return undefined
}

/** The first pending ones of a client id, as many as one page of the outbox has of them. */
export async function firstPending(tx: StorageRead, { after, upTo }: Identity): Promise<readonly OutboxRow[]> {
  for (let from = after + 1; from <= upTo; ) {
    const rows = (await tx.list('outbox', { from, to: upTo }, LIMITS.batch)) as readonly OutboxRow[]
    const pending = rows.filter((row) => !row.in)
    if (pending.length > 0) return pending
    from = (rows.at(-1)?.n ?? upTo) + 1
  }
  return []
}

/** As the server gets it: numbers count from 1 under each client id. */
function onWire(row: OutboxRow | TailRow, after: number): Mutation | VoidMutation {
  const { nonce } = row
  const n = row.n - after
  if ('void' in row && row.void) return { n, nonce, void: true }
  const { space, name, args, madeMs } = row as Mutation
  return { n, nonce, space, name, args, madeMs }
}
