import { subtle } from 'node:crypto'
import { type Clock, isUserId, TokenExpiredError, UnauthenticatedError } from '@tidemark/shared'
import { type CryptoKey, decodeProtectedHeader, errors, type JWK, type JWTPayload, type JWTVerifyOptions, jwtVerify, SignJWT } from 'jose'
import { type Log, SILENT } from '../observe/log.ts'
import { systemClock } from '../platform/system-clock.ts'
import { type Fetch, systemFetch } from '../platform/system-fetch.ts'
import type { Principal } from './backend.ts'
import { CLOCK_TOLERANCE_S, CLOCK_TOLERANCE_S_MAX, TOKEN_CHARACTERS_MAX } from './bounds.ts'
import { type FindKeys, type KeyHint, publicKeys } from './public-keys.ts'
import { remoteKeys } from './remote-keys.ts'
import { VerifiedTokens } from './verified-tokens.ts'

/** Who a token stands for. Throws UnauthenticatedError or TokenExpiredError; UnavailableError where that cannot be told now. `nowMs`: ms since the epoch. */
export type Authenticate = (token: string, nowMs: number) => Promise<Principal>

/** Bytes that a secret of each symmetric algorithm must have: as many as its hash. Source: RFC 7518 §3.2. */
const SECRET_BYTES_MIN = { HS256: 32, HS384: 48, HS512: 64 }
const ASYMMETRIC = ['RS256', 'ES256', 'EdDSA'] as const

export type JwtAlgorithm = keyof typeof SECRET_BYTES_MIN | (typeof ASYMMETRIC)[number]
export const JWT_ALGORITHMS: readonly string[] = [...Object.keys(SECRET_BYTES_MIN), ...ASYMMETRIC]

export type Secret = string | Uint8Array

/** A claim by its name, or what finds the value among the claims of a token that has verified. */
export type Claim = string | ((claims: Readonly<Record<string, unknown>>) => unknown)

export interface JwtOptions {
  /** For HS256 (at least 32 bytes), HS384 (48), HS512 (64). To change it without signing everybody out, give both, `[new, old]`, until the old tokens have ended. */
  readonly secret?: Secret | readonly Secret[]
  /** For RS256, ES256 and EdDSA: where their issuer publishes its keys, by https. New keys count at once, keys taken out no longer after ten minutes. */
  readonly jwksUrl?: string
  /** The same, as a JSON Web Key Set in hand. */
  readonly keys?: { readonly keys: readonly JWK[] }
  /** The only algorithms that count, whatever a token says of itself. */
  readonly algorithms: readonly JwtAlgorithm[]
  /** Who must have made the token (`iss`); one of them, where these are several. */
  readonly issuer?: string | readonly string[]
  /** For whom the token must be made (`aud`). Without it, what the same issuer made for another app counts here too. */
  readonly audience?: string | readonly string[]
  /** What names the user. Default: `sub`. */
  readonly userClaim?: Claim
  /** What names the tenant; a token without it is refused. Default: `tenant`, or the tenant `default` where a token has none. */
  readonly tenantClaim?: Claim
  /** How much the clock of the issuer may differ from this one's, in s, 0 to 300. Default: 5. */
  readonly clockToleranceS?: number
  readonly log?: Log
  readonly clock?: Clock
  readonly fetch?: Fetch
}

const DEFAULT_TENANT = 'default'

