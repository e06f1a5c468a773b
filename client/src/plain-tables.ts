import { kindOf, type SpaceId, UnavailableError } from '@tidemark/shared'
import type { Tables } from './create-replica.ts'
import { documentKey } from './replica/rows.ts'
import type { ShownCopies } from './replica/shown-copies.ts'
import type { ReplicaStorage } from './replica/storage.ts'
import type { CollectionQueries, DocumentRow } from './replica-api.ts'

/** Reading where there is no IndexedDB: what needs neither an index nor a live query. */
export function plainTables(storage: ReplicaStorage, shown: ShownCopies): Tables {
  const missing = (): never => {
    throw new UnavailableError('This device has no IndexedDB: only get, toArray and count can read.')
  }
  return {
    table: missing,
    close() {},
    scope(space: SpaceId, collection: string) {
      const table = `${kindOf(space)}_${collection}`
      const toArray = async () => {
        const rows = await storage.read([table], (tx) => tx.list(table))
        const own = rows.filter(({ $s }) => $s === shown.shownAs(space)) as unknown as DocumentRow<unknown>[]
        return own.sort((a, b) => a.$b - b.$b)
      }
      const scope: CollectionQueries<unknown> = {
        get: (id) =>
          storage.read([table], (tx) => tx.get(table, documentKey(shown.shownAs(space), id))) as Promise<DocumentRow<unknown> | undefined>,
        toArray,
        count: async () => (await toArray()).length,
        where: missing,
        orderBy: missing,
        toCollection: missing,
      }
      return scope
    },
  }
}
