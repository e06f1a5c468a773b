import { exportJWK, generateKeyPair, type JWK, type JWTHeaderParameters, SignJWT, UnsecuredJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { CLOCK_TOLERANCE_S, TOKEN_CHARACTERS_MAX } from './bounds.ts'
import { type JwtOptions, jwt, signToken } from './jwt.ts'

const secret = 'a secret of at least thirty-two bytes'
const nowMs = 1_700_000_000_000
const nowS = nowMs / 1000
const authenticate = jwt({ secret, algorithms: ['HS256'] })
const encode = (text: string) => new TextEncoder().encode(text)
const key = encode(secret)
const sign = (claims: object, by: Parameters<SignJWT['sign']>[0] = key, header: JWTHeaderParameters = { alg: 'HS256' }) =>
  new SignJWT({ sub: 'alice', exp: nowS + 60, ...claims }).setProtectedHeader(header).sign(by, { crit: { x: false } })

/** A pair of keys, and the public one as an issuer publishes it. */
async function pairOf(alg: string, kid: string) {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' }
  return { alg, kid, privateKey, jwk, token: (claims: object = {}) => sign(claims, privateKey, { alg, kid }) }
}
const [rs, es, ed, other] = await Promise.all([pairOf('RS256', 'r'), pairOf('ES256', 'e'), pairOf('EdDSA', 'd'), pairOf('RS256', 'r')])
const published = { keys: [rs.jwk, es.jwk, ed.jwk] }

describe('jwt', () => {
  it('reads user, tenant and end from a token', async () => {
    const expiresAtMs = nowMs + 60_000 + CLOCK_TOLERANCE_S * 1000
    const token = await signToken({ secret, user: 'alice', nowMs, expiresInS: 60 })
    expect(await authenticate(token, nowMs)).toEqual({ tenant: 'default', user: 'alice', expiresAtMs })
    const acme = await signToken({ secret, user: 'alice', tenant: 'acme', nowMs, expiresInS: 60 })
    expect(await authenticate(acme, nowMs)).toMatchObject({ tenant: 'acme' })
  })

  it('tells an expired token from one that does not verify, by the clock it is given', async () => {
    const token = await signToken({ secret, user: 'alice', nowMs, expiresInS: 60 })
    await expect(authenticate(token, nowMs + 66_000)).rejects.toMatchObject({ code: 'token-expired' })
    const foreign = await signToken({ secret: 'b'.repeat(32), user: 'alice', nowMs, expiresInS: 60 })
    await expect(authenticate(foreign, nowMs)).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  it('allows for a clock of the issuer that differs, as much as it is told, in both directions', async () => {
    const strict = jwt({ secret, algorithms: ['HS256'], clockToleranceS: 0 })
    const wide = jwt({ secret, algorithms: ['HS256'], clockToleranceS: 30 })
    const [old, early] = [await sign({ exp: nowS - 29 }), await sign({ nbf: nowS + 30 })]
    for (const token of [old, early]) {
      expect(await wide(token, nowMs)).toMatchObject({ user: 'alice' })
      await expect(strict(token, nowMs)).rejects.toThrow()
    }
    expect(await wide(old, nowMs)).toMatchObject({ expiresAtMs: nowMs + 1000 })
    await expect(wide(old, nowMs + 1000)).rejects.toMatchObject({ code: 'token-expired' })
  })

  it.each([rs, es, ed])('takes $alg by the public key of its id', async ({ alg, token }) => {
    const byKeys = jwt({ keys: published, algorithms: [alg as 'RS256'] })
    expect(await byKeys(await token(), nowMs)).toMatchObject({ user: 'alice' })
  })

  it('takes secrets and public keys beside each other', async () => {
    const both = jwt({ secret, keys: published, algorithms: ['HS256', 'ES256'] })
    expect(await both(await sign({}), nowMs)).toMatchObject({ user: 'alice' })
    expect(await both(await es.token(), nowMs)).toMatchObject({ user: 'alice' })
    await expect(both(await rs.token(), nowMs)).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  it('takes the old secret beside the new one, as long as it is told to', async () => {
    const fresh = 'another secret of at least 32 bytes!'
    const old = await sign({})
    expect(await jwt({ secret: [fresh, secret], algorithms: ['HS256'] })(old, nowMs)).toMatchObject({ user: 'alice' })
    await expect(jwt({ secret: [fresh], algorithms: ['HS256'] })(old, nowMs)).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  it('tries every key where a token names none, and one that is wrong before the right one does no harm', async () => {
    const withoutId = ({ kid: _, ...jwk }: JWK) => jwk
    const byKeys = jwt({ keys: { keys: [withoutId(other.jwk), withoutId(rs.jwk)] }, algorithms: ['RS256'] })
    expect(await byKeys(await sign({}, rs.privateKey, { alg: 'RS256' }), nowMs)).toMatchObject({ user: 'alice' })
  })

  it('reads user and tenant from other claims; a tenant that was asked for must be there', async () => {
    const named = jwt({ secret, algorithms: ['HS256'], userClaim: 'https://example.com/id', tenantClaim: 'org' })
    expect(await named(await sign({ 'https://example.com/id': 'bob', org: 'acme' }), nowMs)).toMatchObject({ user: 'bob', tenant: 'acme' })
    await expect(named(await sign({ 'https://example.com/id': 'bob', tenant: 'acme' }), nowMs)).rejects.toThrow(/tenant/)
    const mapped = jwt({ secret, algorithms: ['HS256'], userClaim: ({ sub }) => String(sub).replace('|', '.') })
    expect(await mapped(await sign({ sub: 'auth0|5f7c' }), nowMs)).toMatchObject({ user: 'auth0.5f7c' })
    const inherited = jwt({ secret, algorithms: ['HS256'], userClaim: 'toString' })
    await expect(inherited(await sign({}), nowMs)).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  it('lets a fault of the app be one, not of the token', async () => {
    const faulty = jwt({
      secret,
      algorithms: ['HS256'],
      userClaim: () => {
        throw new RangeError('a bug')
      },
    })
    await expect(faulty(await sign({}), nowMs)).rejects.toBeInstanceOf(RangeError)
  })

  it('refuses names that cannot be users or tenants here', async () => {
    for (const sub of [undefined, '', 'a b', 'a/b', '__proto__', 'x'.repeat(129), 5]) {
      await expect(authenticate(await sign({ sub }), nowMs)).rejects.toMatchObject({ code: 'unauthenticated' })
    }
    for (const tenant of ['', 'a b', 5, null]) {
      await expect(authenticate(await sign({ tenant }), nowMs)).rejects.toMatchObject({ code: 'unauthenticated' })
    }
  })

  it.each<[string, object, RegExp]>([
    ['a short secret', { secret: 'short', algorithms: ['HS256'] }, /32 bytes/],
    ['one short secret of two', { secret: [secret, 'short'], algorithms: ['HS256'] }, /32 bytes/],
    ['a secret too short for its hash', { secret: 'x'.repeat(63), algorithms: ['HS512'] }, /64 bytes/],
    ['no secret in the list', { secret: [], algorithms: ['HS256'] }, /empty/],
    ['no algorithm', { secret, algorithms: [] }, /algorithms/],
    ['no list of algorithms', { secret }, /algorithms/],
    ['an algorithm as a text', { secret, algorithms: 'HS256' }, /algorithms/],
    ['none', { secret, algorithms: ['none'] }, /none is not one of HS256/],
    ['an inherited name', { secret, algorithms: ['toString'] }, /toString is not one of/],
    ['an algorithm without its secret', { keys: published, algorithms: ['HS256'] }, /HS256 needs a `secret`/],
    ['an algorithm without its keys', { secret, algorithms: ['RS256'] }, /RS256 needs a `jwksUrl`/],
    ['a secret that nothing uses', { secret, keys: published, algorithms: ['RS256'] }, /no algorithm uses it/],
    ['keys that nothing uses', { secret, keys: published, algorithms: ['HS256'] }, /no algorithm uses them/],
    ['both kinds of keys', { jwksUrl: 'https://a.example/k', keys: published, algorithms: ['RS256'] }, /not both/],
    ['what is no key set', { keys: [rs.jwk], algorithms: ['RS256'] }, /Key Set/],
    ['keys over plain HTTP', { jwksUrl: 'http://id.example/keys', algorithms: ['RS256'] }, /https/],
    ['keys from a file', { jwksUrl: 'file:///etc/keys', algorithms: ['RS256'] }, /https/],
    ['what is no address', { jwksUrl: 'id.example', algorithms: ['RS256'] }, /https/],
    ['a password in an address', { jwksUrl: 'https://a:b@id.example/keys', algorithms: ['RS256'] }, /password/],
    ['a tolerance past reason', { secret, algorithms: ['HS256'], clockToleranceS: 3600 }, /0 to 300/],
  ])('refuses settings that are not safe: %s', (_, options, message) => {
    expect(() => jwt(options as JwtOptions)).toThrow(message)
    expect(() => jwt(options as JwtOptions)).toThrow(TypeError)
  })
})

describe('attacks', () => {
  const issuer = 'https://id.example'
  const audience = 'chat'
  const fair = { iss: issuer, aud: audience }
  const byKeys = jwt({ keys: published, algorithms: ['RS256', 'ES256'], issuer, audience })
  const byBoth = jwt({ secret, keys: published, algorithms: ['HS256', 'RS256', 'ES256'], issuer, audience })
  /** A token put together by hand. */
  const raw = (header: object, claims: object, signature = '') =>
    [...[header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')), signature].join('.')
  const claims = { sub: 'alice', exp: nowS + 60, ...fair }
  const pem = `-----BEGIN PUBLIC KEY-----\n${'A'.repeat(64)}\n-----END PUBLIC KEY-----`

  it('the fair ones are let in, so that what follows proves something', async () => {
    expect(await byKeys(await rs.token(fair), nowMs)).toMatchObject({ user: 'alice' })
    expect(await byBoth(await sign(fair), nowMs)).toMatchObject({ user: 'alice' })
    expect(await byKeys(await rs.token({ ...fair, aud: ['other', audience] }), nowMs)).toMatchObject({ user: 'alice' })
  })

  it.each<[string, () => string | Promise<string>]>([
    ['unsigned, alg none', () => new UnsecuredJWT(claims).encode()],
    ['alg None in other letters', () => raw({ alg: 'nOnE' }, claims)],
    ['an empty signature', () => raw({ alg: 'RS256', kid: 'r' }, claims)],
    ['HS256 with the modulus of the public key for a secret', () => sign(fair, encode(rs.jwk.n as string), { alg: 'HS256', kid: 'r' })],
    ['HS256 with the whole public key as JSON', () => sign(fair, encode(JSON.stringify(rs.jwk)), { alg: 'HS256', kid: 'r' })],
    ['HS256 with a public key as PEM', () => sign(fair, encode(pem), { alg: 'HS256', kid: 'r' })],
    ['HS256 with an empty secret', () => raw({ alg: 'HS256' }, claims, 'AAAA')],
    ['an algorithm that is not in the list', () => ed.token(fair)],
    ['a key of another issuer under the same id', () => other.token(fair)],
    ["another key's id", () => sign(fair, es.privateKey, { alg: 'ES256', kid: 'r' })],
    ['an id that is not known', () => sign(fair, rs.privateKey, { alg: 'RS256', kid: 'x' })],
    ['an id that is no text', () => raw({ alg: 'RS256', kid: ['r'] }, claims, 'AAAA')],
    ['its own key in the header (jwk)', () => sign(fair, other.privateKey, { alg: 'RS256', jwk: other.jwk as never })],
    ['its own key, and a known id', () => sign(fair, other.privateKey, { alg: 'RS256', kid: 'r', jwk: other.jwk as never })],
    ['the address of its keys in the header (jku)', () => sign(fair, other.privateKey, { alg: 'RS256', jku: 'https://evil.example' })],
    ['its own certificate in the header (x5c)', () => sign(fair, other.privateKey, { alg: 'RS256', x5c: ['AAAA'] })],
    ['a critical extension that nobody knows', () => sign(fair, rs.privateKey, { alg: 'RS256', kid: 'r', crit: ['x'], x: 1 })],
    ['a payload that is not encoded (b64)', () => raw({ alg: 'RS256', kid: 'r', b64: false, crit: ['b64'] }, claims, 'AAAA')],
    ['another issuer', () => rs.token({ ...fair, iss: 'https://evil.example' })],
    ['no issuer', () => rs.token({ aud: audience })],
    ['another audience', () => rs.token({ ...fair, aud: 'mail' })],
    ['no audience', () => rs.token({ iss: issuer })],
    ['not valid yet', () => rs.token({ ...fair, nbf: nowS + 60 })],
    ['no end', () => rs.token({ ...fair, exp: undefined })],
    ['an end that is no number', () => rs.token({ ...fair, exp: 'never' as never })],
    ['claims that are a list', () => raw({ alg: 'RS256', kid: 'r' }, [claims], 'AAAA')],
    ['encrypted instead of signed', () => 'eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAA.AAAA.AAAA'],
    ['no token at all', () => 'not.a.token'],
    ['one part', () => 'x'],
    ['dots', () => '..'],
    ['too long to be read', () => `${'a'.repeat(TOKEN_CHARACTERS_MAX)}.b.c`],
    [
      'claims changed after it was signed',
      async () => {
        const [header, , signature] = (await rs.token(fair)).split('.')
        return `${header}.${Buffer.from(JSON.stringify({ ...claims, sub: 'root' })).toString('base64url')}.${signature}`
      },
    ],
  ])('%s: unauthenticated', async (_, made) => {
    const token = await made()
    await expect(byKeys(token, nowMs)).rejects.toMatchObject({ code: 'unauthenticated' })
    await expect(byBoth(token, nowMs)).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  it('expired: token-expired, and only where it was truly signed', async () => {
    await expect(byKeys(await rs.token({ ...fair, exp: nowS - 60 }), nowMs)).rejects.toMatchObject({ code: 'token-expired' })
    await expect(byKeys(await other.token({ ...fair, exp: nowS - 60 }), nowMs)).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  it('a published set counts for nothing but public keys of some strength: secrets, private and short keys are passed over', async () => {
    const [weak, leaked] = [await generateKeyPair('RS256', { extractable: true, modulusLength: 2048 }), await pairOf('RS256', 'leaked')]
    const short = { kty: 'RSA', kid: 'short', alg: 'RS256', e: 'AQAB', n: Buffer.alloc(128, 0xc5).toString('base64url') }
    const set = {
      keys: [
        { kty: 'oct', kid: 'oct', alg: 'HS256', k: Buffer.from(secret).toString('base64url') },
        { ...leaked.jwk, ...(await exportJWK(leaked.privateKey)) },
        short,
        { kty: 'RSA', kid: 'broken', alg: 'RS256', n: '!', e: 5 },
        { ...rs.jwk, kid: 'enc', use: 'enc' },
        { ...(await exportJWK(weak.publicKey)), kid: 'fine', alg: 'RS256' },
        'no key',
      ],
    }
    const all = jwt({ keys: set as never, algorithms: ['RS256', 'ES256', 'EdDSA'] })
    expect(await all(await sign({}, weak.privateKey, { alg: 'RS256', kid: 'fine' }), nowMs)).toMatchObject({ user: 'alice' })
    const refused = [
      await sign({}, key, { alg: 'HS256', kid: 'oct' }),
      await leaked.token(),
      raw({ alg: 'RS256', kid: 'short' }, claims, 'AAAA'),
      raw({ alg: 'RS256', kid: 'broken' }, claims, 'AAAA'),
      await sign({}, rs.privateKey, { alg: 'RS256', kid: 'enc' }),
    ]
    for (const token of refused) await expect(all(token, nowMs)).rejects.toMatchObject({ code: 'unauthenticated' })
    const withSecret = jwt({ secret: 'quite another secret, 32 bytes long', keys: set as never, algorithms: ['HS256', 'RS256'] })
    await expect(withSecret(refused[0] as string, nowMs)).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  it('what is said of a refused token does not hold it', async () => {
    for (const token of [await sign(fair), await rs.token({ ...fair, aud: 'mail' }), 'not.a.token']) {
      const error = await byKeys(token, nowMs).catch((thrown: Error) => thrown)
      expect(String((error as Error).stack)).not.toContain(token)
    }
  })
})
