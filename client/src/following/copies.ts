import type { Acked, Heads, Range, SpaceId, Standing, Verdict } from '@tidemark/shared'

/** What a range came to, judged and done in one local transaction. */
export interface Applied {
  readonly verdict: Verdict
  /** Where the copy stands now: the number and seal to state, of the unfinished copy while there is one [R6]. */
  readonly standing: Standing
  /** False inside a compacted run or a reset of several pages. */
  readonly whole: boolean
}

/** What `following/` needs of the replica. */
export interface Copies {
  /** Where copies stand; NOTHING for a space of which there is none. */
  standings(spaces: readonly SpaceId[]): Promise<ReadonlyMap<SpaceId, Standing>>
  /** Judges a range by R1 to R4 against the number in the database and does what they say. A `set` on a document that the copy lacks counts as `lost` from version 0 on [C3]. */
  apply(range: Range): Promise<Applied>
  /** What is known to be done at these heads: ends the showing of optimistic results once a copy reaches its head [M4]. Held in memory for this connection. */
  known(acked: Acked, heads: Heads): void
  /** Removes a copy and keeps what is pending [B8]. */
  drop(space: SpaceId): Promise<void>
}
