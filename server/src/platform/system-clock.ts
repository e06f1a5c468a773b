import type { Clock } from '@tidemark/shared'

/** The longest timer that Node keeps; a longer one would fire at once. */
const TIMER_MS_MAX = 2_147_483_647

/** The machine's own time. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(ms, task) {
    let timer: NodeJS.Timeout
    const arm = (leftMs: number): void => {
      timer = leftMs > TIMER_MS_MAX ? setTimeout(arm, TIMER_MS_MAX, leftMs - TIMER_MS_MAX) : setTimeout(task, Math.max(0, leftMs))
    }
    arm(ms)
    return () => clearTimeout(timer)
  },
}
