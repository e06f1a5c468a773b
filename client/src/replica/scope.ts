import { kindOf, NotFoundError, type SpaceId } from '@tidemark/shared'
import { type Collection, Dexie, type IndexableType, type Table } from 'dexie'
import type { CollectionQueries, DocumentRow } from '../replica-api.ts'
import { unnamed } from './definition-of.ts'
import { indexOn } from './dexie-schema.ts'
import type { DexieStorage } from './dexie-storage.ts'
import { partsOfCopies } from './mutated-parts.ts'
import { documentKey, tableOf } from './rows.ts'
import type { ShownCopies } from './shown-copies.ts'

/** What an app reads, over Dexie's own tables. */
export interface DexieTables {
  scope(space: SpaceId, collection: string): CollectionQueries<unknown>
  table(kind: string, collection: string): Table
  close(): void
}

type Rows = Collection<DocumentRow<unknown>>

/** Live queries look again when another copy is shown of a space, in this tab or by another tab's doing. */
export function dexieTables({ db, schema }: DexieStorage, shown: ShownCopies): DexieTables {
  const end = shown.onShown((space, before, after) => {
    const tables = [...schema.keys()].filter((table) => table.startsWith(`${kindOf(space)}_`))
    Dexie.on.storagemutated.fire(partsOfCopies(db.name, schema, tables, [before, after]))
  })
  const tableNamed = (name: string): Table => {
    if (!schema.has(name)) throw unnamed(`collection ${name.replace('_', '.')}`)
    return db.table(name)
  }
  return {
    table: (kind, collection) => tableNamed(`${kind}_${collection}`),
    scope: (space, collection) => {
      const name = tableOf(space, collection)
      tableNamed(name)
      // A database that was opened again has tables of its own.
      return scopeOf(
        () => db.table(name),
        () => shown.shownAs(space),
      )
    },
    close: end,
  }
}

/** One collection of the copy that is shown at the moment of each call. */
function scopeOf(present: () => Table, s: () => number): CollectionQueries<unknown> {
  const by = (field: string) => {
    const index = indexOn(field)
    const table = present()
    if (!table.schema.idxByName[index])
      throw new NotFoundError(`${table.name} has no index on ${field}: declare it in the collection's indexes, or filter() what you find`)
    return table.where(index)
  }
  const between = (field: string, from: unknown, to: unknown, withFrom: boolean, withTo: boolean) =>
    by(field).between([s(), from] as IndexableType, [s(), to] as IndexableType, withFrom, withTo) as unknown as Rows
  const all = (field: string) => between(field, Dexie.minKey, Dexie.maxKey, true, true)
  const scope: CollectionQueries<unknown> = {
    get: (id) => present().get(documentKey(s(), id)) as unknown as Promise<DocumentRow<unknown> | undefined>,
    where(field) {
      by(field)
      return {
        equals: (value) => between(field, value, value, true, true),
        above: (value) => between(field, value, Dexie.maxKey, false, true),
        aboveOrEqual: (value) => between(field, value, Dexie.maxKey, true, true),
        below: (value) => between(field, Dexie.minKey, value, true, false),
        belowOrEqual: (value) => between(field, Dexie.minKey, value, true, true),
        between: (from, to, withFrom = true, withTo = false) => between(field, from, to, withFrom, withTo),
      }
    },
    orderBy: all,
    toCollection: () => all('$b'),
    toArray: () => scope.toCollection().toArray() as unknown as Promise<DocumentRow<unknown>[]>,
    count: () => scope.toCollection().count() as unknown as Promise<number>,
  }
  return scope
}
