/** Hellos and pulls that are answered a second where nothing else is said: a hello costs about 0.6 ms of one core. Source: docs/decisions/028. */
export const HELLOS_PER_S = 1000
export const PULLS_PER_S = 2000
/** How long a hello and a pull may wait for their turn, in ms: less than a client waits for its welcome. */
export const HELLO_HELD_MS_MAX = 4000
export const PULL_HELD_MS_MAX = 2000
/** The latest that anybody is told to come again, in ms. */
export const AWAY_MS_MAX = 300_000
/** From the end of a process to the next one that listens, in ms, where nothing else is said: that of a service manager, and a start. */
export const RESTART_MS = 2000

export interface AdmissionBounds {
  /** Taken a second, in the long run. */
  readonly perS: number
  /** The longest that one waits here for a turn, in ms; who would wait longer is sent away. */
  readonly heldMsMax: number
  /** The latest that anybody is told to come again, in ms. */
  readonly awayMsMax: number
}

/** What becomes of one who comes: taken at once, in line here, or sent away, to come again at a random moment between the two. */
export type Verdict = { readonly name: 'now' | 'wait' } | { readonly name: 'away'; readonly afterMs: readonly [number, number] }

/** What may be taken at once after a rest, as the time in which as many are taken otherwise, in ms: work that one turn of the event loop bears. */
const BURST_MS = 100
/** How wide the window of a place is, in ms: devices do not all count alike. */
const PLACE_MS = 1000
/** How much the last release counts in the pace that is told. */
const PACE_WEIGHT = 0.2

/**
 * Takes a crowd in at a steady pace, so that those who are served already stay served, and so that nobody has to come twice for nothing.
 * There is a line in which one waits here, as long as it is short. Whoever comes when it is full is given a place behind it and behind all
 * who were sent away before, and told when that is: they come back one after the other, at the pace at which they are taken, and not as
 * a second wave. Where the machine does not keep the pace, what it missed is lost and not made up for, and lines and places are measured by
 * what it does keep: one that promised what it cannot do would welcome clients that have given up. Pure: times by the monotonic clock.
 */
export class Admission {
  readonly #bounds: AdmissionBounds
  #waiting = 0
  #allowed: number
  #atMs = Number.NEGATIVE_INFINITY
  /** From one to the next, as it was lately, in ms. */
  #eachMs: number
  #releasedAtMs = Number.NEGATIVE_INFINITY
  /** Until when places are given to those who were sent away. */
  #placesEndMs = Number.NEGATIVE_INFINITY

  constructor(bounds: AdmissionBounds) {
    this.#bounds = bounds
    this.#eachMs = 1000 / bounds.perS
    this.#allowed = this.#burst
  }

  ask(nowMs: number): Verdict {
    const { heldMsMax, awayMsMax } = this.#bounds
    this.#pass(nowMs)
    if (this.#waiting === 0 && this.#allowed >= 1) {
      this.#allowed -= 1
      return { name: 'now' }
    }
    const lineMs = this.#waiting * this.#eachMs
    if (this.#waiting === 0 || lineMs + this.#eachMs <= heldMsMax) {
      if (this.#waiting === 0) this.#releasedAtMs = nowMs
      this.#waiting += 1
      return { name: 'wait' }
    }
    const lastFromMs = awayMsMax - PLACE_MS
    const firstMs = nowMs + lineMs + this.#eachMs
    const nextMs = Math.max(this.#placesEndMs + this.#eachMs, firstMs)
    // It hardly gets round: chance decides.
    if (firstMs - nowMs > lastFromMs) return { name: 'away', afterMs: [heldMsMax, awayMsMax] }
    // All places are given away, in earnest or to nobody: they are given once more, from the first, so that not all who come then are told the same.
    this.#placesEndMs = nextMs - nowMs > lastFromMs ? firstMs : nextMs
    const fromMs = Math.ceil(this.#placesEndMs - nowMs)
    return { name: 'away', afterMs: [fromMs, fromMs + PLACE_MS] }
  }

  /** How many of those who wait are taken now. Call it every now and then while some do. */
  release(nowMs: number): number {
    this.#pass(nowMs)
    const count = Math.min(this.#waiting, Math.floor(this.#allowed))
    if (count === 0) return 0
    this.#allowed -= count
    this.#waiting -= count
    const pace = Math.max(1000 / this.#bounds.perS, (nowMs - this.#releasedAtMs) / count)
    // The last of a line may be few because no more were there.
    if (this.#waiting > 0) this.#eachMs += (pace - this.#eachMs) * PACE_WEIGHT
    else this.#eachMs = 1000 / this.#bounds.perS
    this.#releasedAtMs = nowMs
    return count
  }

  get waiting(): number {
    return this.#waiting
  }

  get #burst(): number {
    return Math.max(1, (BURST_MS * this.#bounds.perS) / 1000)
  }

  #pass(nowMs: number): void {
    this.#allowed = Math.min(this.#burst, this.#allowed + (Math.min(nowMs - this.#atMs, BURST_MS) * this.#bounds.perS) / 1000)
    this.#atMs = nowMs
  }
}
