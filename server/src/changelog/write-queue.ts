import { UnavailableError } from '@tidemark/shared'

/** Writes that wait at one time; a group commit is one of them. Past it the engine is not keeping up. */
const WAITING_MAX = 10_000

/** Runs tasks one at a time, in the order of the calls. A task that fails leaves the others alone. */
export class WriteQueue {
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0
  #closed = false

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new UnavailableError('The changelog is closed.')
    if (this.#waiting >= WAITING_MAX) throw new UnavailableError('Too many writes wait for the changelog.', { afterMs: 1000 })
    this.#waiting += 1
    const result = this.#last.then(task)
    this.#last = result.then(
      () => {
        this.#waiting -= 1
      },
      () => {
        this.#waiting -= 1
      },
    )
    return result
  }

  /** Takes nothing more; resolves when what was taken is done. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#last
  }
}
