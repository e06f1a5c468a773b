import { COMMIT_BYTES_MAX, COMMIT_CHANGES_MAX, InternalError, next, TooLargeError } from '@tidemark/shared'
import { changeText, documentBytes } from './change-text.ts'
import type { Head, LoggedChange, NewChange, StoredDocument } from './changelog.ts'
import { encodeBody } from './commit-body.ts'
import { nextSeal } from './next-seal.ts'

/** All that a commit writes, worked out before the first write. */
export interface PreparedCommit {
  readonly head: Head
  readonly body: string
  readonly documents: readonly StoredDocument[]
}

/**
 * Works out the commit after `head`. Throws TooLargeError past the bounds of a commit, where each document counts as a whole, so
 * that the documents of one commit always fit in one compacted page; InternalError for what no caller may ask.
 */
export function prepareCommit(head: Head, changes: readonly NewChange[], origin: string | undefined): PreparedCommit {
  if (changes.length === 0) throw new InternalError('a commit without changes')
  if (changes.length > COMMIT_CHANGES_MAX)
    throw new TooLargeError(`${changes.length} changes in one commit, ${COMMIT_CHANGES_MAX} are allowed`)
  const version = next(head.version)
  const logged: LoggedChange[] = []
  const documents: StoredDocument[] = []
  const places = new Set<string>()
  let bytes = 0
  for (const change of changes) {
    const { collection, id, creator, doc } = change
    const created = change.created === 'now' ? version : change.created
    if (created > version || (created === version && change.created !== 'now')) throw new InternalError('a document from a later commit')
    if (doc === undefined && change.created === 'now') throw new InternalError('a deletion of what was never created')
    const text = changeText(change, version)
    // Text that is not well-formed would come back from storage as other text.
    if (!text.isWellFormed() || doc?.isWellFormed() === false || !creator.isWellFormed())
      throw new InternalError('a document that is not well-formed Unicode')
    bytes += Math.max(documentBytes(change), Buffer.byteLength(text))
    places.add(`${collection}\0${id}`)
    logged.push({ collection, creator, text })
    documents.push({ collection, id, version, created, creator, origin, doc })
  }
  if (places.size < changes.length) throw new InternalError('a commit that changes a document twice')
  if (bytes > COMMIT_BYTES_MAX) throw new TooLargeError(`${bytes} bytes in one commit, ${COMMIT_BYTES_MAX} are allowed: split it`)
  const body = encodeBody({ origin, changes: logged })
  return { head: { version, seal: nextSeal(head.seal, body) }, body, documents }
}
