import type { SpaceId, Version } from '@tidemark/shared'
import type { ReadTransaction, StoredDocument } from '../changelog/changelog.ts'
import { deletionText, documentText } from './document-text.ts'
import type { Floors } from './floors.ts'
import type { RunStart } from './judge-ask.ts'
import { outOfSight } from './out-of-sight.ts'
import { type ReadSteps, type Step, withOrigin } from './page.ts'
import type { View } from './view.ts'

/**
 * Reads documents by the version of their last change, deletions included but those that a copy which began at 0 never saw [C2]. For a reader who sees only a part, a document that
 * is now hidden is a deletion where they saw it at the run's beginning or since [C4]. Throws RunLostError where nobody knows any
 * more whether they did.
 */
export function compactedSteps(tx: ReadTransaction, space: SpaceId, view: View, run: RunStart, floors: Floors): ReadSteps {
  const { shows } = view
  const leftOut = run.from === 0 ? { began: run.began, floors } : undefined
  const wasSeen = shows && outOfSight(tx, space, shows, run.began)

  const shown = async (document: StoredDocument): Promise<string | undefined> => {
    if (shows === undefined || shows(document.collection, document.creator)) return documentText(document)
    if (document.version <= run.began || !(await wasSeen?.(document))) return undefined
    return deletionText(document)
  }

  return async (from, bounds) => {
    const steps: { to: Version; changes: string[]; scannedBytes: number }[] = []
    for (const document of await tx.documentsAfter(space, from, bounds, leftOut)) {
      let step = steps.at(-1)
      if (step?.to !== document.version) {
        step = { to: document.version, changes: [], scannedBytes: 0 }
        steps.push(step)
      }
      step.scannedBytes += document.doc?.length ?? 0
      const text = await shown(document)
      if (text !== undefined) step.changes.push(step.changes.length === 0 ? withOrigin(text, document.origin) : text)
    }
    return steps satisfies Step[]
  }
}
