import { type IntervalTree, type ObservabilitySet, RangeSet } from 'dexie'
import type { Schema } from './dexie-schema.ts'
import { keysOf } from './rows.ts'
import type { Write } from './storage.ts'

/** Below and above every key that a replica has. */
const FIRST = Number.NEGATIVE_INFINITY
const LAST = [[]] as unknown as string

/**
 * What a burst of writes changed, in the form in which Dexie wakes its live queries, here and in other tabs: of documents the
 * copies that they belong to, of other tables everything.
 */
export function mutatedParts(database: string, schema: Schema, writes: readonly Write[]): ObservabilitySet {
  const parts: Record<string, IntervalTree> = {}
  for (const write of writes) {
    const keys = 'put' in write ? write.put.map((row) => row.$k) : 'delete' in write ? write.delete : [write.deleteRange.from]
    const copies = new Set(keys.map((key) => Number.parseInt(String(key), 10)))
    if (schema.get(write.table)?.primaryKey === '$k' && copies.size > 0) addCopies(parts, database, schema, write.table, copies)
    else add(parts, `idb://${database}/${write.table}/`, FIRST, LAST)
  }
  return parts
}

/** What makes every live query look again, also one that failed before it knew what it reads. */
export function everything(): ObservabilitySet {
  return { all: new RangeSet(FIRST, LAST) }
}

/** Everything of these copies in these tables: what a query that asked for another copy must look at again. */
export function partsOfCopies(database: string, schema: Schema, tables: readonly string[], copies: Iterable<number>): ObservabilitySet {
  const parts: Record<string, IntervalTree> = {}
  for (const table of tables) addCopies(parts, database, schema, table, copies)
  return parts
}

function addCopies(parts: Record<string, IntervalTree>, database: string, schema: Schema, table: string, copies: Iterable<number>): void {
  for (const s of copies) {
    const { from, to } = keysOf(s)
    // Dexie watches keys, the keys of what is deleted, and each index.
    for (const index of ['', ':dels']) add(parts, `idb://${database}/${table}/${index}`, from, to)
    for (const index of schema.get(table)?.indexes ?? []) add(parts, `idb://${database}/${table}/${index}`, [s], [s, LAST])
  }
}

function add(parts: Record<string, IntervalTree>, part: string, from: unknown, to: unknown): void {
  const set = new RangeSet(from as string, to as string)
  parts[part] = (parts[part] as ReturnType<typeof RangeSet> | undefined)?.add(set) ?? set
}
