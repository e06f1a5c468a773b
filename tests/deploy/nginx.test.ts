// Goal: problem-free behind nginx with default settings. Method: a real nginx with the lines of docs/deploy.md, and nothing else but defaults,
// in front of the real server; bare frames, bare HTTP and the real client go through it.
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openReplica, type Replica } from '@tidemark/client'
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { app } from '../../demo-app/app.ts'
import { type BareClient, connectBare } from '../harness/bare-client.ts'
import { devToken, freePort, type ServerProcess, startServer } from '../harness/server-process.ts'
import { eventually } from '../integration/both-ends.ts'
import { documentedLines, findNginx, type NginxProcess, replaced, startNginx } from './nginx-process.ts'

const program = findNginx()
const SCRIPT = `export const text = '${'tide '.repeat(3000)}'`
/** Stands in for nginx's 60 s, in seconds. */
const SHORT_S = 2

describe('behind nginx', () => {
  let folder: string | undefined
  let server: ServerProcess | undefined
  let upstreamPort: number
  let nginx: NginxProcess | undefined
  /** As documented; without the line for Host; as documented with a short patience; without any line but proxy_pass. */
  let ports: { documented: number; hostless: number; impatient: number; bare: number }
  const sockets: BareClient[] = []
  const replicas: Replica<typeof app>[] = []
  const at = (port: number) => `http://127.0.0.1:${port}`

  const start = () =>
    startServer({
      data: join(String(folder), 'data'),
      port: upstreamPort,
      flags: ['--dev', '--page', join(String(folder), 'page')],
      env: { TIDEMARK_ORIGINS: 'same-origin,https://app.example' },
    })

  beforeEach(({ skip }) => skip(program === undefined, 'no nginx on this machine'))
  beforeAll(async () => {
    if (program === undefined) return
    folder = await mkdtemp(join(tmpdir(), 'tidemark-deploy-'))
    await mkdir(join(folder, 'page', 'assets'), { recursive: true })
    await writeFile(join(folder, 'page', 'index.html'), '<!doctype html><title>page</title>')
    await writeFile(join(folder, 'page', 'assets', 'index-B1xYz9aQ.js'), SCRIPT)
    upstreamPort = await freePort()
    ports = { documented: await freePort(), hostless: await freePort(), impatient: await freePort(), bare: await freePort() }
    server = await start()
    const documented = await documentedLines(ports.documented, upstreamPort)
    const another = async (port: number) => replaced(await documentedLines(port, upstreamPort), [/^map[\s\S]*?\n}\n/, ''])
    const lines = [
      documented,
      replaced(await another(ports.hostless), [/ *proxy_set_header Host .*\n/, '']),
      replaced(await another(ports.impatient), [/proxy_http_version/, `proxy_read_timeout ${SHORT_S}s;\n    proxy_http_version`]),
      replaced(await another(ports.bare), [/proxy_http_version[\s\S]*?(?= {2}}\n)/, '']),
    ]
    nginx = await startNginx(program, lines.join('\n'), ports.documented)
  })
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.close()
    for (const replica of replicas.splice(0)) await replica.close()
  })
  afterAll(async () => {
    await nginx?.end()
    await server?.end('SIGTERM')
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  })

  const token = (user: string) => devToken(at(upstreamPort), user)

  async function post(port: number, user: string, body: string): Promise<Response> {
    const headers = { authorization: `Bearer ${await token(user)}`, 'content-type': 'application/json' }
    return fetch(`${at(port)}/v1/mutations`, { method: 'POST', headers, body })
  }

  async function enter(port: number, user: string, spaces: Record<string, [number, string]>): Promise<BareClient> {
    const socket = await connectBare(at(port))
    sockets.push(socket)
    socket.send({ t: 'hello', client: newClient(), token: await token(user), spaces, nextS: 60, app: '1' })
    await socket.expect(({ t }) => t === 'welcome')
    return socket
  }

  async function device(port: number, user: string): Promise<Replica<typeof app>> {
    const replica = await openReplica({ app, url: at(port), user, token: () => token(user), indexedDB: new IDBFactory(), IDBKeyRange })
    replicas.push(replica)
    return replica
  }

  it('the page is served with its headers, compressed once, and not sent again', async () => {
    const page = await fetch(`${at(ports.documented)}/rooms/lobby`, { headers: { accept: 'text/html' } })
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'")
    for (const [encoding, again] of [
      ['gzip', 'gzip'],
      ['br', 'br'],
      ['zstd', 'zstd'],
      ['identity', null],
    ] as const) {
      const url = `${at(ports.documented)}/assets/index-B1xYz9aQ.js`
      const script = await fetch(url, { headers: { 'accept-encoding': encoding } })
      expect([script.headers.get('content-encoding'), await script.text()]).toEqual([again, SCRIPT])
      expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
      const known = await fetch(url, { headers: { 'if-none-match': script.headers.get('etag') ?? '', 'accept-encoding': encoding } })
      expect(known.status).toBe(304)
    }
  })

  it('a batch of exactly 1 MiB passes; a larger one is refused, by whichever of the two', async () => {
    const body = JSON.stringify({ client: newClient(), on: '', mutations: [send(1, 'mib', 'hello')] })
    const answer = await post(ports.documented, 'alice', body.padEnd(1_048_576))
    expect([answer.status, ((await answer.json()) as { acks: unknown[] }).acks.length]).toEqual([200, 1])
    expect((await post(ports.documented, 'alice', body.padEnd(1_048_577))).status).toBe(413)
  })

  it.each(['documented', 'bare'] as const)('a pull is the same through the %s lines as without nginx, in every encoding', async (which) => {
    const client = newClient()
    let on = ''
    for (let n = 1; n <= 300; n += 100) {
      const mutations = Array.from({ length: 100 }, (_, at) => send(n + at, `${which}-${n + at}`, `message ${n + at} `.repeat(20)))
      expect((await post(ports[which], 'alice', JSON.stringify({ client, on, mutations }))).status).toBe(200)
      on = mutations.at(-1)?.nonce as string
    }
    const path = `/v1/spaces/room:load/changes?since=0&client=${client}`
    const headers = { authorization: `Bearer ${await token('alice')}`, 'accept-encoding': 'identity' }
    const plain = await (await fetch(at(upstreamPort) + path, { headers })).text()
    expect(plain.length).toBeGreaterThan(20_000)
    for (const encoding of ['gzip', 'br', 'zstd', 'gzip, deflate, br, zstd', 'identity']) {
      for (let times = 0; times < 2; times++) {
        const answer = await fetch(at(ports[which]) + path, { headers: { ...headers, 'accept-encoding': encoding } })
        expect(answer.headers.get('cache-control')).toBe('no-store')
        expect((await answer.text()) === plain).toBe(true)
      }
    }
  })

  it('a live connection says hello, is told of commits, and compares numbers', async () => {
    const reader = await enter(ports.documented, 'bob', { 'room:live': [0, ''] })
    await reader.expect(({ t }) => t === 'range')
    const writer = await enter(ports.documented, 'alice', {})
    writer.send({ t: 'mutate', client: newClient(), on: '', mutations: [send(1, 'live-1', 'hello', 'room:live')] })
    await writer.expect(({ t }) => t === 'ack')
    const range = await reader.expect(({ t, to }) => t === 'range' && to === 1)
    reader.send({ t: 'beat', nextS: 60 })
    const beat = await reader.expect(({ t }) => t === 'beat')
    expect(beat.sum).toBe(2 + Number.parseInt(String(range.seal).slice(0, 8), 16))
  })

  it.each([
    ['documented', 'https', 'itself', 101],
    ['documented', 'http', 'itself', 101],
    ['documented', 'https', 'https://app.example', 101],
    ['documented', 'https', 'https://evil.example', 403],
    ['hostless', 'https', 'itself', 403],
    ['hostless', 'https', 'https://app.example', 101],
  ] as const)(
    'through the %s lines over %s a page of %s is answered %i, on the socket and over HTTP',
    async (which, scheme, page, status) => {
      const origin = page === 'itself' ? `${scheme}://127.0.0.1:${ports[which]}` : page
      const socket = new WebSocket(`ws://127.0.0.1:${ports[which]}/v1/connect`, 'tidemark.1', { headers: { origin } })
      const answered = await new Promise<number>((resolve) => {
        socket.on('upgrade', ({ statusCode }) => resolve(statusCode ?? 0))
        socket.on('unexpected-response', (_, { statusCode }) => resolve(statusCode ?? 0))
        socket.on('error', () => {})
      })
      socket.terminate()
      expect(answered).toBe(status)
      const headers = { origin, authorization: `Bearer ${await token('alice')}` }
      const pull = await fetch(`${at(ports[which])}/v1/spaces/room:a/changes?since=0`, { headers })
      expect(pull.status).toBe(status === 101 ? 200 : 403)
      const text = await pull.text()
      if (status === 403) expect(text).toContain('have the proxy hand on Host')
    },
  )

  it('without the lines for Upgrade a handshake is told what is missing', async () => {
    const headers = {
      upgrade: 'websocket',
      connection: 'upgrade',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    }
    const socket = new WebSocket(`ws://127.0.0.1:${ports.bare}/v1/connect`, 'tidemark.1', { headers })
    const [status, text] = await new Promise<[number | undefined, string]>((resolve) => {
      socket.on('error', () => {})
      socket.on('unexpected-response', (_, response) => {
        let body = ''
        response.on('data', (chunk) => (body += chunk))
        response.on('end', () => resolve([response.statusCode, body]))
      })
    })
    expect([status, JSON.parse(text).error.code]).toEqual([400, 'bad-request'])
    expect(text).toContain('docs/deploy.md')
  })

  it('nginx cuts a connection on which the server is silent for its timeout; beats that are answered keep it', async () => {
    const silent = await enter(ports.impatient, 'alice', {})
    const beating = await enter(ports.impatient, 'bob', {})
    const beats = setInterval(() => beating.send({ t: 'beat', nextS: 60 }), (SHORT_S * 1000) / 2)
    try {
      expect(await silent.closed).toBe(1006)
      await new Promise((resolve) => setTimeout(resolve, SHORT_S * 1000))
      expect(await Promise.race([beating.closed, Promise.resolve('open')])).toBe('open')
    } finally {
      clearInterval(beats)
    }
  })

  it('[B10] without the lines for WebSockets the client polls, over HTTP/1.0, and both ends have all', async () => {
    const [alice, bob] = [await device(ports.bare, 'alice'), await device(ports.documented, 'bob')]
    const [inAlice, inBob] = [alice.space('room:bare'), bob.space('room:bare')]
    await (await inAlice.mutate.send({ id: 'p1', text: 'by poll' })).confirmed
    expect(phaseOf(alice)).toBe('live')
    await (await inBob.mutate.send({ id: 'p2', text: 'by socket' })).confirmed
    for (const room of [inAlice, inBob]) await eventually('it has both', async () => (await room.messages.toArray()).length === 2)
    expect(await alice.audit()).toMatchObject({ created: 1, confirmed: 1 })
  })

  it('the client syncs through it, and takes the 502 of a dead server for unreachable: nothing is lost, all arrives after the restart', async () => {
    const [alice, bob] = [await device(ports.documented, 'alice'), await device(ports.documented, 'bob')]
    const [inAlice, inBob] = [alice.space('room:restart'), bob.space('room:restart')]
    await (await inAlice.mutate.send({ id: 'r1', text: 'before' })).confirmed
    await eventually('bob reads it', async () => (await inBob.messages.toArray()).length === 1)
    await server?.end('SIGKILL')
    const gone = await fetch(`${at(ports.documented)}/v1/spaces/room:restart/changes?since=0`)
    expect([gone.status, gone.headers.get('content-type')]).toEqual([502, 'text/html'])
    const sent = await inAlice.mutate.send({ id: 'r2', text: 'meanwhile' })
    await eventually('alice has noticed', () => phaseOf(alice) !== 'live')
    expect((await inAlice.messages.toArray()).map(({ text }) => text)).toEqual(['before', 'meanwhile'])
    server = await start()
    await sent.confirmed
    await eventually('bob reads both', async () => (await inBob.messages.toArray()).length === 2, 60_000)
  })
})

function phaseOf(replica: Replica<typeof app>): string {
  let phase = ''
  replica.status$.subscribe((status) => (phase = status.phase)).unsubscribe()
  return phase
}

function newClient(): string {
  return `c_${randomBytes(16).toString('base64url')}`
}

function send(n: number, id: string, text: string, space = 'room:load') {
  return { n, nonce: n.toString(16).padStart(16, '0'), space, name: 'send', args: { id, text }, madeMs: 1 }
}
