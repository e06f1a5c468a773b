import { type AnonymousAnswer, type Clock, type Random, UnauthenticatedError } from '@tidemark/shared'
import { decodeJwt } from 'jose'
import { type Authenticate, jwt, type Secret, signToken } from './jwt.ts'

/** Who makes these tokens (`iss`): none of another issuer counts as one, and no other check sees one of them. */
const ISSUER = 'tidemark-anonymous'
const USER = /^anon-[0-9a-f]{32}$/
const USER_BYTES = 16
/** How long a token lasts where nothing else is said, and what may be said, in ms. */
export const ANONYMOUS_TTL_MS = 3_600_000
const TTL_MS_MIN = 60_000
const TTL_MS_MAX = 24 * 3_600_000

export interface AnonymousTokensOptions {
  /** At least 32 bytes, used for nothing else. */
  readonly secret: Secret
  readonly ttlMs?: number | undefined
  readonly tenant?: string | undefined
  readonly clock: Clock
  readonly random: Random
}

/** Tokens for users whom nobody knows: each under a name made by chance, never under one that somebody chose. */
export interface AnonymousTokens {
  /** For somebody new. */
  issue(): Promise<AnonymousAnswer>
  /** For the same user, in the second half of the token's life; in the first it is the token itself. Throws UnauthenticatedError, TokenExpiredError, and what `beforeSigning` throws. */
  renew(token: string, beforeSigning: () => void): Promise<AnonymousAnswer>
  /** These tokens, and for all others the check that is given. */
  beside(others: Authenticate): Authenticate
}

/** Throws TypeError for a secret that is too short, and for a time that is none. */
export function anonymousTokens({
  secret,
  ttlMs = ANONYMOUS_TTL_MS,
  tenant = 'default',
  clock,
  random,
}: AnonymousTokensOptions): AnonymousTokens {
  if (!(ttlMs >= TTL_MS_MIN && ttlMs <= TTL_MS_MAX)) throw new TypeError(`anonymous: ttlMs must be from ${TTL_MS_MIN} to ${TTL_MS_MAX}`)
  const check = jwt({ secret, algorithms: ['HS256'], issuer: ISSUER, clockToleranceS: 0, clock })

  const authenticate: Authenticate = async (token, nowMs) => {
    const principal = await check(token, nowMs)
    if (!USER.test(principal.user)) throw new UnauthenticatedError()
    return { ...principal, anonymous: true }
  }

  async function signed(user: string): Promise<AnonymousAnswer> {
    const nowMs = clock.nowMs()
    const expiresInS = Math.floor(ttlMs / 1000)
    const token = await signToken({ secret, user, tenant, issuer: ISSUER, nowMs, expiresInS })
    return { token, user, expiresAtMs: (Math.floor(nowMs / 1000) + expiresInS) * 1000 }
  }

  return {
    issue: () => signed(`anon-${Buffer.from(random.bytes(USER_BYTES)).toString('hex')}`),
    async renew(token, beforeSigning) {
      if (!isOurs(token)) throw new UnauthenticatedError('This token is not an anonymous one: ask without it.')
      const { user, expiresAtMs = 0 } = await authenticate(token, clock.nowMs())
      if (expiresAtMs - clock.nowMs() >= ttlMs / 2) return { token, user, expiresAtMs }
      beforeSigning()
      return signed(user)
    },
    beside: (others) => (token, nowMs) => (isOurs(token) ? authenticate(token, nowMs) : others(token, nowMs)),
  }
}

/** Whether it says so: what it says is checked next. */
function isOurs(token: string): boolean {
  try {
    return decodeJwt(token).iss === ISSUER
  } catch {
    return false
  }
}
