import { createHash } from 'node:crypto'
import type { Clock } from '@tidemark/shared'
import type { SeededRandom } from './seeded-random.ts'

/** Saved at import, so that nothing that a test replaces later can hold a step open. */
const nextMacrotask = setImmediate
/** Turns of the event loop that something outside the virtual clock may take. */
const HELD_TURNS_MAX = 10_000
const START_MS = 1_700_000_000_000

interface Task {
  readonly atMs: number
  /** Among those due at one moment the seed decides. */
  readonly order: number
  readonly node: Node
  readonly label: string
  readonly run: () => void
}

/** Something that can die: its timers die with it. */
export interface Node {
  readonly name: string
  alive: boolean
}

/**
 * One virtual clock for a whole world. A step runs one task, then every microtask that it led to; time jumps to the next
 * task. What ran when goes into a hash: two runs of one seed must give the same.
 */
export class Scheduler {
  #nowMs = 0
  #steps = 0
  #held = 0
  readonly #tasks = new Set<Task>()
  readonly #trace = createHash('sha256')
  readonly #random: SeededRandom

  constructor(random: SeededRandom) {
    this.#random = random
  }

  get nowMs(): number {
    return this.#nowMs
  }

  get steps(): number {
    return this.#steps
  }

  at(node: Node, afterMs: number, label: string, run: () => void): () => void {
    const task: Task = { atMs: this.#nowMs + Math.max(0, Math.ceil(afterMs)), order: this.#random.unit(), node, label, run }
    this.#tasks.add(task)
    return () => this.#tasks.delete(task)
  }

  /** The clock of one node; `skewMs` shifts its wall time. */
  clockOf(node: Node, skewMs = 0): Clock {
    return {
      nowMs: () => START_MS + this.#nowMs + skewMs,
      monotonicMs: () => this.#nowMs,
      after: (ms, task) => this.at(node, ms, 'timer', task),
    }
  }

  /**
   * Holds the world still until `work` settles: what runs outside the virtual clock, such as a body that is read as a stream,
   * takes no virtual time. It must not wait for a timer of this world.
   */
  hold(work: Promise<unknown>): void {
    this.#held++
    const release = () => {
      this.#held--
    }
    work.then(release, release)
  }

  note(event: string): void {
    this.#trace.update(`${this.#nowMs} ${event}\n`)
  }

  /** Runs tasks until `untilMs` of virtual time, or until `done` says so after a step. */
  async run(untilMs: number, done: () => boolean = () => false): Promise<void> {
    for (;;) {
      await settle()
      for (let turn = 0; this.#held > 0; turn++) {
        if (turn > HELD_TURNS_MAX) throw new Error('what holds the world still waits for its clock')
        await settle()
      }
      if (done()) return
      const task = this.#next()
      if (task === undefined || task.atMs > untilMs) {
        this.#nowMs = Math.max(this.#nowMs, untilMs)
        return
      }
      this.#tasks.delete(task)
      this.#nowMs = task.atMs
      if (!task.node.alive) continue
      this.#steps++
      this.note(`${task.node.name} ${task.label}`)
      task.run()
    }
  }

  traceHash(): string {
    return this.#trace.copy().digest('hex')
  }

  #next(): Task | undefined {
    let first: Task | undefined
    for (const task of this.#tasks) {
      if (first === undefined || task.atMs < first.atMs || (task.atMs === first.atMs && task.order < first.order)) first = task
    }
    return first
  }
}

/** Lets every microtask run, and what streams and message channels need beyond that. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => nextMacrotask(resolve))
}