/** Checks signed tokens (JWT). Each must have an end, `exp`: one that never ends could never be taken back. Throws TypeError for settings that are not safe. */
export function jwt(options: JwtOptions): Authenticate {
  const { userClaim = 'sub', tenantClaim, clockToleranceS = CLOCK_TOLERANCE_S } = options
  const algorithms = checkedAlgorithms(options)
  if (!(clockToleranceS >= 0 && clockToleranceS <= CLOCK_TOLERANCE_S_MAX))
    throw new TypeError(`jwt: clockToleranceS must be from 0 to ${CLOCK_TOLERANCE_S_MAX}`)
  const keysFor = keysOf(options)
  const verifiedTokens = new VerifiedTokens()
  const rules: JWTVerifyOptions = {
    requiredClaims: ['exp'],
    clockTolerance: clockToleranceS,
    ...(options.issuer === undefined ? {} : { issuer: listOf(options.issuer) }),
    ...(options.audience === undefined ? {} : { audience: listOf(options.audience) }),
  }

  return async (token, nowMs) => {
    if (typeof token !== 'string' || token === '' || token.length > TOKEN_CHARACTERS_MAX) throw new UnauthenticatedError()
    try {
      const { alg, kid } = headerOf(token)
      if (typeof alg !== 'string' || !algorithms.includes(alg))
        throw new UnauthenticatedError('The token is signed by an algorithm that does not count here.')
      const keys = await keysFor({ alg, kid })
      const known = verifiedTokens.find(token, keys, nowMs)
      if (known !== undefined) return known
      const { claims, key } = await verified(token, keys, { ...rules, algorithms: [alg], currentDate: new Date(nowMs) })
      const user = claimOf(claims, userClaim)
      const found = claimOf(claims, tenantClaim ?? 'tenant')
      const tenant = found === undefined && tenantClaim === undefined ? DEFAULT_TENANT : found
      if (!isUserId(user)) throw new UnauthenticatedError('The token names no user that can be one here.')
      if (!isUserId(tenant)) throw new UnauthenticatedError('The token names no tenant that can be one here.')
      const principal = { tenant, user, expiresAtMs: (Number(claims.exp) + clockToleranceS) * 1000 }
      verifiedTokens.keep(token, key, principal, nowMs)
      return principal
    } catch (cause) {
      if (cause instanceof errors.JWTExpired) throw new TokenExpiredError(undefined, { cause })
      // Told to who holds a token that was truly signed: whoever sets this up looks for just this.
      if (cause instanceof errors.JWTClaimValidationFailed)
        throw new UnauthenticatedError(
          `The token's ${cause.claim} is ${cause.reason === 'missing' ? 'missing' : 'not one that counts here'}.`,
          {
            cause,
          },
        )
      throw cause instanceof errors.JOSEError ? new UnauthenticatedError(undefined, { cause }) : cause
    }
  }
}

function headerOf(token: string): ReturnType<typeof decodeProtectedHeader> {
  try {
    return decodeProtectedHeader(token)
  } catch (cause) {
    throw new UnauthenticatedError('The token is no JSON Web Token.', { cause })
  }
}

/** The claims of a token, and which of the keys signed it. Throws what is wrong with it. */
async function verified(
  token: string,
  keys: readonly CryptoKey[],
  rules: JWTVerifyOptions,
): Promise<{ readonly claims: JWTPayload; readonly key: CryptoKey }> {
  for (const key of keys) {
    try {
      return { claims: (await jwtVerify(token, key, rules)).payload, key }
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error
    }
  }
  throw new errors.JWSSignatureVerificationFailed()
}

/** Which keys may have signed a token. Secrets are found for symmetric algorithms alone, public keys for the others: none is ever taken for the other. */
function keysOf(options: JwtOptions): (hint: KeyHint) => Promise<readonly CryptoKey[]> {
  const { secret, jwksUrl, keys, algorithms, log = SILENT, clock = systemClock, fetch = systemFetch } = options
  const secrets = secret === undefined ? [] : secretsOf(secret).map(bytesOf)
  for (const algorithm of algorithms) {
    const bytesMin = isSymmetric(algorithm) ? SECRET_BYTES_MIN[algorithm] : 0
    if (secrets.some(({ byteLength }) => byteLength < bytesMin))
      throw new TypeError(`jwt: the secret must have at least ${bytesMin} bytes for ${algorithm}`)
  }
  if (jwksUrl !== undefined && keys !== undefined) throw new TypeError('jwt: give `jwksUrl` or `keys`, not both')
  const imported = new Map<string, Promise<readonly CryptoKey[]>>()
  const secretKeys = (algorithm: string) => {
    // Once, not for every token: that costs as much as the check itself.
    const known = imported.get(algorithm) ?? Promise.all(secrets.map((bytes) => hmacKey(bytes, algorithm)))
    imported.set(algorithm, known)
    return known
  }
  const find: FindKeys = jwksUrl !== undefined ? remoteKeys(jwksUrl, { clock, fetch, log }) : publicKeys(keys ?? { keys: [] })
  return async (hint) => (isSymmetric(hint.alg) ? secretKeys(hint.alg) : find(hint))
}

