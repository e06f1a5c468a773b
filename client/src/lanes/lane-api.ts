import type { LaneItem, LaneState, Presence } from '@tidemark/shared'
import type { Observable } from 'rxjs'

/** What came of a lane: at most one a frame of the screen. */
export interface LaneBatch<Body> {
  /** In the server's order; one's own that were shown as `said` already are not among them. */
  readonly items: readonly LaneItem<Body>[]
  /** How many more were said and sampled away. */
  readonly cut: number
  /** What is on the screen is to go first. */
  readonly cleared: boolean
  /** They come from the ring, or late: said a while ago. */
  readonly late: boolean
}

/** Something said here: shown at once, whatever becomes of it for others. */
export interface Said<Body> {
  readonly item: LaneItem<Body>
  /** Resolves once the server has taken it; rejects with a SyncError that says why not. What cannot be sent within SAY_WITHIN_MS rejects with UnavailableError: nothing is kept for later. */
  readonly accepted: Promise<void>
}

/** A lane of a space: lossy, in memory alone. Followed while somebody subscribes to `items$`. */
export interface Lane<Body> {
  /** First what the ring has, then each tick, and one's own at once. Never fails; completes with the space or the replica. */
  readonly items$: Observable<LaneBatch<Body>>
  /** How it runs, once that is known: whether an admin has stopped it. */
  readonly state$: Observable<LaneState | undefined>
  /** Throws InvalidError where it does not fit the lane's schema. */
  say(body: Body): Said<Body>
  /** The ticks of an archived lane from `fromMs` on, each at the moment when `positionMs$`, a clock such as a video's, passes it. */
  playback(fromMs: number, positionMs$: Observable<number>): Observable<LaneBatch<Body>>
}

/** Who is there; nothing until the server has told. */
export type Presence$ = Observable<Presence | undefined>
