import { type Clock, SyncError, UnauthenticatedError, UnavailableError, within } from '@tidemark/shared'

/** How long the app's token source may take, in ms. */
export const TOKEN_WITHIN_MS = 15_000

/** Gives a token for the user of the replica. Called again, with the reason, when the server refused the last one or told that it ends soon. */
export type TokenSource = (because?: SyncError) => string | Promise<string>

/** The token in hand, fetched once and kept until it is refused. */
export interface Tokens {
  /** Throws UnavailableError when the source fails or takes too long; whoever asks meanwhile gets the same answer. */
  get(): Promise<string>
  /** Forgets the token in hand; one that is on its way is not the one that was refused. */
  refuse(because: SyncError): void
}

export function createTokens(source: TokenSource, clock: Clock): Tokens {
  let inHand: Promise<string> | undefined
  let because: SyncError | undefined
  let asking = false

  async function fetchToken(): Promise<string> {
    asking = true
    try {
      const asked = Promise.resolve(because).then(source)
      const token = await within(clock, TOKEN_WITHIN_MS, asked, () => new Error('no answer in time'))
      if (typeof token !== 'string' || token === '') throw new UnauthenticatedError('token() returned no string')
      because = undefined
      return token
    } catch (cause) {
      inHand = undefined
      throw cause instanceof SyncError ? cause : new UnavailableError(`token() failed: ${cause}`, { cause })
    } finally {
      asking = false
    }
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