/** `algorithm`: HS256, HS384 or HS512. */
function hmacKey(secret: Uint8Array, algorithm: string): Promise<CryptoKey> {
  const hash = `SHA-${algorithm.slice(2)}`
  return subtle.importKey('raw', new Uint8Array(secret), { name: 'HMAC', hash }, false, ['verify'])
}

/** The list as it is. Throws TypeError where it is none, or where an algorithm and what it needs are not both there. */
function checkedAlgorithms({ algorithms, secret, jwksUrl, keys }: JwtOptions): readonly string[] {
  if (!Array.isArray(algorithms) || algorithms.length === 0)
    throw new TypeError("jwt: name the algorithms that count, such as ['HS256'] or ['RS256']")
  const unknown = algorithms.find((algorithm) => !JWT_ALGORITHMS.includes(algorithm))
  if (unknown !== undefined) throw new TypeError(`jwt: ${unknown} is not one of ${JWT_ALGORITHMS.join(', ')}`)
  const symmetric = algorithms.find(isSymmetric)
  const asymmetric = algorithms.find((algorithm) => !isSymmetric(algorithm))
  const hasPublicKeys = jwksUrl !== undefined || keys !== undefined
  if (symmetric !== undefined && secret === undefined) throw new TypeError(`jwt: ${symmetric} needs a \`secret\``)
  if (asymmetric !== undefined && !hasPublicKeys) throw new TypeError(`jwt: ${asymmetric} needs a \`jwksUrl\` or \`keys\``)
  if (symmetric === undefined && secret !== undefined) throw new TypeError('jwt: a `secret` is given, and no algorithm uses it')
  if (asymmetric === undefined && hasPublicKeys) throw new TypeError('jwt: public keys are given, and no algorithm uses them')
  return [...algorithms]
}

function isSymmetric(algorithm: string): algorithm is keyof typeof SECRET_BYTES_MIN {
  return Object.hasOwn(SECRET_BYTES_MIN, algorithm)
}

function claimOf(claims: JWTPayload, claim: Claim): unknown {
  if (typeof claim === 'function') return claim(claims)
  return Object.hasOwn(claims, claim) ? claims[claim] : undefined
}

function listOf(value: string | readonly string[]): string[] {
  return typeof value === 'string' ? [value] : [...value]
}

function secretsOf(secret: Secret | readonly Secret[]): readonly Secret[] {
  const secrets = Array.isArray(secret) ? (secret as readonly Secret[]) : [secret as Secret]
  if (secrets.length === 0) throw new TypeError('jwt: the list of secrets is empty')
  return secrets
}

function bytesOf(secret: Secret): Uint8Array {
  return typeof secret === 'string' ? new TextEncoder().encode(secret) : secret
}

/** A token as `jwt` with the same secret and HS256 takes it: for development sign-in and tests. */
export function signToken({
  secret,
  user,
  tenant,
  issuer,
  nowMs,
  expiresInS,
}: {
  readonly secret: Secret
  readonly user: string
  readonly tenant?: string
  readonly issuer?: string
  readonly nowMs: number
  readonly expiresInS: number
}): Promise<string> {
  const key = bytesOf(secret)
  if (key.byteLength < SECRET_BYTES_MIN.HS256)
    throw new TypeError(`signToken: the secret must have at least ${SECRET_BYTES_MIN.HS256} bytes`)
  const nowS = Math.floor(nowMs / 1000)
  return new SignJWT({ ...(tenant === undefined ? {} : { tenant }), ...(issuer === undefined ? {} : { iss: issuer }) })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(user)
    .setIssuedAt(nowS)
    .setExpirationTime(nowS + expiresInS)
    .sign(key)
}
