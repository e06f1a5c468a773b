import type { Clock } from '@tidemark/shared'

export interface VirtualTime extends Clock {
  /** Lets time pass, timer by timer; before each, everything that the one before led to has happened. */
  run(ms: number): Promise<void>
  /** The device sleeps: time passes, and timers ring late, at the end. A clock that does not run on meanwhile takes its timers with it. */
  sleep(ms: number, runsOn?: { readonly wall: boolean; readonly monotonic: boolean }): void
}

/** `settle` lets all promises run that can, such as a macrotask of the real event loop. */
export function virtualTime(settle: () => Promise<void>): VirtualTime {
  let nowMs = 0
  let wallMs = 1_763_596_800_000
  let count = 0
  const tasks = new Map<number, { readonly atMs: number; readonly task: () => void }>()
  return {
    nowMs: () => wallMs + nowMs,
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
        const atMs = Math.max(nowMs, next?.[1].atMs ?? 0)
        if (next === undefined || atMs > endMs) break
        tasks.delete(next[0])
        nowMs = atMs
        next[1].task()
      }
      nowMs = endMs
    },
    sleep(ms, { wall, monotonic } = { wall: true, monotonic: true }) {
      if (monotonic) nowMs += ms
      wallMs += (wall ? ms : 0) - (monotonic ? ms : 0)
    },
  }
}
