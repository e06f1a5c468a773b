import type { Clock } from '@tidemark/shared'

/** The longest that one timer can wait, in ms. */
const TIMER_MAX_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(ms, task) {
    const timer = setTimeout(task, Math.min(ms, TIMER_MAX_MS))
    return () => clearTimeout(timer)
  },
}
