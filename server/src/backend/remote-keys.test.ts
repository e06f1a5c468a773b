import { once } from 'node:events'
import { createServer } from 'node:http'
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { settle, VirtualClock } from '../../test/virtual-clock.ts'
import { KEYS_ASK_AGAIN_MS, KEYS_BYTES_MAX, KEYS_FRESH_MS, KEYS_STALE_MS, KEYS_WITHIN_MS } from './bounds.ts'
import { jwt } from './jwt.ts'

// An issuer that publishes its keys, and changes them while the server runs. Time is virtual; no network.

const URL = 'https://id.example/keys'

async function pairOf(kid: string) {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid } as JWK }
}
const [one, two] = await Promise.all([pairOf('one'), pairOf('two')])

class Issuer {
  readonly clock = new VirtualClock()
  readonly asked: RequestInit[] = []
  readonly warned: object[] = []
  keys: readonly JWK[] = [one.jwk]
  /** What it answers; undefined: nothing, ever. */
  answer: (() => Response | Promise<Response>) | undefined = () => Response.json({ keys: this.keys })
  readonly #authenticate = jwt({
    jwksUrl: URL,
    algorithms: ['ES256'],
    clock: this.clock,
    log: { info() {}, error() {}, warn: (detail) => this.warned.push(detail) },
    fetch: (url, init) => {
      if (url !== URL) throw new Error('another address')
      this.asked.push(init)
      return this.answer === undefined ? new Promise(() => {}) : Promise.resolve().then(this.answer)
    },
  })

  /** The user of a fresh token of that key, or the code of the refusal. */
  async check({ kid, privateKey }: typeof one = one): Promise<string> {
    const token = await new SignJWT({ sub: 'alice' })
      .setProtectedHeader({ alg: 'ES256', kid })
      .setExpirationTime(Math.floor(this.clock.nowMs() / 1000) + 60)
      .sign(privateKey)
    return this.#authenticate(token, this.clock.nowMs()).then(
      ({ user }) => user,
      (error) => (error.afterMs === undefined ? error.code : `${error.code} ${error.afterMs}`),
    )
  }

  down(): void {
    this.answer = () => Promise.reject(new Error('no network'))
  }

  up(): void {
    this.answer = () => Response.json({ keys: this.keys })
  }
}

