import { type Version, ZERO } from '@tidemark/shared'
import { documentBytes } from './change-text.ts'
import type { OlderDocuments, ReadBounds, StoredDocument } from './changelog.ts'
import { PageBudget } from './page-budget.ts'

/**
 * Takes documents in order of version until the bounds are met. Those of one commit stay together, ordered by collection and id
 * (UTF-16), the same in every engine. Stops drawing from `documents` once the page is full.
 */
export function documentPage(documents: Iterable<StoredDocument>, bounds: ReadBounds): readonly StoredDocument[] {
  return takeCommits(documents, ({ version }) => version, bounds).page
}

/** Takes documents in order of creation, the newest first, in the same way. */
export function olderPage(documents: Iterable<StoredDocument>, bounds: ReadBounds): OlderDocuments {
  const { page, next } = takeCommits(documents, ({ created }) => created, bounds)
  return { documents: page, floor: next ?? ZERO }
}

/** `next`: the commit that did not fit; undefined at the end. */
function takeCommits(
  documents: Iterable<StoredDocument>,
  commitOf: (document: StoredDocument) => Version,
  bounds: ReadBounds,
): { readonly page: readonly StoredDocument[]; readonly next: Version | undefined } {
  const budget = new PageBudget(bounds)
  const page: StoredDocument[] = []
  let commit: StoredDocument[] = []
  let bytes = 0
  const takesCommit = (): boolean => {
    if (!budget.takes(commit.length, bytes)) return false
    page.push(...commit.sort(byPlace))
    commit = []
    bytes = 0
    return true
  }
  for (const document of documents) {
    const [first] = commit
    if (first !== undefined && commitOf(first) !== commitOf(document) && !takesCommit()) return { page, next: commitOf(first) }
    commit.push(document)
    bytes += documentBytes(document)
  }
  const [last] = commit
  return { page, next: last === undefined || takesCommit() ? undefined : commitOf(last) }
}

function byPlace(a: StoredDocument, b: StoredDocument): number {
  if (a.collection !== b.collection) return a.collection < b.collection ? -1 : 1
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}
