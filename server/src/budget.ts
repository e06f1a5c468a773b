/** How often something may be done: `burst` times at once, then `perS` a second. Pure: time comes as an argument. */
export class Budget {
  readonly #burst: number
  readonly #perS: number
  #left: number
  #atMs: number

  constructor(burst: number, perS: number, nowMs: number) {
    this.#burst = burst
    this.#perS = perS
    this.#left = burst
    this.#atMs = nowMs
  }

  /** 0 when one more is allowed, which it then counts; else the ms until one is. */
  take(nowMs: number): number {
    this.#left = Math.min(this.#burst, this.#left + ((nowMs - this.#atMs) * this.#perS) / 1000)
    this.#atMs = nowMs
    if (this.#left >= 1) {
      this.#left -= 1
      return 0
    }
    return Math.ceil(((1 - this.#left) * 1000) / this.#perS)
  }
}
