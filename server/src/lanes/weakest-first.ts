/** What has a strength, and its place among the others. */
export interface Ranked {
  strength: number
  /** Where it lies; kept by WeakestFirst. */
  at: number
}

/** A binary heap whose first is the weakest; of equals any. Each change costs O(log n). */
export class WeakestFirst<T extends Ranked> {
  readonly #all: T[] = []

  get size(): number {
    return this.#all.length
  }

  get all(): readonly T[] {
    return this.#all
  }

  add(one: T): void {
    this.#all.push(one)
    this.#rise(one, this.#all.length - 1)
  }

  /** It became stronger. */
  strengthened(one: T): void {
    this.#sink(one, one.at)
  }

  takeWeakest(): T | undefined {
    const weakest = this.#all[0]
    const last = this.#all.pop()
    if (last !== undefined && last !== weakest) this.#sink(last, 0)
    return weakest
  }

  #rise(one: T, from: number): void {
    let at = from
    while (at > 0) {
      const above = (at - 1) >> 1
      const other = this.#all[above] as T
      if (other.strength <= one.strength) break
      this.#put(other, at)
      at = above
    }
    this.#put(one, at)
  }

  #sink(one: T, from: number): void {
    const { length } = this.#all
    let at = from
    for (;;) {
      const left = 2 * at + 1
      if (left >= length) break
      const right = left + 1
      const below = right < length && (this.#all[right] as T).strength < (this.#all[left] as T).strength ? right : left
      const other = this.#all[below] as T
      if (other.strength >= one.strength) break
      this.#put(other, at)
      at = below
    }
    this.#put(one, at)
  }

  #put(one: T, at: number): void {
    this.#all[at] = one
    one.at = at
  }
}
