import type { LanePlace } from './lane-engine.ts'

/** Something said, on its way into the tick `tick`. */
export interface StoredSay {
  readonly place: LanePlace
  readonly tick: number
  readonly by: string
  readonly id: string
  readonly atMs: number
  /** The item as JSON. */
  readonly text: string
}

/** What was said and no tick was made of yet. `at` grows in the order of acceptance. */
export interface LeftSay {
  readonly place: LanePlace
  readonly at: number
  readonly tick: number
  /** undefined where the row is damaged. */
  readonly text: string | undefined
}

/** How many ticks of a lane are kept: the newest `ring`, and all from `archiveFrom` on. */
export interface KeptTicks {
  readonly ring: number
  /** Infinity where there is no archive. */
  readonly archiveFrom: number
}

/** A tick that was made of what was said, or of nothing but that the lane is cleared. */
export interface MergedTick {
  readonly place: LanePlace
  readonly tick: number
  /** As JSON; undefined where nothing is left to show. */
  readonly text: string | undefined
  /** The newest clearing that it does, in ms since the epoch: older ticks are no part of the ring any more. */
  readonly clearedAtMs: number | undefined
  readonly kept: KeptTicks
}

/** What is known of a lane; of one that nothing is known of, zeros and no ticks. */
export interface KeptLane {
  /** The newest tick that was ever merged. */
  readonly newest: number
  readonly clearedAtMs: number
  /** The newest of the ring, the oldest first. */
  readonly ticks: readonly { readonly tick: number; readonly text: string }[]
}

/**
 * What lanes keep: what was said until a tick is made of it, ids, and ticks. For one engine at a time. What a call wrote outlives the process
 * when it resolves; a power cut may cost the last moment. Throws UnavailableError, which says why, where it cannot: then nothing was written.
 */
export interface LaneStore {
  /** Resolves when it can serve; throws what keeps it from that, and what to do about it. */
  ready(): Promise<void>
  /**
   * Keeps all of them, in one transaction; of an id that a user of that lane gave already, nothing. True where it was new. Forgets ids as
   * [ITEM_IDS_MAX] says, and of those taken before `idsFromMs` two for each new one.
   */
  append(says: readonly StoredSay[], idsFromMs: number): Promise<readonly boolean[]>
  /** Keeps the ticks and forgets what they were made of, in one transaction. A tick that is there already is replaced. */
  merge(ticks: readonly MergedTick[]): Promise<void>
  /** `ring`: how many ticks at most. A row that is damaged is left out. */
  lane(place: LanePlace, ring: number): Promise<KeptLane>
  /** Texts of the ticks of `from` up to, and without, `to`, in order; it ends before it would pass `charactersMax`, but not before the first. */
  page(place: LanePlace, from: number, to: number, charactersMax: number): Promise<readonly string[]>
  /** What was said in any lane and no tick was made of, after `at`, in order. */
  left(at: number, count: number): Promise<readonly LeftSay[]>
  /** Some of all lanes after one, in an order that stays. */
  lanes(after: LanePlace | undefined, count: number): Promise<readonly LanePlace[]>
  /** Forgets ticks that are not to be kept, the oldest first, FORGET_STEP_MAX at most. Whether that was all. */
  forget(place: LanePlace, kept: KeptTicks): Promise<boolean>
  close(): Promise<void>
}
