import { Belt, type Flying, GAP_PX, type Span } from './belt.ts'

/** Speed of the slowest row, in px per s: where there is time to read, and at most. */
const SPEED_CALM = 140
const SPEED_MAX = 840
/** In this time the speed comes near the wanted one, in ms. */
const SPEED_EASE_MS = 500
/** Letters are large, and take two rows, while this speed suffices for all that comes. */
const LARGE_UNTIL = 260
/** How much wider large ones are, about. */
const LARGE_WIDTH = 1.6
/** What waits for a place at most; the oldest goes first. */
export const WAITING_MAX = 1000
/** Past its time by more, a text is not shown any more, in ms. */
const OVERDUE_MS_MAX = 2500
/** New texts a frame: each is drawn for the first time. */
const LAID_A_STEP_MAX = 6
/** A page that was asleep goes on from where it was, in ms. */
const STEP_MS_MAX = 50
/** What the width of a text is taken for until one was seen, in px. */
const WIDTH_GUESSED_PX = 120
const WIDTH_MEMORY = 0.05

interface Waiting<T> {
  readonly item: T
  readonly dueMs: number
}

export interface FlightOptions<T> {
  readonly widthPx: number
  readonly rows: number
  /** In px, at this size. */
  widthOf(item: T, span: Span): number
}

/**
 * When which text flies where: what comes at once is spread over a tick, the speed rises with the crowd, and what finds no place in time
 * is counted as missed. Pure: time passes by `step`.
 */
export class Flight<T> {
  readonly #belt: Belt<T>
  readonly #widthOf: FlightOptions<T>['widthOf']
  #waiting: Waiting<T>[] = []
  #speed = SPEED_CALM
  /** Texts a second, as they come now. */
  #perS = 0
  #calmFromMs = 0
  #smallWidthPx = WIDTH_GUESSED_PX
  #nowMs: number | undefined
  #missed = 0

  constructor({ widthPx, rows, widthOf }: FlightOptions<T>) {
    this.#belt = new Belt(widthPx, rows)
    this.#widthOf = widthOf
  }

  get flying(): Iterable<Flying<T>> {
    return this.#belt.flying
  }

  get count(): number {
    return this.#belt.count
  }

  get waiting(): number {
    return this.#waiting.length
  }

  /** Texts that found no place in time. */
  get missed(): number {
    return this.#missed
  }

  xOf(flying: Flying<T>): number {
    return this.#belt.xOf(flying)
  }

  /** One's own: at once, and before all others. */
  addNow(item: T): void {
    this.#lay(item, true)
  }

  /** Evenly over the time until the next ones come. */
  add(items: readonly T[], nowMs: number, spreadMs: number): void {
    if (items.length === 0) return
    this.#perS = (items.length * 1000) / Math.max(spreadMs, 1)
    this.#calmFromMs = nowMs + spreadMs * 1.5
    this.#waiting.push(...items.map((item, at) => ({ item, dueMs: nowMs + (at * spreadMs) / items.length })))
    this.#miss(this.#waiting.length - WAITING_MAX)
  }

  /** Moves all by the time that has passed since the last step. */
  step(nowMs: number): void {
    const passedMs = Math.min(Math.max(0, nowMs - (this.#nowMs ?? nowMs)), STEP_MS_MAX)
    this.#nowMs = nowMs
    if (nowMs > this.#calmFromMs) this.#perS = 0
    const wanted = Math.min(Math.max(this.#needed(this.#span()), SPEED_CALM), SPEED_MAX)
    this.#speed += (wanted - this.#speed) * Math.min(1, passedMs / SPEED_EASE_MS)
    this.#belt.move((this.#speed * passedMs) / 1000)

    let overdue = 0
    while ((this.#waiting[overdue]?.dueMs ?? nowMs) < nowMs - OVERDUE_MS_MAX) overdue++
    this.#miss(overdue)
    let laid = 0
    while (laid < LAID_A_STEP_MAX) {
      const next = this.#waiting[laid]
      if (next === undefined || next.dueMs > nowMs || !this.#lay(next.item, false)) break
      laid++
    }
    if (laid > 0) this.#waiting.splice(0, laid)
  }

  clear(): void {
    this.#belt.clear()
    this.#waiting = []
  }

  resize(widthPx: number, rows: number): void {
    this.#belt.resize(widthPx, rows)
  }

  #lay(item: T, anyway: boolean): boolean {
    const span = this.#span()
    const widthPx = this.#widthOf(item, span)
    this.#smallWidthPx += ((span === 2 ? widthPx / LARGE_WIDTH : widthPx) - this.#smallWidthPx) * WIDTH_MEMORY
    return this.#belt.lay(item, widthPx, span, anyway) !== undefined
  }

  #span(): Span {
    return this.#belt.rows > 1 && this.#needed(2) <= LARGE_UNTIL ? 2 : 1
  }

  /** The speed at which all that comes finds its place, at this size, in px per s. */
  #needed(span: Span): number {
    const widthPx = this.#smallWidthPx * (span === 2 ? LARGE_WIDTH : 1) + GAP_PX
    return ((this.#perS + this.#overdue()) * widthPx * span) / Math.max(1, this.#belt.rows)
  }

  #overdue(): number {
    const nowMs = this.#nowMs ?? 0
    let count = 0
    // A few are enough to know.
    while (count < 100 && (this.#waiting[count]?.dueMs ?? nowMs) < nowMs - 100) count++
    return count
  }

  #miss(count: number): void {
    if (count <= 0) return
    this.#waiting.splice(0, count)
    this.#missed += count
  }
}
