import type { Clock } from '@tidemark/shared'

interface Task {
  readonly atMs: number
  task(): void
}

/** Time that passes only when a test says so. */
export class VirtualClock implements Clock {
  #ms = 0
  readonly #tasks = new Set<Task>()

  nowMs(): number {
    return 1_700_000_000_000 + this.#ms
  }

  monotonicMs(): number {
    return this.#ms
  }

  after(ms: number, task: () => void): () => void {
    const entry = { atMs: this.#ms + Math.max(0, ms), task }
    this.#tasks.add(entry)
    return () => void this.#tasks.delete(entry)
  }

  get timers(): number {
    return this.#tasks.size
  }

  /** Lets `ms` pass, timer by timer, each with all that follows from it. */
  async pass(ms: number): Promise<void> {
    const endMs = this.#ms + ms
    await settle()
    for (;;) {
      const due = this.#first()
      if (due === undefined || due.atMs > endMs) break
      this.#tasks.delete(due)
      this.#ms = Math.max(this.#ms, due.atMs)
      due.task()
      await settle()
    }
    this.#ms = endMs
  }

  /** Of those that are due at the same time the one that was set first. */
  #first(): Task | undefined {
    let first: Task | undefined
    for (const entry of this.#tasks) if (first === undefined || entry.atMs < first.atMs) first = entry
    return first
  }
}

/** All the microtasks that are to come. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
