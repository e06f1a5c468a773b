import { UnauthenticatedError } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { type Authenticate, signToken } from '../backend/jwt.ts'
import { SILENT } from '../observe/log.ts'
import { systemClock } from '../platform/system-clock.ts'
import { readSettings } from './settings.ts'
import { SettingsError } from './settings-error.ts'
import { signInOf } from './sign-in.ts'

const SECRET = 'the secret of the settings, 32 bytes'
const OLD_SECRET = 'the secret that was there before it'
const DEV_SECRET = 'the secret of development, 32 bytes'

/** The sign-in that these arguments and variables make. */
function signIn(args: readonly string[], env: Record<string, string> = {}, authenticate?: Authenticate) {
  return signInOf(readSettings(['app.ts', ...args], env).settings, { authenticate, log: SILENT, devSecret: () => DEV_SECRET })
}
const tokenOf = (secret: string) => signToken({ secret, user: 'alice', nowMs: systemClock.nowMs(), expiresInS: 60 })
const check = ({ authenticate }: ReturnType<typeof signIn>, token: string) =>
  authenticate(token, systemClock.nowMs()).then(
    ({ user }) => user,
    (error) => error.code,
  )

describe('sign-in', () => {
  it('by a secret; the old one counts beside it while both are set', async () => {
    const one = signIn([], { TIDEMARK_SECRET: SECRET })
    expect(await Promise.all([SECRET, OLD_SECRET, DEV_SECRET].map(async (secret) => check(one, await tokenOf(secret))))).toEqual([
      'alice',
      'unauthenticated',
      'unauthenticated',
    ])
    expect([one.dev, one.told]).toEqual([undefined, 'signed tokens (TIDEMARK_SECRET)'])
    const both = signIn([], { TIDEMARK_SECRET: SECRET, TIDEMARK_OLD_SECRET: OLD_SECRET })
    expect(await check(both, await tokenOf(OLD_SECRET))).toBe('alice')
  })

  it('holds tokens against issuer, audience and claims that are set', async () => {
    const held = (name: string) => signIn([], { TIDEMARK_SECRET: SECRET, [name]: 'x' })
    for (const name of ['TIDEMARK_ISSUER', 'TIDEMARK_AUDIENCE', 'TIDEMARK_USER_CLAIM', 'TIDEMARK_TENANT_CLAIM']) {
      expect(await check(held(name), await tokenOf(SECRET))).toBe('unauthenticated')
    }
  })

  it('by the keys of an issuer', () => {
    expect(signIn(['--jwks-url', 'https://id.example/keys', '--algorithms', 'RS256,ES256']).told).toBe('signed tokens (id.example)')
  })

  it('in development lets anyone in, and whoever could come anyway', async () => {
    const made = signIn(['--dev'])
    expect(await check(made, (await made.dev?.token('alice')) ?? '')).toBe('alice')
    expect(await check(made, await tokenOf(DEV_SECRET))).toBe('alice')
    const own: Authenticate = async (token) => {
      if (token !== 'own') throw new UnauthenticatedError()
      return { tenant: 'default', user: 'bob', expiresAtMs: undefined }
    }
    const beside = signIn(['--dev'], {}, own)
    expect(await Promise.all(['own', 'other', await tokenOf(DEV_SECRET)].map((token) => check(beside, token)))).toEqual([
      'bob',
      'unauthenticated',
      'alice',
    ])
  })

  it.each<[string[], Record<string, string>, Authenticate | undefined, RegExp]>([
    [[], {}, undefined, /^TIDEMARK_SECRET is missing/],
    [[], { TIDEMARK_SECRET: SECRET }, () => Promise.reject(), /exports `authenticate`, and TIDEMARK_SECRET is set/],
    [[], { TIDEMARK_OLD_SECRET: SECRET }, undefined, /TIDEMARK_OLD_SECRET is set/],
    [['--algorithms', 'RS256'], {}, undefined, /nothing to check tokens by/],
    [['--jwks-url', 'https://id.example'], {}, undefined, /--jwks-url needs --algorithms/],
    [['--jwks-url', 'http://id.example', '--algorithms', 'RS256'], {}, undefined, /must be an https address/],
    [['--algorithms', 'HS512'], { TIDEMARK_SECRET: SECRET }, undefined, /at least 64 bytes for HS512/],
    [['--algorithms', 'RS256'], { TIDEMARK_SECRET: SECRET }, undefined, /RS256 needs/],
  ])('case %#: settings that leave it open who is let in are refused', (args, env, authenticate, message) => {
    expect(() => signIn(args, env, authenticate)).toThrow(message)
    expect(() => signIn(args, env, authenticate)).toThrow(SettingsError)
  })
})
