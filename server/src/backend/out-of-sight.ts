import { PAGE_BYTES_MAX, PAGE_CHANGES_MAX, PAGE_COMMITS_MAX, type SpaceId, type Version } from '@tidemark/shared'
import type { ReadTransaction, StoredDocument } from '../changelog/changelog.ts'
import { RUN_SEARCH_COMMITS_MAX } from './bounds.ts'
import type { View } from './view.ts'

/** The log no longer tells what a filtered run needs: the run begins again. Never leaves the backend. */
export class RunLostError extends Error {}

/**
 * Whether a document that is hidden now was in the reader's sight at version `began` or since [C4]. Whoever saw it then was
 * shown its deletion, or a change to it, in a commit after `began`: the log from there tells. Throws RunLostError where that part
 * of the log is gone or too long.
 */
export function outOfSight(
  tx: ReadTransaction,
  space: SpaceId,
  shows: NonNullable<View['shows']>,
  began: Version,
): (document: StoredDocument) => Promise<boolean> {
  let seen: Promise<ReadonlySet<string>> | undefined
  return async ({ collection, id }) => {
    seen ??= seenSince(tx, space, shows, began)
    return (await seen).has(`${collection}\0${id}`)
  }
}

async function seenSince(
  tx: ReadTransaction,
  space: SpaceId,
  shows: NonNullable<View['shows']>,
  began: Version,
): Promise<ReadonlySet<string>> {
  const head = await tx.head(space)
  if ((await tx.logStart(space)) > began || head.version - began > RUN_SEARCH_COMMITS_MAX) throw new RunLostError()
  const seen = new Set<string>()
  for (let at = began; at < head.version; ) {
    const commits = await tx.log(space, at, { changesMax: PAGE_CHANGES_MAX, bytesMax: PAGE_BYTES_MAX, commitsMax: PAGE_COMMITS_MAX })
    const last = commits.at(-1)
    if (last === undefined) throw new RunLostError()
    for (const { version, changes } of commits)
      for (const { collection, creator, text } of changes)
        if (shows(collection, creator)) seen.add(`${collection}\0${idOf(text, version, collection)}`)
    at = last.version
  }
  return seen
}

/** The document id in the text of a change, read without parsing the document behind it. */
function idOf(text: string, version: Version, collection: string): string {
  const start = `{"v":${version},"c":${JSON.stringify(collection)},"id":`.length
  let end = start + 1
  while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1
  return JSON.parse(text.slice(start, end + 1)) as string
}
