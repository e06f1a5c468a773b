import type { Clock } from '@tidemark/shared'
import { LastUsed } from '../last-used.ts'

/** How much may be done in a while: `burst` at once, `perS` a second in the long run. */
export interface Pace {
  readonly perS: number
  readonly burst: number
}

/** Token buckets of whoever did something last, each as one time: when it will be full. Source: the generic cell rate algorithm (ITU-T I.371). */
export class Paces {
  readonly #clock: Clock
  readonly #fullAtMs: LastUsed<number>

  constructor(clock: Clock, bucketsMax: number) {
    this.#clock = clock
    this.#fullAtMs = new LastUsed(bucketsMax, Number.POSITIVE_INFINITY, () => 0)
  }

  /** Takes one of each bucket, or, where one of them is empty, none. Returns after how many ms there is one of each; 0: taken. */
  take(asks: readonly { readonly key: string; readonly pace: Pace }[]): number {
    const nowMs = this.#clock.monotonicMs()
    const fullAtMs = asks.map(({ key }) => Math.max(nowMs, this.#fullAtMs.get(key) ?? 0))
    const afterMs = Math.max(...asks.map(({ pace: { perS, burst } }, at) => (fullAtMs[at] as number) - nowMs - ((burst - 1) * 1000) / perS))
    if (afterMs > 0) return Math.ceil(afterMs)
    for (const [at, { key, pace }] of asks.entries()) this.#fullAtMs.keep(key, (fullAtMs[at] as number) + 1000 / pace.perS)
    return 0
  }
}
