import { type SpaceId, toVersion, type Version } from '@tidemark/shared'
import type { LeftOut, StoredDocument } from './changelog.ts'
import type { DocumentPlace, Rows } from './rows.ts'

/** Documents of all collections after `from` by version, deletions too, without what is left out: that is not even looked at. */
export function* documentsInOrder(
  rows: Rows,
  tenant: string,
  space: SpaceId,
  from: Version,
  leftOut: LeftOut | undefined,
): Generator<StoredDocument> {
  const afterAll = toVersion(Math.max(from, leftOut?.began ?? 0))
  const sources = rows.collections(tenant, space).map((collection) => {
    const floor = leftOut?.floors.get(collection)
    if (leftOut === undefined || floor === undefined) return rows.livingAfter(tenant, space, collection, from)
    return aboveFloor(rows, tenant, space, collection, { from, floor, began: leftOut.began, afterAll })
  })
  yield* byVersion([...sources, rows.deletedAfter(tenant, space, afterAll)])
}

/** Documents of one window that are put in order of version at a time; a larger one is read in that order, past what lies below its floor. */
const PLACES_SORTED_MAX = 10_000

/** One collection: above its floor up to where the sync began, all of it from there on. */
function* aboveFloor(
  rows: Rows,
  tenant: string,
  space: SpaceId,
  collection: string,
  { from, floor, began, afterAll }: Readonly<Record<'from' | 'floor' | 'began' | 'afterAll', Version>>,
): Generator<StoredDocument> {
  const places: DocumentPlace[] = []
  for (const place of rows.createdWithin(tenant, space, collection, floor, began)) {
    if (place.version > from && place.version <= began) places.push(place)
    if (places.length > PLACES_SORTED_MAX) {
      for (const document of rows.livingAfter(tenant, space, collection, from))
        if (document.created > floor || document.version > began) yield document
      return
    }
  }
  for (const { id, version } of places.sort((a, b) => a.version - b.version)) {
    const document = rows.document(tenant, space, collection, id)
    if (document?.doc === undefined || document.version !== version) throw rows.missing(`documents ${tenant} ${space} ${collection} ${id}`)
    yield document
  }
  yield* rows.livingAfter(tenant, space, collection, afterAll)
}

/** Merges what is in order of version each for itself. */
function* byVersion(sources: readonly Iterable<StoredDocument>[]): Generator<StoredDocument> {
  const open = sources.map((source) => source[Symbol.iterator]())
  try {
    const heads = open.map((iterator) => iterator.next())
    for (;;) {
      let first = -1
      for (const [at, head] of heads.entries()) {
        const least = heads[first]
        if (!head.done && (least === undefined || least.done || head.value.version < least.value.version)) first = at
      }
      const head = heads[first]
      if (head === undefined || head.done) return
      yield head.value
      heads[first] = (open[first] as Iterator<StoredDocument>).next()
    }
  } finally {
    for (const iterator of open) iterator.return?.()
  }
}
