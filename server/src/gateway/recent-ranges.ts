import type { EncodedRange } from '../backend/backend.ts'

/** A range with the frame that carries it: one text for all its readers. */
export interface FramedRange {
  readonly range: EncodedRange
  readonly frame: string
}

/**
 * The ranges fetched last, over all spaces, the oldest use first to go: a crowd that comes back to the same place is answered
 * from one read. Each key names the memory of its space (see Channel), the view, and number and seal asked.
 */
export class RecentRanges {
  readonly #kept = new Map<string, FramedRange>()
  readonly #rangesMax: number
  readonly #charactersMax: number
  #characters = 0

  constructor(rangesMax: number, charactersMax: number) {
    this.#rangesMax = rangesMax
    this.#charactersMax = charactersMax
  }

  get characters(): number {
    return this.#characters
  }

  get(key: string): FramedRange | undefined {
    const found = this.#kept.get(key)
    if (found === undefined) return undefined
    this.#kept.delete(key)
    this.#kept.set(key, found)
    return found
  }

  keep(key: string, framed: FramedRange): void {
    this.#drop(key)
    this.#kept.set(key, framed)
    this.#characters += framed.frame.length
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#rangesMax && this.#characters <= this.#charactersMax) return
      this.#drop(oldest)
    }
  }

  #drop(key: string): void {
    const found = this.#kept.get(key)
    if (found === undefined) return
    this.#kept.delete(key)
    this.#characters -= found.frame.length
  }
}
