import type { Clock } from '@tidemark/shared'

/** Real time, so many times faster: what waits a minute waits seconds, and everything still takes turns as it does. */
export function fastClock(factor: number): Clock {
  const [startMs, startMonotonicMs] = [Date.now(), performance.now()]
  const elapsedMs = () => (performance.now() - startMonotonicMs) * factor
  return {
    nowMs: () => startMs + elapsedMs(),
    monotonicMs: elapsedMs,
    after(ms, task) {
      const timer = setTimeout(task, Math.min(ms / factor, 2 ** 31 - 1))
      return () => clearTimeout(timer)
    },
  }
}
