import { type IntervalTree, type ObservabilitySet, RangeSet } from 'dexie'
import type { Schema } from './dexie-schema.ts'
import { keysOf } from './rows.ts'
import type { Write } from './storage.ts'

/** Keys of one table that are told one by one; of more, whole copies are told. */
const KEYS_MAX = 50
/** Below and above every key that a replica has. */
const FIRST = Number.NEGATIVE_INFINITY
const LAST = [[]] as unknown as string

/**
 * What a burst of writes changed, in the form in which Dexie wakes its live queries, here and in other tabs: primary keys, and
 * of indexes the part of each copy.
 */
export function mutatedParts(database: string, schema: Schema, writes: readonly Write[]): ObservabilitySet {
  const parts: Record<string, IntervalTree> = {}
  const add = (table: string, index: string, from: unknown, to: unknown) => {
    const part = `idb://${database}/${table}/${index}`
    const set = new RangeSet(from as string, to as string)
    parts[part] = (parts[part] as ReturnType<typeof RangeSet> | undefined)?.add(set) ?? set
  }
  for (const write of writes) {
    const { table } = write
    const keyField = schema.get(table)?.primaryKey
    const documents = keyField === '$k'
    const keys = 'put' in write ? write.put.map((row) => row[keyField as string]) : 'delete' in write ? write.delete : undefined
    if (!keys || (keys.length > KEYS_MAX && !documents)) {
      const { from, to } = 'deleteRange' in write ? write.deleteRange : {}
      for (const index of ['', ':dels']) add(table, index, from ?? FIRST, to ?? LAST)
      continue
    }
    const copies = new Set(documents ? keys.map((key) => Number.parseInt(String(key), 10)) : [])
    if (keys.length <= KEYS_MAX) for (const key of keys) for (const index of ['', ':dels']) add(table, index, key, key)
    for (const s of copies) addCopy(add, table, schema, s, keys.length > KEYS_MAX)
  }
  return parts
}

/** Everything of one copy, in these tables: what a query that asked for another copy must look at again. */
export function partsOfCopies(database: string, schema: Schema, tables: readonly string[], copies: Iterable<number>): ObservabilitySet {
  const parts: Record<string, IntervalTree> = {}
  for (const s of copies)
    for (const table of tables)
      addCopy(
        (name, index, from, to) => {
          const part = `idb://${database}/${name}/${index}`
          const set = new RangeSet(from as string, to as string)
          parts[part] = (parts[part] as ReturnType<typeof RangeSet> | undefined)?.add(set) ?? set
        },
        table,
        schema,
        s,
        true,
      )
  return parts
}

type Add = (table: string, index: string, from: unknown, to: unknown) => void

function addCopy(add: Add, table: string, schema: Schema, s: number, keys: boolean): void {
  for (const index of schema.get(table)?.indexes ?? []) add(table, index, [s], [s, LAST])
  const { from, to } = keysOf(s)
  if (keys) for (const index of ['', ':dels']) add(table, index, from, to)
}
