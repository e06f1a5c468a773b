import { describe, expect, it } from 'vitest'
import { VirtualClock } from '../../test/virtual-clock.ts'
import { systemRandom } from '../platform/system-random.ts'
import { anonymousTokens } from './anonymous-tokens.ts'
import { type Authenticate, jwt, signToken } from './jwt.ts'

const SECRET = 'the secret of anonymous, 32 bytes'
const APP_SECRET = 'the secret of the app, 32 bytes..'
const ISSUER = 'tidemark-anonymous'

function world({ ttlMs, tenant, secret = SECRET }: { ttlMs?: number; tenant?: string; secret?: string } = {}) {
  const clock = new VirtualClock()
  const tokens = anonymousTokens({ secret, ttlMs, tenant, clock, random: systemRandom })
  const authenticate = tokens.beside(jwt({ secret: APP_SECRET, algorithms: ['HS256'], clock }))
  const check = (token: string) =>
    authenticate(token, clock.nowMs()).then(
      (principal) => principal,
      (error) => error.code,
    )
  const forged = (user: string, by: string, issuer?: string) =>
    signToken({ secret: by, user, nowMs: clock.nowMs(), expiresInS: 60, ...(issuer === undefined ? {} : { issuer }) })
  return { clock, tokens, check, forged }
}

describe('an anonymous token', () => {
  it('stands for a user of a name made by chance, each time another one, who is told to be anonymous', async () => {
    const { clock, tokens, check } = world({ tenant: 'acme' })
    const [one, other] = [await tokens.issue(), await tokens.issue()]
    expect(one.user).toMatch(/^anon-[0-9a-f]{32}$/)
    expect(other.user).not.toBe(one.user)
    expect(one.expiresAtMs).toBe(clock.nowMs() + 3_600_000)
    expect(await check(one.token)).toEqual({ tenant: 'acme', user: one.user, expiresAtMs: one.expiresAtMs, anonymous: true })
  })

  it('ends', async () => {
    const { clock, tokens, check } = world({ ttlMs: 60_000 })
    const { token } = await tokens.issue()
    await clock.pass(59_000)
    expect(await check(token)).toMatchObject({ anonymous: true })
    await clock.pass(1000)
    expect(await check(token)).toBe('token-expired')
    await expect(tokens.renew(token, () => {})).rejects.toMatchObject({ code: 'token-expired' })
  })

  it('is renewed for the same user in the second half of its life; in the first nothing is signed', async () => {
    const { clock, tokens, check } = world({ ttlMs: 60_000 })
    const first = await tokens.issue()
    let signed = 0
    await clock.pass(30_000)
    expect(await tokens.renew(first.token, () => signed++)).toEqual(first)
    await clock.pass(1000)
    const second = await tokens.renew(first.token, () => signed++)
    expect([second.user, second.expiresAtMs, signed]).toEqual([first.user, clock.nowMs() + 60_000, 1])
    await clock.pass(59_000)
    expect(await check(second.token)).toMatchObject({ user: first.user })
  })

  it('is renewed for nobody who does not hold one: no chosen name is ever signed', async () => {
    const { tokens, forged } = world()
    for (const token of [
      'nonsense',
      await forged('alice', APP_SECRET),
      await forged('alice', APP_SECRET, ISSUER),
      await forged('anon-0123456789abcdef0123456789abcdef', APP_SECRET, ISSUER),
      await forged('alice', SECRET, ISSUER),
    ])
      await expect(tokens.renew(token, () => {})).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  it('and the app’s own are never taken for each other, whoever signed them', async () => {
    const { check, forged } = world()
    expect(await check(await forged('alice', APP_SECRET))).toMatchObject({ user: 'alice' })
    expect(await check(await forged('alice', APP_SECRET))).not.toHaveProperty('anonymous')
    // Of the issuer of anonymous ones, and signed by the app's secret; and the other way about.
    expect(await check(await forged('anon-0123456789abcdef0123456789abcdef', APP_SECRET, ISSUER))).toBe('unauthenticated')
    expect(await check(await forged('anon-0123456789abcdef0123456789abcdef', SECRET))).toBe('unauthenticated')
    expect(await check(await forged('alice', SECRET, ISSUER))).toBe('unauthenticated')
  })

  it('another check sees none of them, also where both have one secret', async () => {
    const { tokens, check } = world({ secret: APP_SECRET })
    expect(await check((await tokens.issue()).token)).toMatchObject({ anonymous: true })
    const asked: string[] = []
    const others: Authenticate = async (token) => {
      asked.push(token)
      return { tenant: 'default', user: 'bob', expiresAtMs: undefined }
    }
    const { token } = await tokens.issue()
    await tokens.beside(others)(token, 1_700_000_000_000)
    await tokens.beside(others)('opaque', 0)
    expect(asked).toEqual(['opaque'])
  })

  it.each([{ secret: 'short' }, { ttlMs: 1000 }, { ttlMs: 30 * 24 * 3_600_000 }, { ttlMs: Number.NaN }])(
    'settings that are not safe are refused: %o',
    (options) => {
      expect(() => world(options)).toThrow(TypeError)
    },
  )
})