describe('keys at an address', () => {
  it('are fetched once for all who need them at the same time, and kept', async () => {
    const issuer = new Issuer()
    expect(await Promise.all([issuer.check(), issuer.check(), issuer.check()])).toEqual(['alice', 'alice', 'alice'])
    await issuer.clock.pass(KEYS_FRESH_MS - 1)
    expect(await issuer.check()).toBe('alice')
    expect(issuer.asked).toHaveLength(1)
    expect(issuer.asked[0]).toMatchObject({ redirect: 'error' })
  })

  it('count at once when a token names a new one: keys rotate without a restart', async () => {
    const issuer = new Issuer()
    await issuer.check()
    issuer.keys = [one.jwk, two.jwk]
    await issuer.clock.pass(KEYS_ASK_AGAIN_MS)
    expect(await Promise.all([issuer.check(two), issuer.check(two), issuer.check(one)])).toEqual(['alice', 'alice', 'alice'])
    expect(issuer.asked).toHaveLength(2)
  })

  it('count no longer when they were taken out and the ones in hand are old', async () => {
    const issuer = new Issuer()
    await issuer.check()
    issuer.keys = [two.jwk]
    await issuer.clock.pass(KEYS_FRESH_MS - 1)
    expect(await issuer.check(one)).toBe('alice')
    await issuer.clock.pass(1)
    expect(await issuer.check(one)).toBe('unauthenticated')
    expect(await issuer.check(two)).toBe('alice')
  })

  it('are not asked for more often than the bound, whatever tokens come', async () => {
    const issuer = new Issuer()
    await issuer.check()
    for (let n = 0; n < 50; n++) expect(await issuer.check({ ...two, kid: `made up ${n}` })).toBe('unauthenticated')
    expect(issuer.asked).toHaveLength(1)
    await issuer.clock.pass(KEYS_ASK_AGAIN_MS)
    for (let n = 0; n < 50; n++) await issuer.check({ ...two, kid: `made up ${n}` })
    expect(issuer.asked).toHaveLength(2)
  })

  it('go on while their address does not answer, for as long as stated; then it is unavailable, never unauthenticated', async () => {
    const issuer = new Issuer()
    await issuer.check()
    issuer.down()
    await issuer.clock.pass(KEYS_STALE_MS - 1)
    expect(await issuer.check()).toBe('alice')
    await issuer.clock.pass(1)
    expect(await issuer.check()).toBe(`unavailable ${KEYS_ASK_AGAIN_MS - 1}`)
    expect(issuer.warned.length).toBeGreaterThan(0)
    issuer.up()
    await issuer.clock.pass(KEYS_ASK_AGAIN_MS)
    expect(await issuer.check()).toBe('alice')
  })

  it('that were never to be had are unavailable; a wrong key too, as long as nobody can look it up', async () => {
    const issuer = new Issuer()
    issuer.down()
    expect(await issuer.check()).toBe(`unavailable ${KEYS_ASK_AGAIN_MS}`)
    issuer.up()
    expect(await issuer.check()).toBe(`unavailable ${KEYS_ASK_AGAIN_MS}`)
    await issuer.clock.pass(KEYS_ASK_AGAIN_MS)
    expect(await issuer.check()).toBe('alice')
    issuer.down()
    await issuer.clock.pass(KEYS_ASK_AGAIN_MS)
    expect(await issuer.check(two)).toBe(`unavailable ${KEYS_ASK_AGAIN_MS}`)
    expect(await issuer.check(one)).toBe('alice')
  })

  it('that do not come in time are given up, and the request with them; nobody waits twice', async () => {
    const issuer = new Issuer()
    issuer.answer = undefined
    const waiting = issuer.check()
    while (issuer.asked.length === 0) await settle()
    await issuer.clock.pass(KEYS_WITHIN_MS)
    expect(await waiting).toBe(`unavailable ${KEYS_ASK_AGAIN_MS - KEYS_WITHIN_MS}`)
    expect(issuer.asked[0]?.signal?.aborted).toBe(true)
    expect(await issuer.check()).toMatch(/^unavailable/)
    expect(issuer.asked).toHaveLength(1)
    expect(issuer.clock.timers).toBe(0)
  })

  it.each<[string, () => Response]>([
    ['an error', () => new Response('{"keys":[]}', { status: 500 })],
    ['a redirect that was not followed', () => new Response('', { status: 302, headers: { location: 'http://169.254.169.254/' } })],
    ['a page', () => new Response('<html>sign in to this network</html>')],
    ['another JSON', () => Response.json({ error: 'no' })],
    ['too many bytes', () => new Response(`{"keys":[],"x":"${'x'.repeat(KEYS_BYTES_MAX)}"}`)],
    ['too many keys', () => Response.json({ keys: Array.from({ length: 101 }, () => two.jwk) })],
    ['nothing', () => new Response(null)],
  ])('are not replaced by %s', async (_, answer) => {
    const issuer = new Issuer()
    await issuer.check()
    issuer.answer = answer
    await issuer.clock.pass(KEYS_FRESH_MS)
    expect(await issuer.check()).toBe('alice')
    expect(issuer.asked).toHaveLength(2)
    expect(issuer.warned).toHaveLength(1)
  })

  it('an issuer that takes all its keys out is believed', async () => {
    const issuer = new Issuer()
    await issuer.check()
    issuer.keys = []
    await issuer.clock.pass(KEYS_FRESH_MS)
    expect(await issuer.check()).toBe('unauthenticated')
  })
})

describe('the real network', () => {
  it('gives the keys of an address on this machine; where it leads elsewhere, nobody follows', async () => {
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(request.url ?? '')
      if (request.url === '/moved') response.writeHead(302, { location: '/keys' }).end()
      else response.end(JSON.stringify({ keys: [one.jwk] }))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : undefined
    const token = await new SignJWT({ sub: 'alice' })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setExpirationTime('1m')
      .sign(one.privateKey)
    const at = (path: string) => jwt({ jwksUrl: `http://127.0.0.1:${port}${path}`, algorithms: ['ES256'] })(token, Date.now())
    expect(await at('/keys')).toMatchObject({ user: 'alice' })
    await expect(at('/moved')).rejects.toMatchObject({ code: 'unavailable' })
    expect(asked).toEqual(['/keys', '/moved'])
    server.closeAllConnections()
    server.close()
  })
})
