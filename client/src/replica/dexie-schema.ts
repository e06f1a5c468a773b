import type { App } from '@tidemark/shared'
import { REPLICA_TABLES } from './storage.ts'

/** A table as IndexedDB has it: its primary key, and its indexes as Dexie names them. */
export interface TableSchema {
  readonly primaryKey: string
  readonly indexes: readonly string[]
}
export type Schema = ReadonlyMap<string, TableSchema>

/** The tables and indexes that an app needs. Every index begins with `$s`: queries are about one copy. */
export function schemaOf(app: App): Schema {
  const schema = new Map<string, TableSchema>()
  for (const [table, primaryKey] of Object.entries(REPLICA_TABLES)) schema.set(table, { primaryKey, indexes: [] })
  for (const [kind, { collections }] of Object.entries(app.spaces))
    for (const [name, { indexes }] of Object.entries(collections))
      schema.set(`${kind}_${name}`, { primaryKey: '$k', indexes: Array.from(new Set(['$b', '$v', '$p', ...indexes]), indexOn) })
  return schema
}

/** The name of the index by which one copy's documents are found by a field. */
export function indexOn(field: string): string {
  return `[$s+${field}]`
}

/** True when an open database has all of it; what else it has stays, because an app of another build may use it. */
export function covers(db: IDBDatabase, schema: Schema): boolean {
  const tables = [...schema.keys()]
  if (!tables.every((table) => db.objectStoreNames.contains(table))) return false
  const tx = db.transaction(tables, 'readonly')
  return [...schema].every(([table, { indexes }]) => indexes.every((index) => tx.objectStore(table).indexNames.contains(index)))
}

/** Adds what is missing, in a version-change transaction. Rows, and with them what is pending, stay. */
export function extend(db: IDBDatabase, tx: IDBTransaction, schema: Schema): void {
  for (const [table, { primaryKey, indexes }] of schema) {
    const store = db.objectStoreNames.contains(table) ? tx.objectStore(table) : db.createObjectStore(table, { keyPath: primaryKey })
    for (const index of indexes) if (!store.indexNames.contains(index)) store.createIndex(index, index.slice(1, -1).split('+'))
  }
}
