import { type Seal, sameSeal } from './seal.ts'
import type { Standing } from './standing.ts'
import type { Version } from './version.ts'

/** The part of a range that decides what a copy does with it. */
export interface RangeEnds {
  readonly from: Version
  readonly on: Seal
  readonly to: Version
  readonly seal: Seal
  readonly reset?: string | undefined
}

/**
 * What a copy does with a range; exactly one of four.
 * - `reset` [R1]: it is replaced by the range.
 * - `news` [R2]: it takes the changes.
 * - `repeat` [R3]: it drops the range.
 * - `lost` [R4]: it drops the range, and states its number and seal again.
 */
export type Verdict = 'reset' | 'news' | 'repeat' | 'lost'

/** The one rule. Source: protocol §1; the order of the tests is the order of the rules there. */
export function judge(copy: Standing, range: RangeEnds): Verdict {
  // What runs backwards, or leads to a number that could not be stated again, is no range of this protocol [B7].
  if (range.to < range.from || (range.to && !range.seal)) return 'lost'
  if (range.reset) {
    if (range.on === copy.seal) return 'reset'
  } else if (range.from === copy.version && sameSeal(copy.version, range.on, copy.seal)) return 'news'
  if (range.to < copy.version || (range.to === copy.version && sameSeal(copy.version, range.seal, copy.seal))) return 'repeat'
  return 'lost'
}

/** Where a copy stands after a range that was `news` or `reset`. */
export function standingAfter(range: RangeEnds): Standing {
  return { version: range.to, seal: range.seal }
}
