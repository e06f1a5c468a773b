import { LIMITS, type Mutation, utf8Bytes } from '@tidemark/shared'
import type { Outbox } from '../outbox/outbox.ts'
import type { OutboxRow } from './rows.ts'
import type { StorageRead } from './storage.ts'

/** The first pending mutations within both bounds, at least one, and what they stand on; undefined where nothing is pending. Reads no more of the outbox than that takes. */
export async function firstPending(
  tx: StorageRead,
  { mutationsMax, bytesMax }: Parameters<Outbox['batch']>[0],
): Promise<{ readonly on: string; readonly mutations: readonly Mutation[] } | undefined> {
  const mutations: Mutation[] = []
  let bytes = 0
  for (let from = 0, rows: readonly OutboxRow[] = []; mutations.length === 0; from = (rows.at(-1)?.n ?? 0) + 1) {
    rows = (await tx.list('outbox', { from }, LIMITS.batch)) as readonly OutboxRow[]
    if (rows.length === 0) return undefined
    for (const { touched: _, arrived: __, in: done, ...mutation } of rows) {
      if (done) continue
      bytes += utf8Bytes(JSON.stringify(mutation)) + 1
      const last = mutations.at(-1)
      if (last && (mutations.length >= mutationsMax || bytes > bytesMax || mutation.n !== last.n + 1)) break
      mutations.push(mutation)
    }
  }
  const before = (mutations[0] as Mutation).n - 1
  const { nonce = '' } = (await tx.get('outbox', before)) ?? (await tx.get('tail', before)) ?? {}
  return { on: nonce as string, mutations }
}
