/** Every bound that the protocol states, in one place. Source: protocol §2, §4, §5, §9. */
export const LIMITS = {
  /** Followed spaces of one connection. */
  spaces: 1000,
  /** Mutations in a batch. */
  batch: 100,
  /** Bytes of a frame or body from a client. */
  bytes: 1_048_576,
  /** The longest promise of a next frame that counts, in seconds. */
  nextS: 3600,
} as const

export const FRAME_FROM_SERVER_BYTES_MAX = 2 * 1_048_576
/** Levels of objects and lists in a document or in arguments; a frame wraps them in a few of its own. */
export const DOCUMENT_DEPTH_MAX = 64
export const FRAME_DEPTH_MAX = DOCUMENT_DEPTH_MAX + 8
export const DOCUMENT_BYTES_MAX = 262_144
/** Keys and list items of one frame or body. Not on the wire's page: a bound on what a parse may allocate per byte. */
export const FRAME_KEYS_MAX = 100_000
export const COMMIT_CHANGES_MAX = 1000
export const COMMIT_BYTES_MAX = 1_048_576
export const PAGE_CHANGES_DEFAULT = 1000
export const PAGE_CHANGES_MAX = 10_000
export const PAGE_BYTES_MAX = 1_048_576
export const PAGE_COMMITS_MAX = 10_000
/** Commits, and mutations in all of them, of one POST /v1/commits. Source: protocol §6. */
export const COMMITS_MAX = 100
export const COMMITS_MUTATIONS_MAX = 500
/** The longest that a poll is held, in seconds; a longer wait counts as this one. Source: protocol §4. */
export const POLL_WAIT_S_MAX = 55
/** A hello that has not come by then closes the socket with 4408. */
export const HELLO_WITHIN_MS = 10_000
/** Malformed frames after which a connection is closed with 4400. */
export const STRIKES_MAX = 3
/** Settled mutations that a client keeps, and that a server must still know. Source: protocol [M6]. */
export const TAIL_MUTATIONS_MAX = 1000
export const TAIL_MS = 7 * 24 * 3600 * 1000

/** Silence after which the server gives a connection up, in ms: 1 500 x the promised nextS + 10 000. Source: protocol [B4]. */
export function silenceMaxMs(nextS: number): number {
  return 1500 * Math.min(nextS, LIMITS.nextS) + 10_000
}
