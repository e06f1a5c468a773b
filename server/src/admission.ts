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

/** `waitMs`: it is taken, after so long a wait here, 0 for at once. `afterMs`: it is not, and comes again at a random moment between the two. */
export type Verdict =
  | { readonly waitMs: number; readonly afterMs?: undefined }
  | { readonly waitMs?: undefined; readonly afterMs: readonly [number, number] }

/** What may be taken at once after a rest, as the time in which as many are taken otherwise, in ms: work that one turn of the event loop bears. */
const BURST_MS = 100
/** How wide the window of a place is, in ms: devices do not all count alike. */
const PLACE_MS = 1000

/**
 * Takes a crowd in at a steady pace, so that those who are served already stay served, and so that nobody has to come twice for nothing.
 * There is a line in which one waits here, as long as it is short. Whoever comes when it is full is given a place behind it and behind all
 * who were sent away before, and told when that is: they come back one after the other, at the pace at which they are taken, and not as
 * a second wave. Pure: times by the monotonic clock.
 */
export class Admission {
  readonly #bounds: AdmissionBounds
  /** Until when the line is served. */
  #lineEndsMs = Number.NEGATIVE_INFINITY
  /** Until when places are given to those who were sent away. */
  #placesEndMs = Number.NEGATIVE_INFINITY

  constructor(bounds: AdmissionBounds) {
    this.#bounds = bounds
  }

  ask(nowMs: number): Verdict {
    const { perS, heldMsMax, awayMsMax } = this.#bounds
    const eachMs = 1000 / perS
    this.#lineEndsMs = Math.max(this.#lineEndsMs, nowMs - BURST_MS)
    const waitMs = Math.max(0, this.#lineEndsMs + eachMs - nowMs)
    if (waitMs <= heldMsMax) {
      this.#lineEndsMs += eachMs
      return { waitMs: this.#lineEndsMs <= nowMs ? 0 : Math.ceil(waitMs) }
    }
    const placeMs = Math.max(this.#placesEndMs, this.#lineEndsMs) + eachMs
    const fromMs = Math.ceil(placeMs - nowMs)
    // All places are given away, in earnest or to nobody: then chance decides.
    if (fromMs + PLACE_MS > awayMsMax) return { afterMs: [heldMsMax, awayMsMax] }
    this.#placesEndMs = placeMs
    return { afterMs: [fromMs, fromMs + PLACE_MS] }
  }
}
