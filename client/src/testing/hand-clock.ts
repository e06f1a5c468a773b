import type { Clock } from '@tidemark/shared'

export interface HandClock extends Clock {
  advance(ms: number): void
}

/** A clock that moves by hand. */
export function handClock(startMs = 1_763_596_800_000): HandClock {
  let nowMs = startMs
  let tasks: { atMs: number; task: () => void }[] = []
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    after(ms, task) {
      const entry = { atMs: nowMs + ms, task }
      tasks.push(entry)
      return () => {
        tasks = tasks.filter((other) => other !== entry)
      }
    },
    advance(ms) {
      nowMs += ms
      const due = tasks.filter(({ atMs }) => atMs <= nowMs)
      tasks = tasks.filter(({ atMs }) => atMs > nowMs)
      for (const { task } of due) task()
    },
  }
}
