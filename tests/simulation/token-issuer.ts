import { type Clock, TokenExpiredError, UnauthenticatedError } from '@tidemark/shared'
import type { SeededRandom } from './seeded-random.ts'

/** How tokens are given out, and what goes wrong with that. */
export interface TokenFaults {
  /** How long a token counts, in ms; Infinity: for ever. */
  readonly lifeMs: number
  /** The chance that none is given out. */
  readonly fails: number
  readonly delayMsMax: number
}

export const TOKENS_FOR_EVER: TokenFaults = { lifeMs: Number.POSITIVE_INFINITY, fails: 0, delayMsMax: 0 }

/** Signs users in. Whether a token has ended is judged by the server's clock, whatever a device takes for the time. */
export class TokenIssuer {
  faults: TokenFaults = TOKENS_FOR_EVER
  readonly #random: SeededRandom
  readonly #clock: Clock

  /** `clock`: true time. */
  constructor(random: SeededRandom, clock: Clock) {
    this.#random = random
    this.#clock = clock
  }

  /** `device`: whose timers die with it. */
  async issue(user: string, device: Clock): Promise<string> {
    const { lifeMs, fails, delayMsMax } = this.faults
    if (delayMsMax > 0) await new Promise<void>((resolve) => device.after(this.#random.unit() * delayMsMax, resolve))
    if (this.#random.chance(fails)) throw new Error('nobody is signed in now')
    // As a header can bear it.
    return `${user}.until.${this.#clock.nowMs() + lifeMs}`
  }

  check(token: string, nowMs: number): { tenant: string; user: string; expiresAtMs: number | undefined } {
    const [user, end] = token.split('.until.')
    if (user === undefined || end === undefined) throw new UnauthenticatedError()
    if (nowMs >= Number(end)) throw new TokenExpiredError()
    return { tenant: 'default', user, expiresAtMs: Number(end) === Number.POSITIVE_INFINITY ? undefined : Number(end) }
  }
}
