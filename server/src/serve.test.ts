import { connect as connectTcp, type Socket } from 'node:net'
import { LIMITS } from '@tidemark/shared'
import { afterEach, describe, expect, it } from 'vitest'
import { app, everybody } from '../test/backend-world.ts'
import { RunningServer } from '../test/running-server.ts'
import { memoryChangelog } from './changelog/memory/memory-changelog.ts'
import { serve } from './serve.ts'
import { createSyncServer } from './sync-server.ts'

// The real server on a real port, spoken to with bare `ws` and `fetch`.

const ALICE = { tenant: 'default', user: 'alice', expiresAtMs: undefined }
const CLIENT = `c_${'A'.repeat(22)}`
let server: RunningServer | undefined

async function start(...options: Parameters<typeof RunningServer.start>): Promise<RunningServer> {
  server = await RunningServer.start(...options)
  return server
}

afterEach(async () => {
  await server?.close()
  server = undefined
})

const put = (n: number, id: string, text: string) => ({
  n,
  nonce: n.toString(16).padStart(16, '0'),
  space: 'open:a',
  name: 'put',
  args: { c: 'notes', id, doc: { text } },
  madeMs: 0,
})

describe('createSyncServer', () => {
  it('without authenticate throws, and says why', () => {
    const options = { app, changelog: memoryChangelog(), access: everybody(app) }
    expect(() => createSyncServer(options as never)).toThrow(/authenticate/)
  })

  it('with development sign-in throws under NODE_ENV=production', () => {
    const before = process.env.NODE_ENV
    process.env.NODE_ENV = 'production'
    try {
      const options = {
        app,
        changelog: memoryChangelog(),
        access: everybody(app),
        authenticate: async () => ({ tenant: 'default', user: 'a', expiresAtMs: undefined }),
      }
      expect(() => createSyncServer({ ...options, dev: { token: async () => '' } })).toThrow(/production/)
    } finally {
      process.env.NODE_ENV = before
    }
  })
})

