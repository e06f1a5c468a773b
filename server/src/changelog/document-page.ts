import { documentBytes } from './change-text.ts'
import type { ReadBounds, StoredDocument } from './changelog.ts'
import { PageBudget } from './page-budget.ts'

/**
 * Takes documents in order of version until the bounds are met. Those of one commit stay together, ordered by collection and id
 * (UTF-16), the same in every engine. Stops drawing from `documents` once the page is full.
 */
export function documentPage(documents: Iterable<StoredDocument>, bounds: ReadBounds): readonly StoredDocument[] {
  const budget = new PageBudget(bounds)
  const page: StoredDocument[] = []
  let commit: StoredDocument[] = []
  let bytes = 0
  const close = (): boolean => {
    if (commit.length === 0) return true
    if (!budget.takes(commit.length, bytes)) return false
    page.push(...commit.sort(byPlace))
    commit = []
    bytes = 0
    return true
  }
  for (const document of documents) {
    if (commit.length > 0 && commit[0]?.version !== document.version && !close()) return page
    commit.push(document)
    bytes += documentBytes(document)
  }
  close()
  return page
}

function byPlace(a: StoredDocument, b: StoredDocument): number {
  if (a.collection !== b.collection) return a.collection < b.collection ? -1 : 1
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}
