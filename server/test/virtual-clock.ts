import type { Clock } from '@tidemark/shared'

/** Time that passes only when a test says so. */
export class VirtualClock implements Clock {
  #ms = 0
  #tasks: { atMs: number; task: () => void }[] = []

  nowMs(): number {
    return 1_700_000_000_000 + this.#ms
  }

  monotonicMs(): number {
    return this.#ms
  }

  after(ms: number, task: () => void): () => void {
    const entry = { atMs: this.#ms + Math.max(0, ms), task }
    this.#tasks.push(entry)
    return () => {
      this.#tasks = this.#tasks.filter((other) => other !== entry)
    }
  }

  get timers(): number {
    return this.#tasks.length
  }

  /** Lets `ms` pass, timer by timer, each with all that follows from it. */
  async pass(ms: number): Promise<void> {
    const endMs = this.#ms + ms
    await settle()
    for (;;) {
      const due = this.#tasks.filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0]
      if (due === undefined) break
      this.#tasks = this.#tasks.filter((other) => other !== due)
      this.#ms = Math.max(this.#ms, due.atMs)
      due.task()
      await settle()
    }
    this.#ms = endMs
  }
}

/** All the microtasks that are to come. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
