import { type Clock, UnavailableError, within } from '@tidemark/shared'
import { LastUsed } from '../last-used.ts'
import type { EncodedRange } from './backend.ts'
import { READ_WITHIN_MS } from './bounds.ts'

/**
 * The ranges read last, and those that are read now: a crowd that asks for the same is answered from one read, also who comes while it is
 * under way. Each holds as long as the space is in the state in which it was read: its head, and how far it was trimmed. Who asks looks at
 * that in a transaction of its own.
 */
export class RecentReads {
  readonly #clock: Clock
  readonly #kept: LastUsed<{ readonly state: string; readonly range: EncodedRange }>
  /** By key and state. An entry lives as long as its read, which has a deadline. */
  readonly #underWay = new Map<string, Promise<EncodedRange>>()

  constructor(clock: Clock, rangesMax: number, charactersMax: number) {
    this.#clock = clock
    this.#kept = new LastUsed(rangesMax, charactersMax, ({ range }) => range.text.length)
  }

  /** `key`: all that the range depends on but the state. `read` is called where nobody has it and nobody reads it; its error is everybody's who waited. */
  of(key: string, state: string, read: () => Promise<EncodedRange>): Promise<EncodedRange> | EncodedRange {
    const kept = this.#kept.get(key)
    if (kept?.state === state) return kept.range
    const place = `${state} ${key}`
    return this.#underWay.get(place) ?? this.#read(place, key, state, read)
  }

  #read(place: string, key: string, state: string, read: () => Promise<EncodedRange>): Promise<EncodedRange> {
    const reading = within(this.#clock, READ_WITHIN_MS, read(), readTooLate)
      .then((range) => {
        this.#kept.keep(key, { state, range })
        return range
      })
      .finally(() => this.#underWay.delete(place))
    this.#underWay.set(place, reading)
    return reading
  }
}

/** A changelog that has not answered within READ_WITHIN_MS. */
export function readTooLate(): UnavailableError {
  return new UnavailableError('The changelog did not answer in time. Try again.', { afterMs: 1000 })
}
