/** What was used last, the oldest use first to go: as many entries as may be kept, and as much in all as their sizes may come to. */
export class LastUsed<T> {
  readonly #kept = new Map<string, T>()
  readonly #entriesMax: number
  readonly #sizeMax: number
  readonly #sizeOf: (value: T) => number
  #size = 0

  /** `sizeMax` in the unit of `sizeOf`. */
  constructor(entriesMax: number, sizeMax: number, sizeOf: (value: T) => number) {
    this.#entriesMax = entriesMax
    this.#sizeMax = sizeMax
    this.#sizeOf = sizeOf
  }

  /** Of all that is kept. */
  get size(): number {
    return this.#size
  }

  get(key: string): T | undefined {
    const found = this.#kept.get(key)
    if (found === undefined) return undefined
    this.#kept.delete(key)
    this.#kept.set(key, found)
    return found
  }

  keep(key: string, value: T): void {
    this.#drop(key)
    this.#kept.set(key, value)
    this.#size += this.#sizeOf(value)
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#entriesMax && this.#size <= this.#sizeMax) return
      this.#drop(oldest)
    }
  }

  #drop(key: string): void {
    const found = this.#kept.get(key)
    if (found === undefined) return
    this.#kept.delete(key)
    this.#size -= this.#sizeOf(found)
  }
}
