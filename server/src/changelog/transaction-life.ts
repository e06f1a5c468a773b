import { InternalError } from '@tidemark/shared'

/** From begin to end. A call that comes later, from work that nobody awaited, is refused rather than served from another's transaction. */
export class TransactionLife {
  #ended = false
  #inSavepoint = false

  get isOpen(): boolean {
    return !this.#ended
  }

  assertOpen(): void {
    if (this.#ended) throw new InternalError('a transaction was used after its end')
  }

  enterSavepoint(): void {
    this.assertOpen()
    if (this.#inSavepoint) throw new InternalError('savepoints do not nest')
    this.#inSavepoint = true
  }

  leaveSavepoint(): void {
    this.#inSavepoint = false
  }

  /** Before a commit: work that returned while a savepoint of it still runs would commit half of a mutation. */
  assertWhole(): void {
    if (this.#inSavepoint) throw new InternalError('a write returned before its savepoint did')
  }

  end(): void {
    this.#ended = true
  }
}
