import type { Clock } from '@tidemark/shared'

const START_MS = 1_763_596_800_000

/** A process: what is due in it ends with it, and waits while it is frozen. */
export class Process {
  alive = true
  #waiting: (() => void)[] | undefined

  run(task: () => void): void {
    if (!this.alive) return
    if (this.#waiting === undefined) task()
    else this.#waiting.push(task)
  }

  freeze(): void {
    this.#waiting ??= []
  }

  /** Wakes up: everything that came meanwhile happens now, in its order. */
  thaw(): void {
    const tasks = this.#waiting ?? []
    this.#waiting = undefined
    for (const task of tasks) this.run(task)
  }
}

/** Time that passes only when the script says so, timer by timer. */
export class ScriptedClock {
  #ms = 0
  #tasks: { readonly atMs: number; readonly task: () => void }[] = []

  get nowMs(): number {
    return this.#ms
  }

  clockOf(process: Process): Clock {
    return {
      nowMs: () => START_MS + this.#ms,
      monotonicMs: () => this.#ms,
      after: (ms, task) => this.after(ms, () => process.run(task)),
    }
  }

  after(ms: number, task: () => void): () => void {
    const entry = { atMs: this.#ms + Math.max(0, ms), task }
    this.#tasks.push(entry)
    return () => {
      this.#tasks = this.#tasks.filter((other) => other !== entry)
    }
  }

  /** Lets time come to the next timer and runs it; false where none is due by `untilMs`, which is then the time. */
  step(untilMs: number): boolean {
    let next: { readonly atMs: number; readonly task: () => void } | undefined
    for (const entry of this.#tasks) if (next === undefined || entry.atMs < next.atMs) next = entry
    const isDue = next !== undefined && next.atMs <= untilMs
    this.#ms = Math.max(this.#ms, isDue && next ? next.atMs : untilMs)
    if (!isDue || next === undefined) return false
    this.#tasks = this.#tasks.filter((other) => other !== next)
    next.task()
    return true
  }
}
