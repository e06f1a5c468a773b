/**
 * Rows that one transaction changes again and again, such as the head of a busy space: kept here and written once, at its end.
 * `mark` and `undo` follow the transaction's savepoint.
 */
export class HeldRows<Row> {
  #rows = new Map<string, Row>()
  /** What the rows changed since the mark were before it; undefined where nothing was held. */
  #before: Map<string, Row | undefined> | undefined

  get(key: string): Row | undefined {
    return this.#rows.get(key)
  }

  set(key: string, row: Row): void {
    if (this.#before?.has(key) === false) this.#before.set(key, this.#rows.get(key))
    this.#rows.set(key, row)
  }

  mark(): void {
    this.#before = new Map()
  }

  undo(): void {
    for (const [key, row] of this.#before ?? []) {
      if (row === undefined) this.#rows.delete(key)
      else this.#rows.set(key, row)
    }
    this.#before = undefined
  }

  release(): void {
    this.#before = undefined
  }

  /** Hands out what is held, and holds nothing any more. */
  take(): Iterable<Row> {
    const rows = this.#rows
    this.#rows = new Map()
    this.#before = undefined
    return rows.values()
  }
}
