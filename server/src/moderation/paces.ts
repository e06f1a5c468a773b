import type { Clock } from '@tidemark/shared'
import { LastUsed } from '../last-used.ts'

/** How much may be done in a while: `burst` at once, `perS` a second in the long run. */
export interface Pace {
  readonly perS: number
  readonly burst: number
}

/** Token buckets of whoever did something last. */
export class Paces {
  readonly #clock: Clock
  readonly #buckets: LastUsed<{ left: number; atMs: number }>

  constructor(clock: Clock, bucketsMax: number) {
    this.#clock = clock
    this.#buckets = new LastUsed(bucketsMax, Number.POSITIVE_INFINITY, () => 0)
  }

  /** Takes one of each bucket, or, where one of them is empty, none. Returns after how many ms there is one of each; 0: taken. */
  take(asks: readonly { readonly key: string; readonly pace: Pace }[]): number {
    const nowMs = this.#clock.monotonicMs()
    let afterMs = 0
    const buckets = asks.map(({ key, pace: { perS, burst } }) => {
      const bucket = this.#buckets.get(key) ?? { left: burst, atMs: nowMs }
      bucket.left = Math.min(burst, bucket.left + ((nowMs - bucket.atMs) / 1000) * perS)
      bucket.atMs = nowMs
      this.#buckets.keep(key, bucket)
      if (bucket.left < 1) afterMs = Math.max(afterMs, Math.ceil(((1 - bucket.left) / perS) * 1000))
      return bucket
    })
    if (afterMs === 0) for (const bucket of buckets) bucket.left -= 1
    return afterMs
  }
}
