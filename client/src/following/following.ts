import { isRunSeal, LIMITS, NOTHING, type SpaceId, type Standing, type SyncError } from '@tidemark/shared'

/**
 * What one space is at. A statement of it is under way while `asked` or `named` [B2]; `followed` in `asked` and `later` says
 * that an earlier statement holds meanwhile.
 */
export type Stage =
  /** Not stated on this connection: there is none, or it follows as many as the server allows. */
  | { readonly name: 'idle' }
  /** Stated; the `welcome` or `heads` that answers is not here yet. */
  | { readonly name: 'asked'; readonly followed: boolean }
  /** Named by that answer; nothing came for the space since. */
  | { readonly name: 'named' }
  | { readonly name: 'followed' }
  /** `pull` is the number of the request under way, 0 while it waits for a place. */
  | { readonly name: 'pulling'; readonly pull: number }
  /** To be asked for again. */
  | {
      readonly name: 'later'
      readonly atMs: number
      readonly by: 'follow' | 'pull'
      readonly followed: boolean
      readonly because?: SyncError | undefined
    }
  /** Not on this connection any more, unless the app asks again. */
  | { readonly name: 'denied'; readonly because: SyncError }

export interface FollowedSpace {
  /** Someone holds it open; else it is here only until what an ack promised was pulled. */
  readonly wanted: boolean
  readonly stage: Stage
  /** What the copy's number was when last looked at. */
  readonly standing: Standing
  readonly whole: boolean
  /** How far the server is known to be. */
  readonly head: number
  /** A version that an ack told of and that the copy has not reached [M4]; 0: none. */
  readonly reach: number
  /** Of asking, in a row. */
  readonly failures: number
  /** Ranges in a row that did not fit, each after a new statement. */
  readonly losses: number
}

/** What is wanted, and what came of it: the whole state of `following/`. */
export interface Following {
  /** From `welcome` to the end of the connection. */
  readonly connected: boolean
  /** Sent and not answered yet. */
  readonly beats: number
  /** Of those, sent before the last statement or unfollow: their answers speak of what was followed then [B1]. */
  readonly staleBeats: number
  readonly spacesMax: number
  /** The number of the last pull. */
  readonly pulls: number
  readonly spaces: ReadonlyMap<SpaceId, FollowedSpace>
}

export const NOT_FOLLOWING: Following = {
  connected: false,
  beats: 0,
  staleBeats: 0,
  spacesMax: LIMITS.spaces,
  pulls: 0,
  spaces: new Map(),
}

export const UNKNOWN_SPACE: FollowedSpace = {
  wanted: false,
  stage: { name: 'idle' },
  standing: NOTHING,
  whole: true,
  head: 0,
  reach: 0,
  failures: 0,
  losses: 0,
}

/** True from the `welcome` or `heads` that names it to its behind, denied or unfollow [B2]: what a beat's sum counts. */
export function isFollowed({ name, ...stage }: Stage): boolean {
  return name === 'named' || name === 'followed' || ('followed' in stage && stage.followed)
}

/** True while ranges of this connection are taken. */
export function isStated(stage: Stage): boolean {
  return stage.name === 'asked' || isFollowed(stage)
}

export function isWholeAt(standing: Standing): boolean {
  return !isRunSeal(standing.seal)
}

/** The spaces that a beat's sum is about. */
export function followedSpaces({ spaces }: Following): SpaceId[] {
  return [...spaces].flatMap(([id, { stage }]) => (isFollowed(stage) ? [id] : []))
}

/** True when nothing that can be had now is missing. */
export function isCaughtUp({ connected, spaces }: Following): boolean {
  if (!connected) return false
  for (const { wanted, stage, standing, whole, head } of spaces.values()) {
    if (!wanted || stage.name === 'idle' || stage.name === 'denied' || stage.name === 'later') continue
    if ((stage.name !== 'followed' && stage.name !== 'named') || !whole || standing.version < head) return false
  }
  return true
}

/** When `step` wants to be called with `time`, in ms of the clock that it was given; Infinity: not by itself. */
export function wakeAtMs({ connected, spaces }: Following): number {
  let atMs = Number.POSITIVE_INFINITY
  if (connected) for (const { stage } of spaces.values()) if (stage.name === 'later' && stage.atMs < atMs) atMs = stage.atMs
  return atMs
}
