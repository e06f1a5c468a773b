import type { Connection } from './connection.ts'

/** Connections whose hello has not come, the oldest first, and for which address each is counted. */
export class Greetings {
  readonly #waiting = new Map<Connection, string | undefined>()
  readonly #of = new Map<string, number>()

  get size(): number {
    return this.#waiting.size
  }

  get oldest(): Connection | undefined {
    return this.#waiting.keys().next().value
  }

  countOf(address: string | undefined): number {
    return address === undefined ? 0 : (this.#of.get(address) ?? 0)
  }

  add(connection: Connection, address: string | undefined): void {
    this.#waiting.set(connection, address)
    if (address !== undefined) this.#of.set(address, this.countOf(address) + 1)
  }

  /** Its hello came, or it ended. Call it twice, it counts once. */
  remove(connection: Connection): void {
    const address = this.#waiting.get(connection)
    if (!this.#waiting.delete(connection) || address === undefined) return
    const left = this.countOf(address) - 1
    if (left > 0) this.#of.set(address, left)
    else this.#of.delete(address)
  }
}
