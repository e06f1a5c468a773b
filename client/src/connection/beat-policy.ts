/** How often a connection is proved to live. A value: `answered` and `missed` give the policy that holds from then on. */
export interface BeatPolicy {
  /** From one beat to the next, in ms. */
  readonly intervalMs: number
  /** What the server is told to expect our next frame within, in s: longer than the interval, for timers run late in the background. */
  readonly promisedS: number
  /** Silence after a beat that means a dead connection, in ms. */
  readonly timeoutMs: number
  /** A frame came after a beat. */
  answered(nowMs: number): BeatPolicy
  /** None came in time. */
  missed(nowMs: number): BeatPolicy
}

export const fixedBeat: BeatPolicy = {
  intervalMs: 30_000,
  promisedS: 60,
  timeoutMs: 10_000,
  answered: () => fixedBeat,
  missed: () => fixedBeat,
}
