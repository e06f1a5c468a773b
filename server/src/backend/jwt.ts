import { isUserId, TokenExpiredError, UnauthenticatedError } from '@tidemark/shared'
import { errors, jwtVerify, SignJWT } from 'jose'
import type { Principal } from './backend.ts'
import { TOKEN_CHARACTERS_MAX } from './bounds.ts'

/** Who a token stands for. Throws UnauthenticatedError or TokenExpiredError. `nowMs`: ms since the epoch. */
export type Authenticate = (token: string, nowMs: number) => Promise<Principal>

export type JwtAlgorithm = 'HS256' | 'HS384' | 'HS512'

export interface JwtOptions {
  /** At least 32 bytes. */
  readonly secret: string | Uint8Array
  /** The only algorithms that count, whatever a token says of itself. */
  readonly algorithms: readonly JwtAlgorithm[]
  readonly issuer?: string
  readonly audience?: string
}

export const DEFAULT_TENANT = 'default'
const SECRET_BYTES_MIN = 32
const ALGORITHMS: readonly string[] = ['HS256', 'HS384', 'HS512']

/** Checks signed tokens: `sub` names the user, `tenant` the tenant (`default` without), `exp` when it ends. Throws TypeError for settings that are not safe. */
export function jwt({ secret, algorithms, issuer, audience }: JwtOptions): Authenticate {
  const key = keyOf(secret)
  if (!Array.isArray(algorithms) || algorithms.length === 0) throw new TypeError("jwt: name the algorithms that count, such as ['HS256']")
  const unknown = algorithms.find((algorithm) => !ALGORITHMS.includes(algorithm))
  if (unknown !== undefined) throw new TypeError(`jwt: ${unknown} is not one of ${ALGORITHMS.join(', ')}`)
  const fixed = {
    algorithms: [...algorithms],
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
  }

  return async (token, nowMs) => {
    if (typeof token !== 'string' || token === '' || token.length > TOKEN_CHARACTERS_MAX) throw new UnauthenticatedError()
    try {
      const { payload } = await jwtVerify(token, key, { ...fixed, currentDate: new Date(nowMs) })
      const { sub, tenant = DEFAULT_TENANT, exp } = payload
      if (!isUserId(sub)) throw new UnauthenticatedError('The token names no user that can be one here.')
      if (!isUserId(tenant)) throw new UnauthenticatedError('The token names no tenant that can be one here.')
      return { tenant, user: sub, expiresAtMs: exp === undefined ? undefined : exp * 1000 }
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw new TokenExpiredError(undefined, { cause: error })
      if (error instanceof errors.JOSEError) throw new UnauthenticatedError(undefined, { cause: error })
      throw error
    }
  }
}

/** A token as `jwt` with the same secret and HS256 takes it: for development sign-in and tests. */
export function signToken({
  secret,
  user,
  tenant,
  nowMs,
  expiresInS,
}: {
  readonly secret: string | Uint8Array
  readonly user: string
  readonly tenant?: string
  readonly nowMs: number
  readonly expiresInS: number
}): Promise<string> {
  const nowS = Math.floor(nowMs / 1000)
  return new SignJWT(tenant === undefined ? {} : { tenant })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(user)
    .setIssuedAt(nowS)
    .setExpirationTime(nowS + expiresInS)
    .sign(keyOf(secret))
}

function keyOf(secret: string | Uint8Array): Uint8Array {
  const bytes = typeof secret === 'string' ? new TextEncoder().encode(secret) : secret
  if (bytes.byteLength < SECRET_BYTES_MIN) throw new TypeError(`jwt: the secret must have at least ${SECRET_BYTES_MIN} bytes`)
  return bytes
}
