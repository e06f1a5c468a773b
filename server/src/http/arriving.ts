/** Who sends something long, and can be ended. */
export interface Sender {
  cut(): void
}

/**
 * Bytes of frames and bodies that have begun to come in and are not whole yet, over all connections. Past `bytesMax` in all, those that
 * began first are cut off: who means to end what it began has long done so.
 */
export class Arriving {
  readonly #bytesMax: number
  /** In the order in which they began. */
  readonly #unfinished = new Map<Sender, number>()
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** More of it is here, or will be. */
  add(sender: Sender, bytes: number): void {
    this.#unfinished.set(sender, (this.#unfinished.get(sender) ?? 0) + bytes)
    this.#bytes += bytes
    for (const first of this.#unfinished.keys()) {
      if (this.#bytes <= this.#bytesMax) return
      this.done(first)
      first.cut()
    }
  }

  /** It is whole, or will never be. Call it twice, it counts once. */
  done(sender: Sender): void {
    this.#bytes -= this.#unfinished.get(sender) ?? 0
    this.#unfinished.delete(sender)
  }
}
