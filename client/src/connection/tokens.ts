import { type Clock, SyncError, UnauthenticatedError, UnavailableError } from '@tidemark/shared'
import { within } from '../deadline.ts'

/** How long the app's token source may take, in ms. */
export const TOKEN_WITHIN_MS = 15_000

/** Gives a token for the user of the replica. Called again, with the reason, when the server refused the last one or told that it ends soon. */
export type TokenSource = (because?: SyncError) => string | Promise<string>

/** The token in hand, fetched once and kept until it is refused. */
export interface Tokens {
  /** Throws UnavailableError when the source fails or takes too long; whoever asks meanwhile gets the same answer. */
  get(): Promise<string>
  /** The server let this one in. */
  accepted(token: string): void
  /** The last one that the server let in: the only one that a request goes out with. */
  readonly verified: string | undefined
  /** Forgets the token in hand. Returns true when it had been good: a fresh one is then worth an attempt at once. */
  refuse(because: SyncError): boolean
}

export function createTokens(source: TokenSource, clock: Clock): Tokens {
  let inHand: string | undefined
  let verified: string | undefined
  let because: SyncError | undefined
  let fetching: Promise<string> | undefined

  const fetchToken = async (): Promise<string> => {
    try {
      const token = await within(
        clock,
        TOKEN_WITHIN_MS,
        'the token source',
        Promise.resolve().then(() => source(because)),
      )
      if (typeof token !== 'string' || token === '') throw new UnauthenticatedError('The token source gave no token: sign in again.')
      inHand = token
      because = undefined
      return token
    } catch (cause) {
      if (cause instanceof SyncError) throw cause
      throw new UnavailableError('The token source failed; the next attempt asks it again.', { cause })
    } finally {
      fetching = undefined
    }
  }
  return {
    async get() {
      if (inHand !== undefined) return inHand
      fetching ??= fetchToken()
      return fetching
    },
    accepted(token) {
      verified = token
    },
    get verified() {
      return verified
    },
    refuse(reason) {
      const wasGood = inHand !== undefined && inHand === verified
      inHand = undefined
      because = reason
      return wasGood
    },
  }
}
