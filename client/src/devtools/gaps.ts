import type { RangeFacts } from './read-frame.ts'

/** Spaces of which it is known how far they have come; the one heard of the longest ago is forgotten. */
const SPACES_MAX = 1000

export type Finding =
  /** A pushed range begins at `from`, and nothing after `at` had come. */
  | { readonly kind: 'gap'; readonly space: string; readonly at: number; readonly from: number }
  | { readonly kind: 'reset'; readonly space: string; readonly reason: string; readonly to: number }

/** Finds gaps, each once, by the numbers of the ranges themselves, before they are applied. */
export interface GapFinder {
  /** A connection begins: what comes goes on from where the copies stand. */
  greeted(): void
  /** `stands`: the version of the copy now, which lags behind what has come. */
  range(range: RangeFacts, stands: number): Finding | undefined
}

export function gapFinder(): GapFinder {
  const came = new Map<string, number>()
  /** Where what is missing is on its way: the same gap is told once. */
  const open = new Set<string>()
  /** False on a connection that was there before anybody looked: what is under way on it is not known. */
  let isWhole = false
  return {
    greeted() {
      came.clear()
      open.clear()
      isWhole = true
    },
    range({ space, from, to, reset, pushed }, stands) {
      const known = came.get(space)
      const at = Math.max(known ?? 0, stands)
      // What lies beyond a gap is dropped, and comes again.
      const isGap = pushed && !reset && from > at && (isWhole || known !== undefined)
      came.delete(space)
      came.set(space, reset ? to : isGap ? at : Math.max(at, to))
      const [oldest] = came.keys()
      if (came.size > SPACES_MAX && oldest !== undefined) {
        came.delete(oldest)
        open.delete(oldest)
      }
      const isTold = open.has(space)
      if (isGap) open.add(space)
      else open.delete(space)
      if (reset) return { kind: 'reset', space, reason: reset, to }
      return isGap && !isTold ? { kind: 'gap', space, at, from } : undefined
    },
  }
}
