import { InternalError, type Seal, type SpaceId, type Version } from '@tidemark/shared'
import type { ReadTransaction } from '../changelog/changelog.ts'
import { type ReadSteps, withOrigin } from './page.ts'
import type { View } from './view.ts'

/**
 * Reads a stretch of the log as this view shows it. `seals` collects the seal of every commit that was read. Throws InternalError
 * where the log has a hole: a range that covered it would lose a commit in silence.
 */
export function logSteps(tx: ReadTransaction, space: SpaceId, { shows }: View, seals: Map<Version, Seal>): ReadSteps {
  return async (from, bounds) => {
    const commits = await tx.log(space, from, bounds)
    if (commits.length === 0) throw new InternalError(`The log ends at version ${from}, before the head.`)
    let expected = from + 1
    return commits.map(({ version, seal, origin, changes }) => {
      if (version !== expected) throw new InternalError(`The log has a hole before version ${version}.`)
      expected += 1
      seals.set(version, seal)
      const shown = shows === undefined ? changes : changes.filter(({ collection, creator }) => shows(collection, creator))
      return {
        to: version,
        changes: shown.map(({ text }, at) => (at === 0 ? withOrigin(text, origin) : text)),
        scannedBytes: changes.reduce((sum, { text }) => sum + text.length, 0),
      }
    })
  }
}
