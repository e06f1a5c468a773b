import type { Clock } from '@tidemark/shared'
import { Admission, type AdmissionBounds } from './admission.ts'

/** How often it is looked whose turn it is, in ms. */
const LOOK_EVERY_MS = 20

/** Runs an Admission: who waits is told when it is their turn, in the order in which they came. Bounded by its pace and the longest wait. */
export class AdmissionLine {
  readonly #clock: Clock
  readonly #admission: Admission
  readonly #waiting: (() => void)[] = []

  constructor(clock: Clock, bounds: AdmissionBounds) {
    this.#clock = clock
    this.#admission = new Admission(bounds)
  }

  /** `turn` resolves when it is theirs, undefined: now. `afterMs`: they are not taken, and come again between the two. */
  ask(): { readonly turn: Promise<void> | undefined; readonly afterMs?: undefined } | { readonly afterMs: readonly [number, number] } {
    const verdict = this.#admission.ask(this.#clock.monotonicMs())
    if (verdict.name === 'away') return verdict
    if (verdict.name === 'now') return { turn: undefined }
    const turn = new Promise<void>((resolve) => this.#waiting.push(resolve))
    if (this.#waiting.length === 1) this.#lookSoon()
    return { turn }
  }

  #lookSoon(): void {
    this.#clock.after(LOOK_EVERY_MS, () => {
      for (const resolve of this.#waiting.splice(0, this.#admission.release(this.#clock.monotonicMs()))) resolve()
      if (this.#waiting.length > 0) this.#lookSoon()
    })
  }
}
