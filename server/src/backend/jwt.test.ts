import { SignJWT, UnsecuredJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { jwt, signToken } from './jwt.ts'

const secret = 'a secret of at least thirty-two bytes'
const nowMs = 1_700_000_000_000
const authenticate = jwt({ secret, algorithms: ['HS256'] })
const key = new TextEncoder().encode(secret)

describe('jwt', () => {
  it('reads user, tenant and end from a token', async () => {
    const token = await signToken({ secret, user: 'alice', nowMs, expiresInS: 60 })
    expect(await authenticate(token, nowMs)).toEqual({ tenant: 'default', user: 'alice', expiresAtMs: nowMs + 60_000 })
    const other = await signToken({ secret, user: 'alice', tenant: 'acme', nowMs, expiresInS: 60 })
    expect(await authenticate(other, nowMs)).toMatchObject({ tenant: 'acme' })
  })

  it('tells an expired token from one that does not verify, by the clock it is given', async () => {
    const token = await signToken({ secret, user: 'alice', nowMs, expiresInS: 60 })
    await expect(authenticate(token, nowMs + 61_000)).rejects.toMatchObject({ code: 'token-expired' })
    const foreign = await signToken({ secret: 'b'.repeat(32), user: 'alice', nowMs, expiresInS: 60 })
    await expect(authenticate(foreign, nowMs)).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  it('refuses other algorithms, `none` first of all, whatever the token says', async () => {
    const long = 'a secret that is long enough for sixty-four bytes of HMAC, as HS512 wants it'
    const attacks = [
      new UnsecuredJWT({}).setSubject('alice').encode(),
      await new SignJWT({}).setProtectedHeader({ alg: 'HS512' }).setSubject('alice').sign(new TextEncoder().encode(long)),
      await new SignJWT({}).setProtectedHeader({ alg: 'HS384' }).setSubject('alice').sign(new TextEncoder().encode(long)),
      'not.a.token',
      'x',
      `${'a'.repeat(9000)}.b.c`,
    ]
    const wide = jwt({ secret: long, algorithms: ['HS256'] })
    for (const token of attacks) await expect(wide(token, nowMs)).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  it('refuses names that cannot be users or tenants here', async () => {
    const subjects = [undefined, '', 'a b', 'a/b', '__proto__', 'x'.repeat(129)]
    for (const sub of subjects) {
      const token = await new SignJWT(sub === undefined ? {} : { sub }).setProtectedHeader({ alg: 'HS256' }).sign(key)
      await expect(authenticate(token, nowMs)).rejects.toMatchObject({ code: 'unauthenticated' })
    }
    for (const tenant of ['', 'a b', 5, null]) {
      const token = await new SignJWT({ sub: 'alice', tenant }).setProtectedHeader({ alg: 'HS256' }).sign(key)
      await expect(authenticate(token, nowMs)).rejects.toMatchObject({ code: 'unauthenticated' })
    }
  })

  it('refuses settings that are not safe', () => {
    expect(() => jwt({ secret: 'short', algorithms: ['HS256'] })).toThrow(/32 bytes/)
    expect(() => jwt({ secret, algorithms: [] })).toThrow(/algorithms/)
    expect(() => jwt({ secret } as any)).toThrow(/algorithms/)
    expect(() => jwt({ secret, algorithms: ['none' as any] })).toThrow(/none/)
  })
})
