/** A beat that learns nothing: where nothing is to be saved, and in tests. */
export interface BeatPolicy {
  /** From one frame of ours to the next, in ms. */
  readonly intervalMs: number
  /** What the server is told to expect our next frame within, in s: longer than the interval, for timers run late in the background. */
  readonly promisedS: number
  /** Silence after a beat that means a dead connection, in ms. */
  readonly timeoutMs: number
}

export const fixedBeat: BeatPolicy = { intervalMs: 30_000, promisedS: 60, timeoutMs: 10_000 }

/** Where nothing is known of the path yet: below the strictest proxies. */
export const CAREFUL_BEAT: BeatPolicy = { intervalMs: 19_000, promisedS: 90, timeoutMs: 10_000 }
