import { type Clock, SyncError, UnauthenticatedError, UnavailableError, within } from '@tidemark/shared'
import type { RequestBudget } from './request-budget.ts'

/** How long the app's token source may take, in ms. */
export const TOKEN_WITHIN_MS = 15_000
/** How long other tabs of this device may take for theirs, in ms. */
export const TURN_WITHIN_MS: number = 2 * TOKEN_WITHIN_MS

/** Runs `work` while nobody else on this device runs what is this user's, for a token source may hold what can be used once only. */
export type Turn = (work: () => Promise<unknown>) => Promise<unknown>

/** Gives a token for the user of the replica. Called again, with the reason, when the server refused the last one or told that it ends soon. */
export type TokenSource = (because?: SyncError) => string | Promise<string>

/** The token in hand, fetched once and kept until it is refused. */
export interface Tokens {
  /** Throws UnavailableError when the source fails or takes too long, RateLimitedError when it has failed too often; whoever asks meanwhile gets the same answer. */
  get(): Promise<string>
  /** Forgets the token in hand; one that is on its way is not the one that was refused. */
  refuse(because: SyncError): void
}

/** Without `turn` nobody else is thought to ask; without `budget` it may ask without end. */
export function createTokens(
  source: TokenSource,
  clock: Clock,
  turn: Turn = (work) => work(),
  budget: RequestBudget = () => undefined,
): Tokens {
  let inHand: Promise<string> | undefined
  let because: SyncError | undefined
  let asking = false
  let given = 0

  async function fetchToken(): Promise<string> {
    asking = true
    try {
      let asked: Promise<string> | undefined
      const ask = () => (asked ??= within(clock, TOKEN_WITHIN_MS, reason().then(source), () => new Error('no answer in time')))
      const inTurn = async () => turn(ask)
      // Whoever keeps its turn for ever keeps nobody out.
      await within(clock, TURN_WITHIN_MS, inTurn(), Error).catch(() => {})
      const token = await ask()
      if (typeof token !== 'string' || token === '') throw new UnauthenticatedError('token() returned no string')
      because = undefined
      given++
      return token
    } catch (cause) {
      inHand = undefined
      throw cause instanceof SyncError ? cause : new UnavailableError(`token() failed: ${cause}`, { cause })
    } finally {
      asking = false
    }
  }
  async function reason(): Promise<SyncError | undefined> {
    const refusal = budget(`token ${given}`)
    if (refusal) throw refusal
    return because
  }
  return {
    get: () => (inHand ??= fetchToken()),
    refuse(reason) {
      if (asking) return
      inHand = undefined
      because = reason
    },
  }
}
