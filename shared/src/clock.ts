/** Time as a part sees it; the entry points hand in the real one, tests a virtual one. All times in ms. */
export interface Clock {
  /** Wall time since the epoch. May jump either way; orders nothing. */
  nowMs(): number
  /** Time since an arbitrary start; never goes back. Measure durations with it. */
  monotonicMs(): number
  /** Runs `task` once, no earlier than after `ms`. The returned function cancels it, and does nothing once it ran. */
  after(ms: number, task: () => void): () => void
}
