import { createHash } from 'node:crypto'
import type { Clock } from '@tidemark/shared'
import { hashOf } from './seeded-random.ts'

/** Saved at import, so that nothing that a test replaces later can hold a step open. */
const nextMacrotask = setImmediate
/** Node runs it when no microtask is left. */
const afterMicrotasks = process.nextTick
/** Turns of the event loop that something outside the virtual clock may take. */
const HELD_TURNS_MAX = 10_000
const NOTES_A_HASHING = 500
/** The wall clock of a server at the beginning, in ms since the epoch. */
export const START_MS = 1_700_000_000_000

/** Something that can die, and all that it waits for with it: a process, or a tab. */
export interface Node {
  readonly name: string
  alive: boolean
  /** Nothing of it runs before this moment; what is due waits. */
  frozenUntilMs: number
  /** Its timers run at whole multiples of this, in ms. */
  timerGrainMs: number
  /** For how long it has slept, in ms: its monotonic clock stood still meanwhile. */
  sleptMs: number
  /** A sleep ends then. */
  sleepsUntilMs: number
  /** What its wall clock is off by, in ms. */
  skewMs: number
  /** Timers of its own that are set; what is on its way to it does not count. */
  waiting: number
}

export function newNode(name: string, settings: Partial<Node> = {}): Node {
  return { name, alive: true, frozenUntilMs: 0, timerGrainMs: 1, sleptMs: 0, sleepsUntilMs: 0, skewMs: 0, waiting: 0, ...settings }
}

interface Task {
  /** When it is looked at next: it runs then, unless its node is frozen, asleep or slow by then. */
  atMs: number
  /** What it was set for. */
  readonly dueMs: number
  /** Among nodes that have something due at one moment the seed decides; the tasks of one node keep their order. */
  order: number
  readonly seq: number
  readonly node: Node
  readonly label: string
  readonly run: () => void
  /** Of a timer: for how long its node had slept when it was set. */
  readonly sleptMs: number | undefined
  /** It runs at whole multiples of its node's grain. */
  readonly isThrottled: boolean
  isOver: boolean
}

/**
 * One virtual clock for a whole world. A step runs one task, then every microtask that it led to; time jumps to the next
 * task. What ran when goes into a hash: two runs of one seed must give the same.
 */
export class Scheduler {
  #nowMs = 0
  #steps = 0
  #held = 0
  #seq = 0
  /** A binary heap, the first task on top. */
  readonly #tasks: Task[] = []
  readonly #trace = createHash('sha256')
  #notes: string[] = []
  readonly #seed: number
  readonly #hashes = new Map<string, number>()

  constructor(seed: number) {
    this.#seed = seed
  }

  get nowMs(): number {
    return this.#nowMs
  }

  get steps(): number {
    return this.#steps
  }

  at(node: Node, afterMs: number, label: string, run: () => void): () => void {
    return this.#add(node, this.#nowMs + Math.max(0, Math.ceil(afterMs)), label, run, undefined)
  }

  /** The clock of one node; `isThrottled`: its timers are those of a page, and not of the system below it. */
  clockOf(node: Node, isThrottled = true): Clock {
    return {
      nowMs: () => START_MS + this.#nowMs + node.skewMs,
      monotonicMs: () => this.#nowMs - node.sleptMs,
      after: (ms, task) => {
        return this.#add(node, Math.ceil(this.#nowMs + Math.max(0, ms)), 'timer', task, node.sleptMs, isThrottled)
      },
    }
  }

  /** Timers of the node run at whole multiples of this from now on, those that are set included. */
  throttle(node: Node, grainMs: number): void {
    node.timerGrainMs = grainMs
    this.#resume(node)
  }

