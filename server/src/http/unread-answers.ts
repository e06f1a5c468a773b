import type { ServerResponse } from 'node:http'
import type { Clock } from '@tidemark/shared'

/** As much of a response as this looks at. */
export type Answer = Pick<ServerResponse, 'writableLength'> & {
  once(event: 'close', listener: () => void): unknown
  readonly req: { readonly socket: { destroy(): unknown } }
}

/**
 * Answers whose readers have not taken them yet. Past `bytesMax` in all, those that were begun first are cut off: who reads at all has long
 * had them.
 */
export class UnreadAnswers {
  readonly #open = new Set<Answer>()
  readonly #clock: Clock
  readonly #bytesMax: number
  readonly #everyMs: number
  #isLooking = false

  constructor(clock: Clock, bytesMax: number, everyMs: number) {
    this.#clock = clock
    this.#bytesMax = bytesMax
    this.#everyMs = everyMs
  }

  watch(answer: Answer): void {
    this.#open.add(answer)
    answer.once('close', () => this.#open.delete(answer))
    this.#look()
  }

  #look(): void {
    if (this.#isLooking || this.#open.size === 0) return
    this.#isLooking = true
    this.#clock.after(this.#everyMs, () => {
      this.#isLooking = false
      this.#makeRoom()
      this.#look()
    })
  }

  #makeRoom(): void {
    let bytes = 0
    for (const { writableLength } of this.#open) bytes += writableLength
    for (const answer of this.#open) {
      if (bytes <= this.#bytesMax) return
      if (answer.writableLength === 0) continue
      bytes -= answer.writableLength
      this.#open.delete(answer)
      answer.req.socket.destroy()
    }
  }
}
