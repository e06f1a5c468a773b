// Goal: what does not parse, does not fit, or is not allowed gets the code of §9 and harms nobody. Method: the real server process,
// spoken to by somebody who has read the protocol's page and breaks its rules one by one.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { connectBare } from '../harness/bare-client.ts'
import { freePort, type ServerProcess, startServer } from '../harness/server-process.ts'
import {
  type ConnectOptions,
  connectPeer,
  fresh,
  http,
  newClientId,
  newNonce,
  pull,
  pullAll,
  tokenOf,
  type WireError,
  type WirePeer,
} from '../harness/wire-peer.ts'

let data: string
let server: ServerProcess
const peers: WirePeer[] = []
const enter = async (user: string, options?: ConnectOptions) => {
  const peer = await connectPeer(server.url, user, options)
  peers.push(peer)
  return peer
}
const newRoom = () => `room:${fresh('r')}`
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
const helloOf = async (user: string) => ({
  t: 'hello',
  client: newClientId(),
  token: await tokenOf(server.url, user),
  spaces: {},
  nextS: 60,
  app: '1',
})
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

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'tidemark-wire-'))
  server = await startServer({ data, port: await freePort() })
})
afterEach(() => {
  for (const peer of peers.splice(0)) peer.close()
})
afterAll(async () => {
  await server.end('SIGTERM')
  await rm(data, { recursive: true, force: true })
})

