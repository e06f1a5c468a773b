import type { Clock } from '@tidemark/shared'

export interface VirtualTime extends Clock {
  /** Lets time pass, timer by timer; before each, everything that the one before led to has happened. */
  run(ms: number): Promise<void>
  /** The device sleeps: time passes, and timers ring late, at the end. */
  sleep(ms: number): void
}

/** `settle` lets all promises run that can, such as a macrotask of the real event loop. */
export function virtualTime(settle: () => Promise<void>): VirtualTime {
  let nowMs = 0
  let count = 0
  const tasks = new Map<number, { readonly atMs: number; readonly task: () => void }>()
  return {
    nowMs: () => 1_763_596_800_000 + nowMs,
    monotonicMs: () => nowMs,
    after(ms, task) {
      const id = count++
      tasks.set(id, { atMs: nowMs + ms, task })
      return () => tasks.delete(id)
    },
    async run(ms) {
      const endMs = nowMs + ms
      for (;;) {
        await settle()
        const next = [...tasks].sort(([a, { atMs }], [b, { atMs: otherMs }]) => atMs - otherMs || a - b)[0]
        if (next === undefined || next[1].atMs > endMs) break
        tasks.delete(next[0])
        nowMs = Math.max(nowMs, next[1].atMs)
        next[1].task()
      }
      nowMs = endMs
    },
    sleep(ms) {
      nowMs += ms
    },
  }
}
