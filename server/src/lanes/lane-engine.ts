import type { LaneDefinition, LaneItem, LaneState, SpaceId } from '@tidemark/shared'

/** Which lane of which tenant. */
export interface LanePlace {
  readonly tenant: string
  readonly space: SpaceId
  readonly lane: string
}

/** What admins changed of a lane while it runs; where one is absent the definition counts. */
export interface LaneSettings {
  readonly tickMs?: number | undefined
  readonly cap?: number | undefined
  readonly stopped?: boolean | undefined
  /** What was said before this is to go from screens, in ms since the epoch. */
  readonly clearedAtMs?: number | undefined
}

/** On its way into a tick: it has passed every check. */
export type NewItem = Pick<LaneItem, 'id' | 'by' | 'body' | 'announcement'>

/** Ticks of a lane, as JSON text ready to leave. */
export interface RingText {
  /** The body of a `laneRing` (protocol §7). */
  readonly text: string
  /** The frames that bring a follower from `since` to now: how it runs, then each tick. */
  readonly frames: readonly string[]
  /** The newest tick in it, 0 where there is none. */
  readonly newest: number
  /** Length of a tick, in ms: the age at which it is old. */
  readonly tickMs: number
}

/** A minute of a lane's archive. */
export interface PageText {
  /** The body of a `lanePage` (protocol §7). */
  readonly text: string
  /** It never changes any more. */
  readonly whole: boolean
  /** How long it is until its horizon, in ms: so long it may be kept elsewhere. */
  readonly leftMs: number
  readonly tickMs: number
}

/** Buckets, ticks and rings of all lanes. It knows no user, no right and no socket; each merged tick leaves by the bus. */
export interface LaneEngine {
  /**
   * Keeps it for its tick. Resolves once it outlives this process; an id that is kept already is not added again, which makes a repeated
   * `add` harmless for as long as the ring and ITEM_IDS_MS reach. Of `tickMs` 0: sent at once, and kept nowhere. Throws UnavailableError where it cannot be kept.
   */
  add(place: LanePlace, definition: LaneDefinition, item: NewItem): Promise<void>
  /** The ticks after `since`, 0: all that the ring has. */
  ring(place: LanePlace, definition: LaneDefinition, since: number): Promise<RingText>
  /** A page of the archive that begins at `from`, as the text of a `lanePage`; undefined where its time is past the horizon or yet to come. */
  page(place: LanePlace, definition: LaneDefinition, from: number): Promise<PageText | undefined>
  state(place: LanePlace, definition: LaneDefinition): LaneState
  /** Its settings are others now: tells its followers; clears where they say so. */
  settingsChanged(place: LanePlace, definition: LaneDefinition): void
  /** Merges late what a process before left unmerged [L2], then runs. */
  start(): Promise<void>
  /** Merges what is there, and ends. */
  stop(): Promise<void>
}
