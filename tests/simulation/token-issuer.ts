import { type Clock, TokenExpiredError, UnauthenticatedError } from '@tidemark/shared'
import { TOKENS_FOR_EVER, type TokenFaults } from './plan.ts'
import type { SeededRandom } from './seeded-random.ts'

/** Signs users in. Whether a token has ended is judged by the server's clock, whatever a device takes for the time. */
export class TokenIssuer {
  faults: TokenFaults = TOKENS_FOR_EVER
  readonly #clock: Clock

  /** `clock`: true time. */
  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `clock`: of the tab, whose timers die with it. */
  async issue(user: string, clock: Clock, random: SeededRandom): Promise<string> {
    const { lifeMs, fails, delayMsMax, wrong, hangs } = this.faults
    if (random.chance(hangs)) await new Promise(() => {})
    if (delayMsMax > 0) await new Promise<void>((resolve) => clock.after(random.unit() * delayMsMax, resolve))
    if (random.chance(fails)) throw new Error('nobody is signed in now')
    const signedIn = random.chance(wrong) ? 'mallory' : user
    // As a header can bear it.
    return `${signedIn}.until.${lifeMs === 0 ? 'ever' : this.#clock.nowMs() + lifeMs}`
  }

  check(token: string, nowMs: number): { tenant: string; user: string; expiresAtMs: number | undefined } {
    const [user, end] = token.split('.until.')
    if (user === undefined || end === undefined) throw new UnauthenticatedError()
    const endsMs = endOf(token)
    if (nowMs >= endsMs) throw new TokenExpiredError()
    return { tenant: 'default', user, expiresAtMs: endsMs === NEVER_MS ? undefined : endsMs }
  }
}

const NEVER_MS = Number.POSITIVE_INFINITY

/** When a token ends, in ms since the epoch. */
export function endOf(token: string): number {
  const end = token.split('.until.')[1]
  return end === 'ever' ? NEVER_MS : Number(end)
}
