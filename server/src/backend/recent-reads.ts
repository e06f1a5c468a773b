import { LastUsed } from '../last-used.ts'
import type { EncodedRange } from './backend.ts'

/**
 * The ranges read last: a crowd that asks for the same is answered from one read. Each holds as long as the space is in the state in
 * which it was read: its head, and how far it was trimmed. Who asks looks at that in a transaction of its own.
 */
export class RecentReads {
  readonly #kept: LastUsed<{ readonly state: string; readonly range: EncodedRange }>

  constructor(rangesMax: number, charactersMax: number) {
    this.#kept = new LastUsed(rangesMax, charactersMax, ({ range }) => range.text.length)
  }

  /** `key`: all that the range depends on but the state. */
  get(key: string, state: string): EncodedRange | undefined {
    const found = this.#kept.get(key)
    return found?.state === state ? found.range : undefined
  }

  keep(key: string, state: string, range: EncodedRange): EncodedRange {
    this.#kept.keep(key, { state, range })
    return range
  }
}
