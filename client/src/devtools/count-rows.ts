import type { App } from '@tidemark/shared'
import { allTables } from '../replica/rows.ts'
import { REPLICA_TABLES, type ReplicaStorage } from '../replica/storage.ts'

/** Rows of a table of documents that are counted, by the database's own count. */
export const DOCUMENTS_COUNTED_MAX = 100_000
/** Rows of the replica's own tables that are counted, and of any where the storage has no count: they are read for it. */
export const ROWS_READ_MAX = 1000

export interface TableCount {
  readonly table: string
  readonly rows: number
  /** There are more; they were not counted. */
  readonly more: boolean
}

/** A Dexie table, as far as it is counted. Throws where there is none. */
export type CountedTable = (kind: string, collection: string) => { limit(most: number): { count(): Promise<number> } }

/** Never more work than the bounds above. Rejects with what the storage throws. */
export async function countRows(app: App, storage: Pick<ReplicaStorage, 'read'>, tableOf: CountedTable): Promise<readonly TableCount[]> {
  const counts: TableCount[] = []
  for (const table of allTables(app)) {
    const counted = table in REPLICA_TABLES ? undefined : await byDatabase(table, tableOf)
    if (counted !== undefined) {
      counts.push({ table, rows: Math.min(counted, DOCUMENTS_COUNTED_MAX), more: counted > DOCUMENTS_COUNTED_MAX })
      continue
    }
    const rows = await storage.read([table], async (tx) => (await tx.list(table, {}, ROWS_READ_MAX + 1)).length)
    counts.push({ table, rows: Math.min(rows, ROWS_READ_MAX), more: rows > ROWS_READ_MAX })
  }
  return counts
}

async function byDatabase(table: string, tableOf: CountedTable): Promise<number | undefined> {
  const at = table.indexOf('_')
  try {
    return await tableOf(table.slice(0, at), table.slice(at + 1))
      .limit(DOCUMENTS_COUNTED_MAX + 1)
      .count()
  } catch {
    // In memory there are no such tables.
    return undefined
  }
}
