import { NotFoundError, type SpaceId, toVersion, type Version, ZERO } from '@tidemark/shared'
import type { ReadTransaction, StoredDocument } from '../changelog/changelog.ts'
import type { RangeBounds } from './backend.ts'
import { documentText } from './document-text.ts'
import { gatherPage, type ReadSteps, type Step, withinPage } from './page.ts'
import type { View } from './view.ts'
import { plainSeal } from './wire-seal.ts'

export interface OlderQuestion {
  readonly space: SpaceId
  readonly collection: string
  /** Documents that were created at or before it are asked for. */
  readonly before: Version
  readonly view: View
  readonly bounds: RangeBounds
}

/**
 * What a window left out, the newest creation first, as JSON text [W1]. A page may be empty where its reader sees none of what was
 * looked at; its floor is lower all the same. Throws NotFoundError for a collection that has no window, or none for this reader.
 */
export async function readOlder(tx: ReadTransaction, { space, collection, before, view, bounds }: OlderQuestion): Promise<string> {
  if (!view.windows.get(collection)) throw new NotFoundError(`There is no collection ${collection.slice(0, 64)} with a window here.`)
  const head = await tx.head(space)
  const from = toVersion(Math.min(before, head.version))
  const isFiltered = view.shows !== undefined
  const { to, changes } = await gatherPage(olderSteps(tx, space, collection, view), from, ZERO, withinPage(bounds), isFiltered)
  return `{"docs":[${changes.join(',')}],"floor":${to},"head":${head.version},"seal":${JSON.stringify(plainSeal(head, view.tag))}}`
}

/** A step is what one commit created; it leads to the floor under it. */
function olderSteps(tx: ReadTransaction, space: SpaceId, collection: string, { shows }: View): ReadSteps {
  return async (upTo, bounds) => {
    const { documents, floor } = await tx.documentsCreatedUpTo(space, collection, upTo, bounds)
    const commits: StoredDocument[][] = []
    for (const document of documents) {
      const commit = commits.at(-1)
      if (commit?.[0]?.created === document.created) commit.push(document)
      else commits.push([document])
    }
    return commits.map(
      (commit, at): Step => ({
        to: commits[at + 1]?.[0]?.created ?? floor,
        changes: commit.filter((document) => shows === undefined || shows(collection, document.creator)).map(documentText),
        scannedBytes: commit.reduce((sum, { doc }) => sum + (doc?.length ?? 0), 0),
      }),
    )
  }
}