describe('a live connection', () => {
  it('carries a mutation of one user to another, and a beat whose sum says that nothing lacks', async () => {
    const { greet } = await bound()
    const alice = await greet('alice', { 'open:a': [0, ''] })
    const bob = await greet('bob', { 'open:a': [0, ''] }, `c_${'B'.repeat(22)}`)
    await bob.next('range')
    alice.say({ t: 'mutate', client: CLIENT, on: '', mutations: [put(1, 'm1', 'hello')] })
    expect((await alice.next('ack')).acks).toEqual([{ n: 1, nonce: '0000000000000001', in: { 'open:a': 1 } }])
    const range = await bob.next('range')
    expect(range).toMatchObject({
      from: 0,
      to: 1,
      changes: [{ v: 1, c: 'notes', id: 'm1', put: { text: 'hello' }, o: '0000000000000001' }],
    })
    bob.say({ t: 'beat', nextS: 60 })
    expect((await bob.next('beat')).sum).toBe(2 + Number.parseInt(range.seal, 16))
  })

  it('acknowledges every resend of one mutation, which is done once', async () => {
    const running = await start()
    const socket = await running.greet('alice', { 'open:a': [0, ''] })
    for (let times = 0; times < 5; times++) socket.say({ t: 'mutate', client: CLIENT, on: '', mutations: [put(1, 'm1', 'once')] })
    for (let times = 0; times < 5; times++) expect((await socket.next('ack')).acks).toMatchObject([{ n: 1, in: { 'open:a': 1 } }])
    const answer = await running.fetch('/v1/spaces/open:a/changes?since=0', 'alice')
    expect(await answer.json()).toMatchObject({ to: 1, head: 1 })
  })

  it('survives a frame that is a little too large; one that is far too large ends it alone', async () => {
    const running = await start()
    const socket = await running.greet('alice', {})
    socket.say(`{"t":"auth","token":"${'x'.repeat(LIMITS.bytes)}"}`)
    expect((await socket.next('error')).error.code).toBe('too-large')
    socket.say({ t: 'beat', nextS: 60 })
    await socket.next('beat')
    socket.say('x'.repeat(3 * LIMITS.bytes))
    expect(await socket.ended).toBe(1009)
    await running.greet('alice', {})
  })

  it('survives a binary frame, and is closed with 4400 at the third that cannot be read', async () => {
    const socket = await (await start()).greet('alice', {})
    socket.say(Buffer.from([1, 2, 3]))
    expect((await socket.next('error')).error.code).toBe('bad-request')
    socket.say('nonsense')
    socket.say('['.repeat(200_000))
    expect(await socket.ended).toBe(4400)
  })

  it('with a token that has ended, or is none, is closed with 4401, and the log has no trace of it', async () => {
    const running = await start()
    const ended = await running.token('alice', -10)
    for (const [token, code] of [
      [ended, 'token-expired'],
      ['eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.', 'unauthenticated'],
    ]) {
      const socket = running.connect()
      await socket.opened
      socket.say({ t: 'hello', client: CLIENT, token, spaces: {}, nextS: 60, app: '1' })
      expect((await socket.next('error')).error.code).toBe(code)
      expect(await socket.ended).toBe(4401)
    }
    expect(running.logged.join('\n')).not.toContain(ended.slice(0, 20))
    expect(running.logged.join('\n')).not.toContain('eyJhbGciOiJub25lIn0')
  })

  it.each([
    ['a foreign Origin', { origin: 'https://evil.example' }, 'tidemark.1', '/v1/connect', 403],
    ['the Origin null', { origin: 'null' }, 'tidemark.1', '/v1/connect', 403],
    ['another path', {}, 'tidemark.1', '/v1/elsewhere', 404],
    ['another subprotocol', {}, 'chat.2', '/v1/connect', 400],
  ])('of %s is refused before the handshake', async (_, headers, protocol, path, status) => {
    const running = await start()
    const socket = running.connect(headers as Record<string, string>, protocol, path)
    expect(await socket.ended).toBe(status)
  })

  it('of its own page, and of no browser at all, is taken', async () => {
    const running = await start()
    await running.connect({ origin: running.url }).opened
    await running.connect().opened
  })

  it('of a reader that stops reading costs bounded memory: it is told behind when it reads again', { timeout: 30_000 }, async () => {
    const running = await start()
    const slow = await running.greet('alice', { 'open:a': [0, ''] })
    await slow.next('range')
    slow.ws.pause()
    const writer = await running.greet('bob', {}, `c_${'B'.repeat(22)}`)
    const text = 'x'.repeat(90_000)
    let on = ''
    // 36 MB in all: past what the systems on both ends hold for a socket.
    for (let n = 1; n <= 400; n += 8) {
      const mutations = Array.from({ length: 8 }, (_, at) => put(n + at, `m${n + at}`, text))
      writer.say({ t: 'mutate', client: `c_${'B'.repeat(22)}`, on, mutations })
      expect((await writer.next('ack')).acks).toHaveLength(8)
      on = mutations[7]?.nonce ?? ''
    }
    slow.ws.resume()
    const behind = await slow.next('behind')
    expect(behind.space).toBe('open:a')
    slow.say({ t: 'beat', nextS: 60 })
    expect((await slow.next('beat')).sum).toBe(0)
  })

  it('of a copy far behind is brought to the head page by page, as fast as it reads', async () => {
    const running = await start()
    const writer = await running.greet('bob', {}, `c_${'B'.repeat(22)}`)
    let on = ''
    for (let n = 1; n <= 40; n += 8) {
      const mutations = Array.from({ length: 8 }, (_, at) => put(n + at, `m${n + at}`, 'x'.repeat(80_000)))
      writer.say({ t: 'mutate', client: `c_${'B'.repeat(22)}`, on, mutations })
      await writer.next('ack')
      on = mutations[7]?.nonce ?? ''
    }
    const reader = await running.greet('alice', { 'open:a': [0, ''] })
    let pages = 0
    for (let to = 0; to < 40; pages++) to = (await reader.next('range')).to
    expect(pages).toBeGreaterThan(5)
  })

  it('is sent away when the server ends: goaway, then 1001', async () => {
    const running = await start()
    const socket = await running.greet('alice', {})
    const closed = running.close()
    const { afterMs } = await socket.next('goaway')
    expect(afterMs[0]).toBeLessThanOrEqual(afterMs[1])
    expect(await socket.ended).toBe(1001)
    await closed
    await expect(fetch(running.url)).rejects.toThrow()
  })

  it('[B4] is ended by no timer but its own: one may be silent for as long as it promised, 900 s and more', async () => {
    const timeouts: (number | undefined)[] = []
    const sync = createSyncServer({
      app,
      changelog: memoryChangelog(),
      access: everybody(app),
      authenticate: async (user) => ({ ...ALICE, user }),
    })
    const listening = await serve(
      {
        ...sync,
        handleUpgrade(request, socket, head) {
          timeouts.push((socket as Socket).timeout)
          sync.handleUpgrade(request, socket, head)
          timeouts.push((socket as Socket).timeout)
        },
      },
      { port: 0 },
    )
    const running = new RunningServer(listening, [])
    await running.connect().opened
    // Before it was a live connection it had 90 s.
    expect(timeouts).toEqual([90_000, 0])
    await running.close()
  })

  it('that never ends its closing handshake does not hold the end of the server', async () => {
    const running = await start()
    const socket = await running.greet('alice', {})
    socket.ws.pause()
    const before = Date.now()
    await running.close()
    expect(Date.now() - before).toBeLessThan(3000)
  })
})

