import { type Clock, RateLimitedError, type SyncError, UnavailableError } from '@tidemark/shared'
import { Admission, type AdmissionBounds } from './admission.ts'
import { Budget } from './budget.ts'
import { LastUsed } from './last-used.ts'

/** How often it is looked whose turn it is, in ms. */
const LOOK_EVERY_MS = 20
/** When those of one address come again who were more than it may send, in ms. */
const ADDRESS_AFTER_MS: readonly [number, number] = [5000, 60_000]

export interface LineBounds extends AdmissionBounds {
  /** Addresses that are counted, each for itself; past them the one that asked longest ago is forgotten. */
  readonly addressesMax: number
}

export type Admitted =
  /** Resolves when it is their turn, with how long that took, in ms; undefined: now. */
  | { readonly turn: Promise<number> | undefined; readonly afterMs?: undefined }
  /** They are not taken, for this reason, and come again between the two. */
  | { readonly afterMs: readonly [number, number]; readonly error: SyncError }

/**
 * Runs an Admission: who waits is told when it is their turn, in the order in which they came. Bounded by its pace and the longest wait.
 * One address takes half of the pace at most: whoever floods leaves the other half to others.
 */
export class AdmissionLine {
  readonly #clock: Clock
  readonly #perS: number
  readonly #admission: Admission
  readonly #byAddress: LastUsed<Budget>
  readonly #waiting: (() => void)[] = []

  constructor(clock: Clock, { addressesMax, ...bounds }: LineBounds) {
    this.#clock = clock
    this.#perS = bounds.perS
    this.#admission = new Admission(bounds)
    this.#byAddress = new LastUsed(addressesMax, addressesMax, () => 1)
  }

  /** `address`: for whom they are counted, where that is known. */
  ask(address: string | undefined): Admitted {
    const cameAtMs = this.#clock.monotonicMs()
    if (address !== undefined && this.#budgetOf(address, cameAtMs).take(cameAtMs) > 0) {
      const error = new RateLimitedError('Too many came from this address.', { afterMs: ADDRESS_AFTER_MS[0] })
      return { afterMs: ADDRESS_AFTER_MS, error }
    }
    const verdict = this.#admission.ask(cameAtMs)
    if (verdict.name === 'now') return { turn: undefined }
    if (verdict.name === 'away') {
      const { afterMs } = verdict
      return { afterMs, error: new UnavailableError('Too many came at the same time. Come again.', { afterMs: afterMs[0] }) }
    }
    const turn = new Promise<number>((resolve) => this.#waiting.push(() => resolve(this.#clock.monotonicMs() - cameAtMs)))
    if (this.#waiting.length === 1) this.#lookSoon()
    return { turn }
  }

  #budgetOf(address: string, nowMs: number): Budget {
    const found = this.#byAddress.get(address)
    if (found !== undefined) return found
    const made = new Budget(this.#perS, this.#perS / 2, nowMs)
    this.#byAddress.keep(address, made)
    return made
  }

  #lookSoon(): void {
    this.#clock.after(LOOK_EVERY_MS, () => {
      for (const resolve of this.#waiting.splice(0, this.#admission.release(this.#clock.monotonicMs()))) resolve()
      if (this.#waiting.length > 0) this.#lookSoon()
    })
  }
}
