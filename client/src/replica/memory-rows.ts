import { type Key, type KeyRange, REPLICA_TABLES, type Row, type Write } from './storage.ts'

/** The rows of one table in memory, in any order. */
export type MemoryRows = ReadonlyMap<Key, Row>

/** The order of IndexedDB: numbers before texts, texts by their UTF-16 units. */
export function compareKeys(a: Key, b: Key): number {
  if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1
  return a < b ? -1 : a > b ? 1 : 0
}

/** The keys of a table that lie in a range, in order. Most tables grow in it, and then nothing is sorted. */
export function keysWithin(rows: MemoryRows, { from, to }: KeyRange): Key[] {
  const keys: Key[] = []
  let isInOrder = true
  for (const key of rows.keys()) {
    if (from !== undefined && compareKeys(key, from) < 0) continue
    if (to !== undefined && compareKeys(key, to) > 0) continue
    isInOrder &&= keys.length === 0 || compareKeys(keys.at(-1) as Key, key) < 0
    keys.push(key)
  }
  return isInOrder ? keys : keys.sort(compareKeys)
}

/** The primary key of a row: of documents, which `REPLICA_TABLES` does not name, `$k`. Throws TypeError where it has none. */
export function keyOf(table: string, row: Row, primaryKeys: Readonly<Record<string, string>> = REPLICA_TABLES): Key {
  const key = row[primaryKeys[table] ?? '$k']
  if (typeof key !== 'string' && typeof key !== 'number') throw new TypeError(`a row of ${table} without its key`)
  return key
}

/** Where writes changed a table. */
export function rangesOf(
  writes: readonly Write[],
  table: string,
  primaryKeys: Readonly<Record<string, string>> = REPLICA_TABLES,
): KeyRange[] {
  return writes.flatMap((write) => {
    if (write.table !== table) return []
    if ('deleteRange' in write) return [write.deleteRange]
    const keys = 'put' in write ? write.put.map((row) => keyOf(table, row, primaryKeys)) : write.delete
    return keys.map((key) => ({ from: key, to: key }))
  })
}

/**
 * A deep copy that nobody can change. What is frozen is taken as it is: rows are JSON that the replica made itself, and only this
 * freezes it. Throws DataCloneError's likeness for what IndexedDB would not store.
 */
export function frozen<T>(value: T): T {
  if (typeof value === 'function' || typeof value === 'symbol') throw new TypeError(`a ${typeof value} cannot be stored`)
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  if (Array.isArray(value)) return Object.freeze(value.map(frozen)) as T
  const copy: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) copy[key] = frozen(item)
  return Object.freeze(copy) as T
}
