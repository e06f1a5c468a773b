import type { LaneDefinition, LaneItem, LaneState, Random } from '@tidemark/shared'
import { PASSED_IDS_MAX, RING_ANSWERS_MAX, UNMERGED_TICKS_MAX } from './bounds.ts'
import { Bucket, type BucketOptions } from './bucket.ts'
import type { LanePlace, RingText } from './lane-engine.ts'
import type { KeptLane } from './lane-store.ts'
import { frameOf, ringText, stateFrame, type TickText, textOf } from './lane-text.ts'

/** A moment on both clocks, in ms: the wall's names ticks, the other one ends them. */
export interface Moment {
  readonly nowMs: number
  readonly monotonicMs: number
}

/** A tick that no text was made of yet. */
export interface OpenTick {
  readonly tick: number
  readonly tickMs: number
  /** When its time is over, on the monotonic clock. */
  readonly endsMs: number
  readonly bucket: Bucket
  /** What was said before this is to go from screens. */
  clearedAtMs: number | undefined
  /** Something in the store is to be removed with it. */
  isStored: boolean
}

/** When it is to be merged: at its end, or at once where it clears the lane. */
export function endOf({ endsMs, clearedAtMs }: OpenTick): number {
  return clearedAtMs === undefined ? endsMs : Number.NEGATIVE_INFINITY
}

interface RunOptions {
  readonly random: Random
  readonly badWeight: BucketOptions['badWeight']
}

/**
 * One lane that is in use: its ring, and the ticks that are not merged yet. Pure: time comes as an argument. Numbers of ticks only grow,
 * whatever the clock does and however the length is changed.
 */
export class LaneRun {
  readonly place: LanePlace
  definition: LaneDefinition
  readonly open: OpenTick[] = []
  readonly #options: RunOptions
  #ring: TickText[] = []
  /** By tick, who said what under which id: what a ring shows is not said again. */
  readonly #ids = new Map<number, readonly string[]>()
  readonly #known = new Set<string>()
  /** The same of what was passed on at once, the oldest first. */
  readonly #passed = new Set<string>()
  #newest: number
  #characters = 0
  /** Of one moment, which `#answersOf` names: by the place in the ring where they begin. */
  readonly #answers = new Map<number, RingText>()
  #answersOf = ''
  /** Another one after each tick that was merged. */
  merges: symbol = Symbol('merges')
  clearedAtMs = 0
  /** Whether it knows what the store has of it. */
  isLoaded = false
  /** Says that are being stored: it stays in memory. */
  inHand = 0
  /** When its ticks may be stored again, on the monotonic clock, where that failed. */
  retryAtMs: number = Number.NEGATIVE_INFINITY
  cancelTimer: () => void = () => {}

  /** `newest`: no tick up to it is given out. */
  constructor(place: LanePlace, definition: LaneDefinition, newest: number, options: RunOptions) {
    this.place = place
    this.definition = definition
    this.#newest = newest
    this.#options = options
  }

  /** The newest tick that was given out, or passed by. */
  get newest(): number {
    return this.#newest
  }

  /** Of the ring. */
  get characters(): number {
    return this.#characters
  }

  get isIdle(): boolean {
    return this.open.length === 0 && this.inHand === 0
  }

  load({ newest, clearedAtMs, ticks }: KeptLane): void {
    this.#newest = Math.max(this.#newest, newest)
    this.clearedAtMs = Math.max(this.clearedAtMs, clearedAtMs)
    for (const { tick, text } of ticks) this.#push(frameOf(this.place, tick, text), idsIn(text))
    this.isLoaded = true
  }

  /** Whether the ring shows what this user said under this id. */
  knows(by: string, id: string): boolean {
    return this.#known.has(`${by} ${id}`)
  }

  /** No tick up to this one is given out any more. */
  pass(tick: number): void {
    this.#newest = Math.max(this.#newest, tick)
  }