describe('HTTP', () => {
  it('ends though a request never does, and closes the changelog', async () => {
    let closes = 0
    const changelog = memoryChangelog()
    const running = await start({
      changelog: {
        ...changelog,
        close() {
          closes++
          return changelog.close()
        },
      },
    })
    const socket = connectTcp(running.listening.port, '127.0.0.1', () => socket.write('POST /v1/mutations HTTP/1.1\r\nHost: localhost\r\n'))
    socket.on('error', () => {})
    await new Promise((resolve) => socket.once('connect', resolve))
    const before = Date.now()
    await running.close()
    expect([closes, Date.now() - before < 3000]).toEqual([1, true])
    socket.destroy()
  })

  it('on loopback, development sign-in is closed to pages whose name was made to lead here', async () => {
    const running = await start({ dev: { token: async (user) => `of-${user}` } })
    const ask = (host: string) =>
      raw(
        running.listening.port,
        `POST /v1/dev/token HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 16\r\nConnection: close\r\n\r\n{"user":"alice"}`,
      )
    expect(await ask('evil.example')).toMatch(/^HTTP\/1\.1 403/)
    expect(await ask(`localhost:${running.listening.port}`)).toContain('of-alice')
  })

  it('a body that is too large is refused, and the connection does not break', async () => {
    const running = await start()
    for (let times = 0; times < 3; times++) {
      const answer = await running.fetch('/v1/mutations', 'alice', { method: 'POST', body: 'x'.repeat(2 * LIMITS.bytes) })
      expect(answer.status).toBe(413)
    }
    expect((await fetch(`${running.url}/healthz`)).status).toBe(200)
  })

  it('a mutation over HTTP reaches a live reader', async () => {
    const running = await start()
    const bob = await running.greet('bob', { 'open:a': [0, ''] }, `c_${'B'.repeat(22)}`)
    await bob.next('range')
    const body = JSON.stringify({ client: CLIENT, on: '', mutations: [put(1, 'm1', 'hello')] })
    expect((await running.fetch('/v1/mutations', 'alice', { method: 'POST', body })).status).toBe(200)
    expect((await bob.next('range')).to).toBe(1)
    expect(await (await fetch(`${running.url}/metrics`)).text()).toMatch(
      /tidemark_connections 1\n[\s\S]*tidemark_commits_total{source="client"} 1\n/,
    )
  })

  it.each([
    'GET /../../etc/passwd',
    'GET //etc/passwd',
    'GET /%2e%2e/%2e%2e/etc/passwd',
    'GET http://evil.example/v1/dev/token',
    'NONSENSE',
  ])('the raw request line %s breaks nothing', async (line) => {
    const running = await start()
    const answer = await raw(running.listening.port, `${line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 (400|404)/)
    expect((await fetch(`${running.url}/healthz`)).status).toBe(200)
  })
})

async function bound(): Promise<{ greet: RunningServer['greet'] }> {
  const running = await start()
  return { greet: running.greet.bind(running) }
}

function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connectTcp(port, '127.0.0.1', () => socket.write(text))
    socket.on('data', (data) => {
      answer += data
    })
    socket.on('close', () => resolve(answer))
    socket.on('error', reject)
  })
}
