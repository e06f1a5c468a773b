import { type IntervalTree, type ObservabilitySet, RangeSet } from 'dexie'
import type { Schema } from './dexie-schema.ts'
import { keysOf } from './rows.ts'
import type { Key, KeyRange, Write } from './storage.ts'

/** Documents that one burst of writes names one by one; of more the copies are named. Dexie itself names fewer than 50. */
export const KEYS_NAMED_MAX = 200
/** Below and above every key that a replica has. */
const FIRST = Number.NEGATIVE_INFINITY
const LAST = [[]] as unknown as string

/**
 * What a burst of writes changed, in the form in which Dexie wakes its live queries, here and in other tabs: of documents the
 * primary keys, as long as they are few, and of indexes the copies that they belong to; of other tables everything.
 */
export function mutatedParts(database: string, schema: Schema, writes: readonly Write[]): ObservabilitySet {
  const parts: Record<string, IntervalTree> = {}
  let named = 0
  for (const write of writes) {
    const keys = 'put' in write ? write.put.map((row) => row.$k as Key) : 'delete' in write ? write.delete : [write.deleteRange.from as Key]
    const copies = new Set(keys.map((key) => Number.parseInt(String(key), 10)))
    // Where everything is deleted no copy is named.
    const isWhole = copies.has(Number.NaN)
    if (schema.get(write.table)?.primaryKey !== '$k' || isWhole) addAll(parts, database, schema, write.table)
    else {
      named += 'deleteRange' in write ? KEYS_NAMED_MAX + 1 : keys.length
      addCopies(parts, database, schema, write.table, copies, named > KEYS_NAMED_MAX ? undefined : keys)
    }
  }
  return parts
}

/** Where the primary keys lie that a burst changed in a table of documents; undefined where nobody can tell. */
export function keysIn(parts: ObservabilitySet, database: string, table: string): readonly KeyRange[] | undefined {
  const part = parts[partOf(database, table)]
  if (parts.all || !part) return undefined
  const ranges: KeyRange[] = []
  const stretches = RangeSet(part)[Symbol.iterator]()
  for (let at = stretches.next(); !at.done; at = stretches.next()) {
    const { from, to } = at.value
    if (typeof from !== 'string' || typeof to !== 'string') return undefined
    ranges.push({ from, to })
  }
  return ranges
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

/** `keys`: those that changed in these copies; all where they are missing. */
function addCopies(
  parts: Record<string, IntervalTree>,
  database: string,
  schema: Schema,
  table: string,
  copies: Iterable<number>,
  keys?: readonly Key[],
): void {
  for (const key of keys ?? []) add(parts, partOf(database, table), key, key)
  for (const s of copies) {
    const { from, to } = keysOf(s)
    // Dexie watches keys, the keys of what is deleted, and each index.
    for (const index of keys ? [':dels'] : ['', ':dels']) add(parts, partOf(database, table, index), from, to)
    for (const index of schema.get(table)?.indexes ?? []) add(parts, partOf(database, table, index), [s], [s, LAST])
  }
}

function addAll(parts: Record<string, IntervalTree>, database: string, schema: Schema, table: string): void {
  const indexes = schema.get(table)?.indexes ?? []
  for (const index of ['', ':dels', ...indexes]) add(parts, partOf(database, table, index), FIRST, LAST)
}

function partOf(database: string, table: string, index = ''): string {
  return `idb://${database}/${table}/${index}`
}

function add(parts: Record<string, IntervalTree>, part: string, from: unknown, to: unknown): void {
  const set = new RangeSet(from as string, to as string)
  parts[part] = (parts[part] as ReturnType<typeof RangeSet> | undefined)?.add(set) ?? set
}