  /** Whether something that is sent at once goes out: not again under an id that did so of late. */
  letsPass({ by, id }: Pick<LaneItem, 'by' | 'id'>): boolean {
    const key = `${by} ${id}`
    if (this.#passed.has(key)) return false
    this.#passed.add(key)
    if (this.#passed.size > PASSED_IDS_MAX) this.#passed.delete(this.#passed.keys().next().value as string)
    return true
  }

  /** The number of a tick that is sent at once. */
  passing(nowMs: number): number {
    const tick = this.#next(nowMs)
    this.pass(tick)
    return tick
  }

  /** The tick that what is said now belongs to; undefined where too many wait to be merged. */
  tickAt({ nowMs, monotonicMs }: Moment, { tickMs, cap }: LaneState): OpenTick | undefined {
    const last = this.open.at(-1)
    if (last !== undefined && monotonicMs < last.endsMs) return last
    if (this.open.length >= UNMERGED_TICKS_MAX) return undefined
    const startMs = tickMs === 0 ? nowMs : Math.floor(nowMs / tickMs) * tickMs
    return this.#begin(this.#next(startMs), { tickMs, cap }, monotonicMs + startMs + tickMs - nowMs)
  }

  /** A tick that a process before left; it is over. */
  leftAt(tick: number, state: LaneState): OpenTick {
    const last = this.open.at(-1)
    return last?.tick === tick ? last : this.#begin(tick, state, Number.NEGATIVE_INFINITY)
  }

  /** What was said before `atMs` is to go: the tick that comes next says so, at once. */
  clear(atMs: number, { nowMs, monotonicMs }: Moment, state: LaneState): void {
    this.clearedAtMs = atMs
    for (const { bucket } of this.open) bucket.forgetBefore(atMs)
    const first = this.open[0] ?? this.#begin(this.#next(nowMs), state, monotonicMs)
    first.clearedAtMs = atMs
    while (this.#ring.length > 0) this.#shift()
  }

  /** The oldest open tick was merged and stored. */
  merged(text: TickText | undefined): void {
    const first = this.open.shift()
    if (first === undefined || text === undefined) return
    this.merges = Symbol('merges')
    this.#push(
      text,
      first.bucket.items().map(({ item: { by, id } }) => `${by} ${id}`),
    )
    while (this.#ring.length > this.definition.ring) this.#shift()
  }

  ringAfter(since: number, state: LaneState): RingText {
    const newest = this.#ring.at(-1)?.tick ?? 0
    const of = `${newest} ${this.#ring.length} ${JSON.stringify(state)}`
    if (this.#answersOf !== of) this.#answers.clear()
    this.#answersOf = of
    // Whatever is asked for, there are no more answers than places in the ring.
    const from = this.#ring.findLastIndex(({ tick }) => tick <= since) + 1
    const before = this.#answers.get(from)
    if (before !== undefined) return before
    const ticks = this.#ring.slice(from)
    const ring: RingText = {
      text: ringText(
        this.place,
        state,
        ticks.map((tick) => textOf(this.place, tick)),
      ),
      frames: [stateFrame(this.place, state), ...ticks.map(({ frame }) => frame)],
      newest,
      tickMs: state.tickMs,
    }
    if (this.#answers.size >= RING_ANSWERS_MAX) this.#answers.clear()
    this.#answers.set(from, ring)
    return ring
  }

  #next(startMs: number): number {
    return Math.max(startMs, this.#newest + 1)
  }

  #begin(tick: number, { tickMs, cap }: LaneState, endsMs: number): OpenTick {
    const { sampling, text } = this.definition
    const bucket = new Bucket({ cap, sampling, text, ...this.#options })
    const begun: OpenTick = { tick, tickMs, endsMs, bucket, clearedAtMs: undefined, isStored: false }
    this.open.push(begun)
    this.pass(tick)
    return begun
  }

  #push(tick: TickText, ids: readonly string[]): void {
    this.#ring.push(tick)
    this.#characters += tick.frame.length
    this.#ids.set(tick.tick, ids)
    for (const id of ids) this.#known.add(id)
  }

  #shift(): void {
    const oldest = this.#ring.shift()
    if (oldest === undefined) return
    this.#characters -= oldest.frame.length
    for (const id of this.#ids.get(oldest.tick) ?? []) this.#known.delete(id)
    this.#ids.delete(oldest.tick)
  }
}

function idsIn(text: string): readonly string[] {
  const { items } = JSON.parse(text) as { readonly items: readonly { readonly by: string; readonly id: string }[] }
  return items.map(({ by, id }) => `${by} ${id}`)
}
