/**
 * Rows that one transaction changes again and again, such as the head of a busy space: kept here and written once, at its end.
 * `mark` and `undo` follow the transaction's savepoint.
 */
export class HeldRows<Row> {
  #rows = new Map<string, Row>()
  /** What each change since the mark replaced, in their order; undefined where nothing was held. */
  #replaced: [key: string, before: Row | undefined][] | undefined

  get(key: string): Row | undefined {
    return this.#rows.get(key)
  }

  set(key: string, row: Row): void {
    this.#replaced?.push([key, this.#rows.get(key)])
    this.#rows.set(key, row)
  }

  mark(): void {
    this.#replaced = []
  }

  undo(): void {
    for (const [key, before] of this.#replaced?.reverse() ?? []) {
      if (before === undefined) this.#rows.delete(key)
      else this.#rows.set(key, before)
    }
    this.#replaced = undefined
  }

  release(): void {
    this.#replaced = undefined
  }

  /** Hands out what is held, and holds nothing any more. */
  take(): Iterable<Row> {
    const rows = this.#rows
    this.#rows = new Map()
    this.#replaced = undefined
    return rows.values()
  }
}
