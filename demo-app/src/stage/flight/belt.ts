/** Free space behind each text, in px. */
export const GAP_PX = 18
/** A text may be laid so far outside of the right edge, in px, when every row is taken. */
const AHEAD_PX_MAX = 160
/** Two rows make a pair; of so many pairs, one under the other, each has a speed of its own, so that they look like water and not like a board. */
const SPEEDS = 4
const SPEED_STEP = 0.05

/** How many rows a text takes: two where there is room for large letters. */
export type Span = 1 | 2

/** A text on its way. */
export interface Flying<T> {
  readonly item: T
  readonly row: number
  readonly span: Span
  readonly widthPx: number
  /** How far its row had moved when its left edge stood at the right end, in px. */
  readonly entersPx: number
}

/**
 * Rows that move to the left, each at one speed for all that is on it: what comes later never reaches what came before, however the
 * speed changes. Two rows that can carry one large text move alike.
 */
export class Belt<T> {
  #widthPx: number
  readonly #travelledPx: number[] = []
  /** By row: where the next text may enter. */
  readonly #freePx: number[] = []
  readonly #flying = new Set<Flying<T>>()

  constructor(widthPx: number, rows: number) {
    this.#widthPx = widthPx
    this.resize(widthPx, rows)
  }

  /** In the order in which they were laid. */
  get flying(): Iterable<Flying<T>> {
    return this.#flying
  }

  get count(): number {
    return this.#flying.size
  }

  get rows(): number {
    return this.#freePx.length
  }

  /** Left edge, in px from the belt's. */
  xOf({ row, entersPx }: Flying<T>): number {
    return this.#widthPx - (this.#travelled(row) - entersPx)
  }

  move(px: number): void {
    for (let pair = 0; pair < this.#travelledPx.length; pair++)
      this.#travelledPx[pair] = (this.#travelledPx[pair] ?? 0) + px * (1 + (pair % SPEEDS) * SPEED_STEP)
    for (const flying of this.#flying) if (this.xOf(flying) + flying.widthPx < 0) this.#flying.delete(flying)
  }

  /** Lays a text where it enters first; `anyway`: however late that is. Undefined where no row has room. */
  lay(item: T, widthPx: number, span: Span, anyway = false): Flying<T> | undefined {
    let best: { row: number; waitPx: number } | undefined
    for (let row = 0; row + span <= this.rows; row += span) {
      const waitPx = Math.max(0, this.#freeAt(row, span) - this.#travelled(row))
      if (best === undefined || waitPx < best.waitPx) best = { row, waitPx }
      if (waitPx === 0) break
    }
    if (best === undefined || (best.waitPx > AHEAD_PX_MAX && !anyway)) return undefined
    const entersPx = this.#travelled(best.row) + best.waitPx
    for (let row = best.row; row < best.row + span; row++) this.#freePx[row] = entersPx + widthPx + GAP_PX
    const flying = { item, row: best.row, span, widthPx, entersPx }
    this.#flying.add(flying)
    return flying
  }

  clear(): void {
    this.#flying.clear()
    for (let row = 0; row < this.rows; row++) this.#freePx[row] = this.#travelled(row)
  }

  /** What flies in rows that are no more goes. */
  resize(widthPx: number, rows: number): void {
    this.#widthPx = widthPx
    while (this.#travelledPx.length * 2 < rows) this.#travelledPx.push(0)
    while (this.#freePx.length < rows) this.#freePx.push(this.#travelled(this.#freePx.length))
    this.#freePx.length = rows
    for (const flying of this.#flying) if (flying.row + flying.span > rows) this.#flying.delete(flying)
  }

  #travelled(row: number): number {
    return this.#travelledPx[row >> 1] ?? 0
  }

  #freeAt(row: number, span: Span): number {
    return Math.max(this.#freePx[row] ?? 0, span === 2 ? (this.#freePx[row + 1] ?? 0) : 0)
  }
}
