import { PAGE_BYTES_MAX, PAGE_CHANGES_MAX, PAGE_COMMITS_MAX, type Version } from '@tidemark/shared'
import type { ReadBounds } from '../changelog/changelog.ts'
import type { RangeBounds } from './backend.ts'
import { FILTERED_CHUNK_CHANGES, PAGE_SCANNED_BYTES_MAX } from './bounds.ts'

/** All that a page shows of one commit, or nothing where the reader may see none of it. */
export interface Step {
  /** Where the page stands after it. */
  readonly to: Version
  /** JSON texts, the first with its origin. */
  readonly changes: readonly string[]
  /** Bytes of what was looked at, shown or not. */
  readonly scannedBytes: number
}

/** Steps from where a page stands, in its order; empty at its end. */
export type ReadSteps = (from: Version, bounds: ReadBounds) => Promise<readonly Step[]>

export interface Page {
  readonly to: Version
  readonly changes: readonly string[]
}

/** What a caller asks for, within what a page may be. */
export function withinPage({ changesMax, bytesMax }: RangeBounds): RangeBounds {
  return { changesMax: clamp(changesMax, PAGE_CHANGES_MAX), bytesMax: clamp(bytesMax, PAGE_BYTES_MAX) }
}

/**
 * Gathers whole commits until the next one would pass a bound [§4]. The first commit always goes in, so that a page before the
 * end leads somewhere; where no step is left, the page leads to the end.
 */
export async function gatherPage(read: ReadSteps, from: Version, end: Version, bounds: RangeBounds, isFiltered: boolean): Promise<Page> {
  const chunkChangesMin = isFiltered ? FILTERED_CHUNK_CHANGES : 1
  const changes: string[] = []
  let to = from
  let bytes = 0
  let commits = 0
  let scannedBytes = 0
  while (to !== end) {
    const steps = await read(to, {
      changesMax: Math.max(chunkChangesMin, bounds.changesMax - changes.length),
      bytesMax: Math.max(1, bounds.bytesMax - bytes),
      commitsMax: PAGE_COMMITS_MAX - commits,
    })
    if (steps.length === 0) return { to: end, changes }
    for (const step of steps) {
      const stepBytes = bytesOf(step.changes)
      const fits = changes.length + step.changes.length <= bounds.changesMax && bytes + stepBytes <= bounds.bytesMax
      if (!fits && to !== from) return { to, changes }
      changes.push(...step.changes)
      bytes += stepBytes
      scannedBytes += step.scannedBytes
      commits += 1
      to = step.to
    }
    const isFull = changes.length >= bounds.changesMax || bytes >= bounds.bytesMax
    if (isFull || commits >= PAGE_COMMITS_MAX || scannedBytes >= PAGE_SCANNED_BYTES_MAX) break
  }
  return { to, changes }
}

function clamp(asked: number, max: number): number {
  return Number.isFinite(asked) ? Math.min(max, Math.max(1, Math.floor(asked))) : max
}

/** Bytes of texts with the commas between them. */
function bytesOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0)
}

/** A change with the nonce of the mutation behind its commit [C1]. */
export function withOrigin(change: string, origin: string | undefined): string {
  return origin === undefined ? change : `${change.slice(0, -1)},"o":${JSON.stringify(origin)}}`
}
