import type { HistoryReset } from '@tidemark/client'
import type { Key } from '@tidemark/client/testing'
import type { OutboxEntry } from './disk-watch.ts'

/** [P8] Holds what an app is told of histories that were reset against what its device offered again. */
export class ResetWatch {
  /** By their place in the outbox, the nonces of what the server lost and is offered again. */
  readonly #offered = new Map<Key, string>()
  #offeredAgain = 0
  #toldAgain = 0
  #lost = 0
  #times = 0

  /** The outbox changed. */
  look(keys: Iterable<Key>, rowAt: (key: Key) => OutboxEntry | undefined): void {
    const before = new Set(this.#offered.values())
    for (const key of keys) {
      const row = rowAt(key)
      if (row?.again === true && row.void === undefined) this.#offered.set(key, row.nonce)
      else this.#offered.delete(key)
    }
    for (const nonce of this.#offered.values()) if (!before.has(nonce)) this.#offeredAgain++
  }

  /** Tabs may be told beside each other, and once more after a crash. */
  told({ offeredAgain, lost }: HistoryReset): void {
    this.#toldAgain += offeredAgain
    this.#lost += lost
    this.#times++
  }

  /** `wasSetBack`: the server was; `isOldTail`: by the clock of this device its tail may be older than it is. */
  *wrong(wasSetBack: boolean, isOldTail: boolean): Generator<string> {
    if (this.#times > 0 && !wasSetBack) yield `was told ${this.#times} times of a history that was reset, and none was`
    if (this.#toldAgain < this.#offeredAgain) yield `offered ${this.#offeredAgain} again, and was told of ${this.#toldAgain}`
    if (this.#lost > 0 && !isOldTail) yield `was told that ${this.#lost} are lost, which its tail has`
  }
}