  /** Nothing of the node runs for a time; what is due waits. */
  freeze(node: Node, forMs: number): void {
    node.frozenUntilMs = Math.max(node.frozenUntilMs, this.#nowMs + forMs)
  }

  /** As frozen, and its monotonic clock stands still. */
  sleep(node: Node, forMs: number): void {
    this.freeze(node, forMs)
    const untilMs = Math.max(node.sleepsUntilMs, this.#nowMs + forMs)
    node.sleptMs += untilMs - Math.max(node.sleepsUntilMs, this.#nowMs)
    node.sleepsUntilMs = untilMs
  }

  wake(node: Node): void {
    node.sleptMs -= Math.max(0, node.sleepsUntilMs - this.#nowMs)
    node.sleepsUntilMs = node.frozenUntilMs = 0
    this.#resume(node)
  }

  /** What waited for a node that was frozen, asleep or slow comes to the time that is its own now. */
  #resume(node: Node): void {
    for (const task of this.#tasks.splice(0)) {
      if (task.node === node) task.atMs = Math.max(this.#nowMs, dueMs(task))
      this.#put(task)
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
    this.#notes.push(`${this.#nowMs} ${event}\n`)
    if (this.#notes.length >= NOTES_A_HASHING) this.#hashNotes()
  }

  /** Runs tasks until `untilMs` of virtual time, or until `done` says so after a step. */
  async run(untilMs: number, done: () => boolean = () => false): Promise<void> {
    for (;;) {
      await settle()
      for (let turn = 0; this.#held > 0; turn++) {
        if (turn > HELD_TURNS_MAX) throw new Error('what holds the world still waits for its clock')
        await new Promise<void>((resolve) => nextMacrotask(resolve))
      }
      if (done()) return
      const task = this.#next(untilMs)
      if (task === undefined) {
        this.#nowMs = Math.max(this.#nowMs, untilMs)
        return
      }
      this.#nowMs = Math.max(this.#nowMs, task.atMs)
      this.#steps++
      this.note(`${task.node.name} ${task.label}`)
      task.run()
    }
  }

  traceHash(): string {
    this.#hashNotes()
    return this.#trace.copy().digest('hex')
  }

  /** Takes the next task that can run by then off the heap. */
  #next(untilMs: number): Task | undefined {
    for (let task = this.#tasks[0]; task !== undefined && task.atMs <= untilMs; task = this.#tasks[0]) {
      this.#takeFirst()
      const { node } = task
      if (task.isOver) continue
      const atMs = dueMs(task)
      if (node.alive && atMs > task.atMs) {
        task.atMs = atMs
        this.#put(task)
        continue
      }
      this.#end(task)
      if (node.alive) return task
    }
    return undefined
  }

  #add(node: Node, atMs: number, label: string, run: () => void, sleptMs: number | undefined, isThrottled = false): () => void {
    const task: Task = { atMs, dueMs: atMs, order: 0, seq: this.#seq++, node, label, run, sleptMs, isThrottled, isOver: false }
    if (sleptMs !== undefined) node.waiting++
    this.#put(task)
    return () => this.#end(task)
  }

  #end(task: Task): void {
    if (task.isOver) return
    task.isOver = true
    if (task.sleptMs !== undefined) task.node.waiting--
  }

  #put(task: Task): void {
    task.order = this.#orderOf(task)
    const tasks = this.#tasks
    let at = tasks.length
    tasks.push(task)
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = tasks[above] as Task
      if (!isBefore(task, parent)) break
      tasks[at] = parent
      at = above
    }
    tasks[at] = task
  }

  #takeFirst(): void {
    const tasks = this.#tasks
    const last = tasks.pop()
    if (last === undefined || tasks.length === 0) return
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      if (left >= tasks.length) break
      const below = left + 1 < tasks.length && isBefore(tasks[left + 1] as Task, tasks[left] as Task) ? left + 1 : left
      if (!isBefore(tasks[below] as Task, last)) break
      tasks[at] = tasks[below] as Task
      at = below
    }
    tasks[at] = last
  }

  /** By the seed, the node and the moment alone, so that leaving a step out of a plan moves no other. */
  #orderOf({ node, atMs }: Task): number {
    let hash = this.#hashes.get(node.name)
    if (hash === undefined) {
      hash = hashOf(this.#seed, node.name)
      this.#hashes.set(node.name, hash)
    }
    return Math.imul(hash ^ atMs, 0x9e3779b1) >>> 0
  }

  #hashNotes(): void {
    this.#trace.update(this.#notes.join(''))
    this.#notes = []
  }
}

/** When a task can run, as its node is now. */
function dueMs({ dueMs, sleptMs, isThrottled, node }: Task): number {
  if (sleptMs === undefined) return Math.max(dueMs, node.frozenUntilMs)
  const grainMs = isThrottled ? node.timerGrainMs : 1
  return Math.max(Math.ceil((dueMs + node.sleptMs - sleptMs) / grainMs) * grainMs, node.frozenUntilMs)
}

function isBefore(a: Task, b: Task): boolean {
  return a.atMs !== b.atMs ? a.atMs < b.atMs : a.order !== b.order ? a.order < b.order : a.seq < b.seq
}

/** Lets every microtask run. */
function settle(): Promise<void> {
  return new Promise((resolve) => afterMicrotasks(resolve))
}
