// A token that was verified is believed again, exactly as long as it would verify again.
import { generateKeyPair } from 'jose'
import { describe, expect, it } from 'vitest'
import { VERIFIED_TOKENS_MAX } from './bounds.ts'
import { jwt, signToken } from './jwt.ts'
import { VerifiedTokens } from './verified-tokens.ts'

const secret = 'a secret of at least thirty-two bytes'
const nowMs = 1_700_000_000_000
const alice = { tenant: 'default', user: 'alice', expiresAtMs: nowMs + 60_000 }
const [{ publicKey: key }, { publicKey: other }] = await Promise.all([generateKeyPair('ES256'), generateKeyPair('ES256')])

describe('verified tokens', () => {
  it('stand for the same user until they end, and not before the moment at which they were verified', () => {
    const tokens = new VerifiedTokens()
    tokens.keep('t', key, alice, nowMs)
    expect(tokens.find('t', [other, key], nowMs)).toBe(alice)
    expect(tokens.find('t', [key], nowMs + 59_999)).toBe(alice)
    expect(tokens.find('t', [key], nowMs + 60_000)).toBeUndefined()
    expect(tokens.find('t', [key], nowMs - 1)).toBeUndefined()
    expect(tokens.find('u', [key], nowMs)).toBeUndefined()
  })

  it('count no longer when their key was taken out', () => {
    const tokens = new VerifiedTokens()
    tokens.keep('t', key, alice, nowMs)
    expect(tokens.find('t', [other], nowMs)).toBeUndefined()
    expect(tokens.find('t', [], nowMs)).toBeUndefined()
  })

  it('are as many as may be, the last ones', () => {
    const tokens = new VerifiedTokens()
    for (let i = 0; i <= VERIFIED_TOKENS_MAX; i++) tokens.keep(`t${i}`, key, alice, nowMs)
    expect(tokens.find('t0', [key], nowMs)).toBeUndefined()
    expect(tokens.find('t1', [key], nowMs)).toBe(alice)
    expect(tokens.find(`t${VERIFIED_TOKENS_MAX}`, [key], nowMs)).toBe(alice)
  })

  it('are verified once by jwt, and refused once they have ended', async () => {
    let verified = 0
    const userClaim = ({ sub }: Readonly<Record<string, unknown>>) => {
      verified += 1
      return sub
    }
    const authenticate = jwt({ secret, algorithms: ['HS256'], userClaim, clockToleranceS: 0 })
    const token = await signToken({ secret, user: 'alice', nowMs, expiresInS: 60 })
    const first = await authenticate(token, nowMs)
    expect(await authenticate(token, nowMs + 1)).toEqual(first)
    expect(verified).toBe(1)
    await expect(authenticate(token, nowMs + 60_000)).rejects.toMatchObject({ code: 'token-expired' })
    await expect(authenticate(`${token.slice(0, -1)}${token.endsWith('Q') ? 'A' : 'Q'}`, nowMs)).rejects.toMatchObject({
      code: 'unauthenticated',
    })
    expect(verified).toBe(1)
  })
})
