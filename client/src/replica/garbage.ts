import { keysOf } from './rows.ts'
import { REPLICA_TABLES } from './storage.ts'
import type { Unit } from './unit.ts'

/** Documents that one unit deletes: a record costs a browser about 0.1 ms. */
export const SWEPT_DOCUMENTS_MAX = 500

/** Deletes a slice of the documents that belong to no copy any more. True while more are left. */
export async function sweep(unit: Unit): Promise<boolean> {
  const { garbage, tables } = await unit.self()
  const [s, ...rest] = garbage
  if (s === undefined) return false
  let left = SWEPT_DOCUMENTS_MAX
  for (const table of tables.filter((table) => !(table in REPLICA_TABLES))) {
    const rows = await unit.tx.list(table, keysOf(s), left)
    for (const row of rows) unit.set(table, row.$k as string)
    left -= rows.length
    if (left === 0) return true
  }
  await unit.setSelf({ garbage: rest })
  return rest.length > 0
}
