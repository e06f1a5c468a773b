import { isRunSeal, LIMITS, NOTHING, type SpaceId, type Standing, type SyncError } from '@tidemark/shared'

/** What is being done for one space. A statement of it is under way while `asked` [B2]. */
export type Stage =
  /** To be asked for, from `atMs` on and when there is a place; `because`: why not sooner. */
  | { readonly name: 'due'; readonly atMs: number; readonly because?: SyncError | undefined }
  /** Stated; the `welcome` or `heads` that answers is not here yet, and overdue from `untilMs` on. */
  | { readonly name: 'asked'; readonly untilMs: number }
  /** `pull` is the number of the request under way. */
  | { readonly name: 'pulling'; readonly pull: number }
  /** Nothing: what comes, comes by itself; what is known to lack is overdue from `untilMs` on. */
  | { readonly name: 'followed'; readonly untilMs: number }
  /** Not on this connection any more, unless the app asks again, or, where it was one too many, until a place is free. */
  | { readonly name: 'denied'; readonly because: SyncError }

export interface FollowedSpace {
  /** Someone holds it open; else it is here only until what an ack promised was pulled. */
  readonly wanted: boolean
  /** True from the `welcome` or `heads` that names it to its behind, denied or unfollow [B2]: what a beat's sum counts. */
  readonly named: boolean
  /** It is pulled to the head before it is followed again [B5]. */
  readonly behind: boolean
  readonly stage: Stage
  /** Where the copy stood after the last range. */
  readonly standing: Standing
  /** How far the server is known to be. */
  readonly head: number
  /** A version that an ack told of and that the copy has not reached [M4]; 0: none. */
  readonly reach: number
  /** In a row: what was asked and led nowhere. */
  readonly failures: number
}

/** What is wanted, and what came of it: the whole state of `following/`. */
export interface Following {
  /** From `welcome` to the end of the connection. */
  readonly connected: boolean
  /** One for each beat that is not answered yet, oldest first: false where a statement or unfollow went out after it [B1]. */
  readonly beats: readonly boolean[]
  readonly spacesMax: number
  /** The number of the last pull. */
  readonly pulls: number
  /** When `step` wants to be called with `time`, in ms of the clock that it was given; Infinity: not by itself. */
  readonly wakeAtMs: number
  readonly spaces: ReadonlyMap<SpaceId, FollowedSpace>
}

export const NOT_FOLLOWING: Following = {
  connected: false,
  beats: [],
  spacesMax: LIMITS.spaces,
  pulls: 0,
  wakeAtMs: Number.POSITIVE_INFINITY,
  spaces: new Map(),
}

export const DUE: Stage = { name: 'due', atMs: 0 }

export const UNKNOWN_SPACE: FollowedSpace = {
  wanted: false,
  named: false,
  behind: false,
  stage: DUE,
  standing: NOTHING,
  head: 0,
  reach: 0,
  failures: 0,
}

/** True while ranges of this connection are taken. */
export function isStated(space: FollowedSpace | undefined): boolean {
  return space !== undefined && (space.named || space.stage.name === 'asked')
}

/** True while the answer to this pull is awaited. */
export function isPulling(space: FollowedSpace | undefined, pull: number): boolean {
  return space?.stage.name === 'pulling' && space.stage.pull === pull
}

/** The spaces that a beat's sum is about. */
export function followedSpaces({ spaces }: Following): SpaceId[] {
  return [...spaces].flatMap(([id, { named }]) => (named ? id : []))
}

/** True when nothing that can be had now is missing. */
export function isCaughtUp({ connected, spaces }: Following): boolean {
  for (const { wanted, stage, standing, head } of spaces.values()) {
    if (!wanted || stage.name === 'due' || stage.name === 'denied') continue
    if (stage.name !== 'followed' || isRunSeal(standing.seal) || standing.version < head) return false
  }
  return connected
}
