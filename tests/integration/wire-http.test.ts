// Goal: over HTTP, what does not parse, does not fit, or is not allowed gets the code of §9 and harms nobody. Method: the real
// server process, spoken to by somebody who has read the protocol's page and breaks its rules one by one.
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { connectBare } from '../harness/bare-client.ts'
import { fresh, http, tokenOf, type WireError } from '../harness/wire-peer.ts'
import { wireServer } from '../harness/wire-server.ts'

const server = wireServer()
const newRoom = () => `room:${fresh('r')}`
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
/** What an upgrade is answered with: 101, or the status and body of the refusal. */
const upgrade = (path: string, protocols: string[], headers: Record<string, string> = {}) =>
  new Promise<{ status: number; body: string; protocol: string }>((resolve, reject) => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}${path}`, protocols, { headers })
    socket.on('open', () => {
      resolve({ status: 101, body: '', protocol: socket.protocol })
      socket.terminate()
    })
    socket.on('unexpected-response', (_request, response) => {
      let body = ''
      response.on('data', (chunk) => (body += chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, protocol: '' }))
    })
    socket.on('error', reject)
  })

describe('a request', () => {
  const wellFormed = (body: { error: WireError }) =>
    expect(body).toEqual({
      error: expect.objectContaining({ code: expect.any(String), message: expect.any(String), retryable: expect.any(Boolean) }),
    })

  it.each([
    ['GET', '/v1/spaces/room:1/collections/nothing/older?before=9'],
    ['GET', '/v1/spaces/room:1/ranges/0..1-abcdabcd'],
    ['GET', '/v1/spaces/room:1/lanes/danmu?since=0'],
    ['GET', '/v1/poll'],
    ['POST', '/v1/push/device'],
    ['POST', '/v1/push/all'],
    ['GET', '/v1/spaces/room:1'],
    ['DELETE', '/v1/spaces/room:1/changes'],
    ['GET', '/v1/mutations'],
    ['GET', '/v1/'],
    ['GET', '/v2/connect'],
  ])('%s %s is not-found, as JSON that is not stored', async (method, path) => {
    const answer = await http<{ error: WireError }>(server.url, fresh('u'), path, {
      method,
      ...(method === 'POST' ? { body: { body: 0 } } : {}),
    })
    expect(answer.status).toBe(404)
    wellFormed(answer.body)
    expect(answer.body.error.code).toBe('not-found')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
  })

  it('[§4] has its token in the header, as Bearer, and nowhere else', async () => {
    const token = await tokenOf(server.url, 'alice')
    const path = `/v1/spaces/${newRoom()}/changes?since=0`
    const refused: [string, Record<string, string>][] = [
      [path, {}],
      [`${path}&token=${token}`, {}],
      [`${path}&access_token=${token}&authorization=Bearer%20${token}`, {}],
      [path, { cookie: `token=${token}; authorization=Bearer ${token}` }],
      [path, { authorization: token }],
      [path, { authorization: `Basic ${token}` }],
      [path, { authorization: 'Bearer ' }],
      [path, { authorization: `Bearer ${token}x` }],
      [path, { authorization: `Bearer ${token.split('.').slice(0, 2).join('.')}.` }],
      [path, { authorization: `Bearer ${Buffer.from('{"alg":"none"}').toString('base64url')}.${token.split('.')[1]}.` }],
    ]
    for (const [where, headers] of refused) {
      const answer = await http<{ error: WireError }>(server.url, null, where, { headers })
      expect([answer.status, answer.body.error?.code, headers]).toEqual([401, 'unauthenticated', headers])
      wellFormed(answer.body)
      expect(answer.headers.get('cache-control')).toBe('no-store')
    }
    expect((await http(server.url, null, path, { headers: { authorization: `bearer ${token}` } })).status).toBe(200)
  })

  it('with a body that is no JSON, too deep, too large, or not the right one, says which', async () => {
    const post = async (body: unknown) => {
      const answer = await http<{ error: WireError }>(server.url, 'alice', '/v1/mutations', { body })
      wellFormed(answer.body)
      return [answer.status, answer.body.error.code]
    }
    expect(await post('{')).toEqual([400, 'bad-request'])
    expect(await post('')).toEqual([400, 'bad-request'])
    expect(await post('[]')).toEqual([400, 'bad-request'])
    expect(await post('null')).toEqual([400, 'bad-request'])
    expect(await post(nested(100_000))).toEqual([413, 'too-large'])
    expect(await post(JSON.stringify({ x: 'y'.repeat(1_100_000) }))).toEqual([413, 'too-large'])
    expect(await post('\ud83d{')).toEqual([400, 'bad-request'])
  })

  it('without a token is told that before anything about what it asked for', async () => {
    for (const space of [newRoom(), 'user:bob', 'cellar:1']) {
      const { status, body } = await http<{ error: WireError }>(server.url, null, `/v1/spaces/${space}/changes?since=0`)
      expect({ space, status, code: body.error.code }).toEqual({ space, status: 401, code: 'unauthenticated' })
    }
    expect((await http(server.url, null, '/v1/mutations', { body: {} })).status).toBe(401)
  })

  it('for liveness, readiness and metrics needs no token', async () => {
    expect((await http(server.url, null, '/healthz')).status).toBe(200)
    expect((await http(server.url, null, '/readyz')).status).toBe(200)
    const metrics = await http<string>(server.url, null, '/metrics')
    expect(metrics.status).toBe(200)
    expect(metrics.headers.get('content-type')).toMatch(/^text\/plain/)
    for (const line of metrics.body.split('\n').filter((line) => line !== ''))
      expect(line).toMatch(/^(# (HELP|TYPE) |[a-z_:]+(\{.*\})? -?[0-9.e+-]+|[a-z_:]+(\{.*\})? (NaN|\+Inf))/)
  })

  it('from a page of another origin is forbidden, live and over HTTP; its own origin and none are let in', async () => {
    const foreign = { origin: 'http://evil.example' }
    const refused = await upgrade('/v1/connect', ['tidemark.1'], foreign)
    expect(refused.status).toBe(403)
    wellFormed(JSON.parse(refused.body))
    for (const origin of ['null', `${server.url}.evil.example`, 'http://127.0.0.1.evil.example'])
      expect([origin, (await upgrade('/v1/connect', ['tidemark.1'], { origin })).status]).toEqual([origin, 403])
    expect(await upgrade('/v1/connect', ['tidemark.1'], { origin: server.url })).toMatchObject({ status: 101, protocol: 'tidemark.1' })
    expect((await upgrade('/v1/connect', ['tidemark.1'])).status).toBe(101)
    // A server for development takes pages of this machine: a development server of the app has a port of its own.
    expect((await upgrade('/v1/connect', ['tidemark.1'], { origin: 'http://localhost:5173' })).status).toBe(101)
    const asked = await http(server.url, 'alice', `/v1/spaces/${newRoom()}/changes?since=0`, { headers: foreign })
    expect(asked.headers.get('access-control-allow-origin')).toBeNull()
    const signIn = await http(server.url, null, '/v1/dev/token', { body: { user: 'alice' }, headers: foreign })
    expect(signIn.headers.get('access-control-allow-origin')).toBeNull()
  })

  it('to upgrade without the subprotocol, or elsewhere, is refused with a reason', async () => {
    for (const [path, protocols, status] of [
      ['/v1/connect', [], 400],
      ['/v1/connect', ['chat.2', 'tidemark', 'tidemark.x', 'xtidemark.1'], 400],
      ['/v1/elsewhere', ['tidemark.1'], 404],
    ] as const) {
      const answer = await upgrade(path, [...protocols])
      expect([path, answer.status]).toEqual([path, status])
      wellFormed(JSON.parse(answer.body))
    }
  })

  it('[§5] to upgrade to several protocols gets the highest that is served, in whatever order they come', async () => {
    for (const offered of [
      ['tidemark.1'],
      ['tidemark.2', 'tidemark.1'],
      ['tidemark.1', 'tidemark.999999'],
      ['chat', 'tidemark.0', 'tidemark.1'],
    ]) {
      const { status, protocol } = await upgrade('/v1/connect', offered)
      expect([offered, status, protocol]).toEqual([offered, 101, 'tidemark.1'])
    }
  })

  it.each([
    ['older', ['tidemark.0'], 'tidemark.0', 4426, { code: 'upgrade-required', retryable: false }],
    ['newer', ['tidemark.2', 'tidemark.3'], 'tidemark.3', 4503, { code: 'unavailable', retryable: true, afterMs: 30_000 }],
  ])(
    '[§5] of a client that is %s than what is served is told so in a frame, which a page can read, and closed',
    async (_, offered, protocol, code, error) => {
      const socket = await connectBare(server.url, offered)
      // What it says before it has read that is not looked at.
      socket.send({ t: 'hello', nonsense: true })
      expect(await socket.closed).toBe(code)
      expect(socket.protocol).toBe(protocol)
      expect(socket.frames).toEqual([{ t: 'error', error: { message: expect.stringContaining('Protocol'), ...error } }])
    },
  )
})

describe('sign-in in development mode', () => {
  it('gives tokens to names that can be one, and answers others with a bad-request', async () => {
    for (const user of ['', 7, null, 'a b', 'x'.repeat(200), '__proto__', 'constructor', ['a'], { a: 1 }, 'ü']) {
      const { status } = await http(server.url, null, '/v1/dev/token', { body: { user } })
      expect([user, [400, 422].includes(status)]).toEqual([user, true])
    }
    for (const user of ['a', 'A.b_c~d-e', 'x'.repeat(128), 'toString'])
      expect([user, (await http(server.url, null, '/v1/dev/token', { body: { user } })).status]).toEqual([user, 200])
  })
})