describe('a frame', () => {
  const client = 'c_AAAAAAAAAAAAAAAAAAAAAA'
  it.each([
    'not json',
    '',
    '{',
    '[]',
    'null',
    '7',
    '{}',
    '{"t":"nope"}',
    '{"t":"welcome"}',
    '{"t":7}',
    '{"t":"beat"}',
    '{"t":"beat","nextS":"soon"}',
    '{"t":"beat","nextS":-1}',
    '{"t":"follow"}',
    '{"t":"follow","spaces":{"room:1":7}}',
    '{"t":"follow","spaces":{"room:1":[0]}}',
    '{"t":"follow","spaces":{"room:1":[-1,""]}}',
    '{"t":"follow","spaces":{"room:1":[1.5,"a"]}}',
    '{"t":"follow","spaces":{"room:1":["0",""]}}',
    `{"t":"follow","spaces":{"room:1":[1,"${'a'.repeat(97)}"]}}`,
    '{"t":"follow","spaces":{"NO ROOM":[0,""]}}',
    '{"t":"unfollow","spaces":{}}',
    '{"t":"unfollow","spaces":[7]}',
    '{"t":"mutate"}',
    `{"t":"mutate","client":"${client}","on":"","mutations":{}}`,
    '{"t":"auth"}',
    '{"t":"auth","token":7}',
  ])('%s is answered by an error, and the connection goes on', (frame) => answeredByAnError(frame))

  it.each([
    ['nested 500 deep', nested(500)],
    ['nested 100,000 deep', nested(100_000)],
    ['of 300,000 items', `[${'0,'.repeat(300_000)}0]`],
  ])('%s is answered by an error, and the connection goes on', (_name, field) => answeredByAnError(`{"t":"beat","nextS":60,"x":${field}}`))

  async function answeredByAnError(frame: string): Promise<void> {
    const [user, room] = [fresh('u'), newRoom()]
    const peer = await enter(user, { follow: [room] })
    const mark = peer.mark()
    peer.socket.send(frame)
    const { error } = (await peer.after(mark, ({ t }) => t === 'error')) as unknown as { error: WireError }
    expect(['bad-request', 'too-large']).toContain(error.code)
    expect(error).toMatchObject({ retryable: false, message: expect.stringMatching(/\S/) })
    expect(await peer.mutate(room, 'send', { id: 'm', text: 'still here' })).toMatchObject({ in: { [room]: 1 } })
    const beat = await peer.beat()
    expect(beat.mine).toBe(beat.theirs)
  }

  it('[§5] with fields that nobody knows is served', async () => {
    const peer = await enter(fresh('u'))
    peer.socket.send({ t: 'beat', nextS: 60, mood: { good: [1, 2, { very: true }] } })
    await peer.socket.expect(({ t }) => t === 'beat')
    expect(peer.socket.frames.some(({ t }) => t === 'error')).toBe(false)
  })

  it('[§9] malformed for the third time closes the connection with 4400, each of the three answered', async () => {
    const peer = await enter(fresh('u'))
    for (let i = 0; i < 3; i++) peer.socket.send('not json')
    expect(await peer.socket.closed).toBe(4400)
    expect(peer.socket.frames.filter(({ t }) => t === 'error')).toHaveLength(3)
  })

  it('refused for what it says, not for its form, is no strike', async () => {
    const [user, room] = [fresh('u'), newRoom()]
    const peer = await enter(user)
    for (let i = 0; i < 5; i++) {
      await peer.ask({ t: 'follow', spaces: { 'user:bob': [0, ''] } }, 'denied')
      expect((await peer.mutate(room, 'send', { id: 'm', text: '' })).error?.code).toBe('invalid')
    }
    expect(await peer.mutate(room, 'send', { id: 'm', text: 'x' })).toMatchObject({ in: { [room]: 1 } })
  })

  it('that is binary is an error, never read as text', async () => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/v1/connect`, 'tidemark.1')
    const frames: { t: string; error?: WireError }[] = []
    socket.on('message', (message) => frames.push(JSON.parse(String(message))))
    await new Promise((resolve) => socket.once('open', resolve))
    const came = new Promise((resolve) => socket.once('message', resolve))
    socket.send(Buffer.from(JSON.stringify(await helloOf(fresh('u')))))
    await came
    expect(frames).toMatchObject([{ t: 'error', error: { code: 'bad-request' } }])
    socket.terminate()
  })

  it('[§9] larger than 1 MiB closes the connection with 4413 or 1009, and others notice nothing', async () => {
    const other = await enter(fresh('u'))
    const peer = await enter(fresh('u'))
    peer.socket.send(`{"t":"beat","nextS":60,"x":"${'y'.repeat(1_048_577)}"}`)
    const ended = await Promise.race([peer.socket.closed, peer.socket.expect(({ t }) => t === 'error')])
    if (typeof ended === 'number') expect([4413, 1009]).toContain(ended)
    else expect(ended.error).toMatchObject({ code: 'too-large' })
    expect((await other.beat()).theirs).toBe(0)
  })

  it('of just under 1 MiB is served', async () => {
    const peer = await enter(fresh('u'))
    const frame = (pad: number) => `{"t":"beat","nextS":60,"x":"${'y'.repeat(pad)}"}`
    const mark = peer.mark()
    peer.socket.send(frame(1_048_576 - frame(0).length))
    await peer.after(mark, ({ t }) => t === 'beat')
  })

  it.each(['beat', 'follow', 'mutate', 'auth', 'unfollow'])('%s before hello is an error; the hello after it is welcome', async (t) => {
    const [user, room] = [fresh('u'), newRoom()]
    const socket = await connectBare(server.url)
    const mutation = { n: 1, nonce: newNonce(), space: room, name: 'send', args: { id: 'm', text: 'x' }, madeMs: 1 }
    const fields: Record<string, object> = {
      beat: { nextS: 60 },
      follow: { spaces: { [room]: [0, ''] } },
      unfollow: { spaces: [room] },
      auth: { token: await tokenOf(server.url, user) },
      mutate: { client: newClientId(), on: '', mutations: [mutation] },
    }
    socket.send({ t, ...fields[t] })
    expect((await socket.expect((frame) => frame.t === 'error')).error).toMatchObject({ code: 'bad-request' })
    socket.send(await helloOf(user))
    await socket.expect((frame) => frame.t === 'welcome')
    socket.close()
    expect((await pull(server.url, user, room)).body.head).toBe(0)
  })

  it.each([
    ['client', 'me'],
    ['client', undefined],
    ['token', undefined],
    ['spaces', undefined],
    ['spaces', { 'room:1': 'x' }],
    ['nextS', 'x'],
    ['app', 1],
  ])('hello with %s %j is a bad-request, and a right one after it is welcome', async (field, value) => {
    const socket = await connectBare(server.url)
    const hello = await helloOf(fresh('u'))
    socket.send({ ...hello, [field]: value })
    expect((await socket.expect(({ t }) => t === 'error')).error).toMatchObject({ code: 'bad-request' })
    socket.send(hello)
    await socket.expect(({ t }) => t === 'welcome')
    socket.close()
  })

  it('say is not served here: it is answered, by name, and the connection goes on', async () => {
    const peer = await enter(fresh('u'))
    const said = await peer.ask({ t: 'say', space: newRoom(), lane: 'danmu', n: 3, body: {} }, 'said', 'error')
    expect(said.error).toMatchObject({ code: 'not-found' })
    if (said.t === 'said') expect(said.n).toBe(3)
    expect((await peer.beat()).theirs).toBe(0)
  })
})

describe('a request', () => {
  const wellFormed = (body: { error: WireError }) =>
    expect(body).toEqual({
      error: expect.objectContaining({ code: expect.any(String), message: expect.any(String), retryable: expect.any(Boolean) }),
    })

  it.each([
    ['GET', '/v1/spaces/room:1/collections/messages/older?before=9'],
    ['GET', '/v1/spaces/room:1/ranges/0..1-abcdabcd'],
    ['GET', '/v1/spaces/room:1/lanes/danmu?since=0'],
    ['POST', '/v1/spaces/room:1/lanes/danmu'],
    ['POST', '/v1/poll'],
    ['POST', '/v1/push/device'],
    ['POST', '/v1/push/all'],
    ['GET', '/v1/spaces/room:1'],
    ['DELETE', '/v1/spaces/room:1/changes'],
    ['GET', '/v1/mutations'],
    ['GET', '/v1/'],
    ['GET', '/v2/connect'],
  ])('%s %s is not-found, as JSON that is not stored', async (method, path) => {
    const answer = await http<{ error: WireError }>(server.url, fresh('u'), path, { method, ...(method === 'POST' ? { body: {} } : {}) })
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
    for (const origin of ['null', `${server.url}.evil.example`, 'http://127.0.0.1'])
      expect([origin, (await upgrade('/v1/connect', ['tidemark.1'], { origin })).status]).toEqual([origin, 403])
    expect(await upgrade('/v1/connect', ['tidemark.1'], { origin: server.url })).toMatchObject({ status: 101, protocol: 'tidemark.1' })
    expect((await upgrade('/v1/connect', ['tidemark.1'])).status).toBe(101)
    const asked = await http(server.url, 'alice', `/v1/spaces/${newRoom()}/changes?since=0`, { headers: foreign })
    expect([
      asked.status === 403 || asked.headers.get('access-control-allow-origin') === null,
      asked.headers.get('access-control-allow-origin'),
    ]).toEqual([true, null])
    const signIn = await http(server.url, null, '/v1/dev/token', { body: { user: 'alice' }, headers: foreign })
    expect(signIn.headers.get('access-control-allow-origin')).toBeNull()
  })

  it('to upgrade without the subprotocol, or elsewhere, is refused with a reason', async () => {
    for (const [path, protocols, status] of [
      ['/v1/connect', [], 400],
      ['/v1/connect', ['tidemark.2'], 400],
      ['/v1/elsewhere', ['tidemark.1'], 404],
    ] as const) {
      const answer = await upgrade(path, [...protocols])
      expect([path, answer.status]).toEqual([path, status])
      wellFormed(JSON.parse(answer.body))
    }
    expect((await upgrade('/v1/connect', ['tidemark.2', 'tidemark.1'])).protocol).toBe('tidemark.1')
  })
})

describe('numbers that JSON can write and a computer cannot hold', () => {
  it('are refused, never stored as something else', async () => {
    const user = fresh('u')
    const [peer, room] = [await enter(user), newRoom()]
    const batch = peer.outbox.batch(
      peer.outbox.next(room, 'put', { c: 'messages', id: 'm', doc: { text: 'x', author: user, sentAtMs: 'HUGE' } }),
    )
    const mark = peer.mark()
    peer.socket.send(JSON.stringify({ t: 'mutate', ...batch }).replace('"HUGE"', '1e400'))
    expect((await peer.after(mark, ({ t }) => t === 'ack')).acks).toMatchObject([{ n: 1, error: { code: 'invalid' } }])
    expect((await pullAll(server.url, user, room)).copy.version).toBe(0)
  })
})
