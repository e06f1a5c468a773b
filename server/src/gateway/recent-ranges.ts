import type { EncodedRange } from '../backend/backend.ts'
import { LastUsed } from '../last-used.ts'

/** A range with the frame that carries it: one text for all its readers. */
export interface FramedRange {
  readonly range: EncodedRange
  readonly frame: string
}

/**
 * The ranges fetched last, over all spaces: a crowd that comes back to the same place is answered from one read. Each key names the
 * memory of its space (see Channel), the view, and number and seal asked.
 */
export type RecentRanges = LastUsed<FramedRange>

export function recentRanges(rangesMax: number, charactersMax: number): RecentRanges {
  return new LastUsed(rangesMax, charactersMax, ({ frame }) => frame.length)
}
