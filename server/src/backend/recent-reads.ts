import type { EncodedRange } from './backend.ts'

/**
 * The ranges read last, the oldest use first to go: a crowd that asks for the same is answered from one read. Each holds as long as the
 * space is in the state in which it was read: its head, and how far it was trimmed. Who asks looks at that in a transaction of its own.
 */
export class RecentReads {
  readonly #kept = new Map<string, { readonly state: string; readonly range: EncodedRange }>()
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

  /** `key`: all that the range depends on but the state. */
  get(key: string, state: string): EncodedRange | undefined {
    const found = this.#kept.get(key)
    if (found === undefined || found.state !== state) return undefined
    this.#kept.delete(key)
    this.#kept.set(key, found)
    return found.range
  }

  keep(key: string, state: string, range: EncodedRange): EncodedRange {
    this.#drop(key)
    this.#kept.set(key, { state, range })
    this.#characters += range.text.length
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#rangesMax && this.#characters <= this.#charactersMax) break
      this.#drop(oldest)
    }
    return range
  }

  #drop(key: string): void {
    const found = this.#kept.get(key)
    if (found === undefined) return
    this.#kept.delete(key)
    this.#characters -= found.range.text.length
  }
}
