// Goal: many readers get one thing, a reader who does not read harms nobody, and a server that ends, cleanly or not, comes back with the
// same versions, seals and tokens. Method: the real server process with bare sockets.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { connectBare } from '../harness/bare-client.ts'
import { freePort, type ServerProcess, startServer } from '../harness/server-process.ts'
import { WireCopy, type WireRange } from '../harness/wire-copy.ts'
import {
  type ConnectOptions,
  connectPeer,
  fresh,
  newClientId,
  pull,
  pullAll,
  tokenOf,
  WireOutbox,
  type WirePeer,
} from '../harness/wire-peer.ts'

let data: string
let port: number
let server: ServerProcess
/** A connection that never says hello, open while the other tests run. */
let silent: Promise<{ code: number; afterMs: number }>
const start = () => startServer({ data, port, module: 'tests/harness/wire-backend.ts' })
const peers: WirePeer[] = []
const enter = async (user: string, options?: ConnectOptions) => {
  const peer = await connectPeer(server.url, user, options)
  peers.push(peer)
  return peer
}
const newBox = () => `box:${fresh('b')}`

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'tidemark-wire-'))
  port = await freePort()
  server = await start()
  const startedMs = performance.now()
  silent = connectBare(server.url).then(async ({ closed }) => ({ code: await closed, afterMs: performance.now() - startedMs }))
})
afterEach(() => {
  for (const peer of peers.splice(0)) peer.close()
})
afterAll(async () => {
  await server.end('SIGTERM')
  await rm(data, { recursive: true, force: true })
})

describe('fifty readers', () => {
  it('get the same changes, in one order, and the same numbers', async () => {
    const box = newBox()
    const readers = await Promise.all(Array.from({ length: 50 }, () => enter(fresh('u'), { follow: [box] })))
    const writers = readers.slice(0, 5)
    await Promise.all(
      writers.map(async (peer) => {
        for (let i = 0; i < 20; i++)
          await peer.mutate(box, 'put', { c: 'open', id: fresh('d'), doc: { by: peer.user, i, text: '水 😀 é' } })
      }),
    )
    const copies = await Promise.all(readers.map((peer) => peer.reaches(box, 100)))
    const changesOf = (peer: WirePeer) => JSON.stringify(peer.judged.flatMap(({ range }) => range.changes))
    const first = changesOf(readers[0] as WirePeer)
    for (const [i, peer] of readers.entries()) {
      expect(peer.judged.every(({ rule }) => rule === 'R2' || rule === 'R3')).toBe(true)
      expect(changesOf(peer)).toBe(first)
      expect(copies[i]?.seal.slice(0, 8)).toBe(copies[0]?.seal.slice(0, 8))
      const beat = await peer.beat()
      expect(beat.mine).toBe(beat.theirs)
    }
    // Each writer's own come in the order in which they made them.
    const all = JSON.parse(first) as { put: { by: string; i: number } }[]
    for (const { user } of writers)
      expect(all.filter(({ put }) => put.by === user).map(({ put }) => put.i)).toEqual(Array.from({ length: 20 }, (_, i) => i))
  })

  it('who all write at once are all heard', async () => {
    const box = newBox()
    const people = await Promise.all(Array.from({ length: 50 }, () => enter(fresh('u'), { follow: [box] })))
    const acks = await Promise.all(people.map((peer) => peer.mutate(box, 'put', { c: 'open', id: peer.user, doc: {} })))
    expect(acks.map((ack) => ack.in?.[box]).sort((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
    for (const peer of people) expect((await peer.reaches(box, 50)).docs.size).toBe(50)
  })
})

describe('a reader who does not read', () => {
  it('[B5] is told behind in its place in the stream, harms nobody, and is level again after a pull and a follow', async () => {
    const box = newBox()
    const [writer, other] = [await enter(fresh('u')), await enter(fresh('u'), { follow: [box] })]
    const user = fresh('slow')
    const copy = new WireCopy()
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/v1/connect`, 'tidemark.1')
    const frames: { t: string; space?: string; head?: number; heads?: object }[] = []
    const rules: string[] = []
    socket.on('message', (message) => {
      const frame = JSON.parse(String(message))
      frames.push(frame)
      if (frame.t === 'range') rules.push(copy.take(frame as WireRange))
    })
    const came = async (fits: (frame: (typeof frames)[number]) => boolean) => {
      while (!frames.some(fits)) await new Promise((resolve) => setTimeout(resolve, 10))
    }
    await new Promise((resolve) => socket.once('open', resolve))
    const token = await tokenOf(server.url, user)
    socket.send(JSON.stringify({ t: 'hello', client: newClientId(), token, spaces: { [box]: [0, ''] }, nextS: 60, app: '1' }))
    await came(({ t }) => t === 'range')
    socket.pause()
    const COMMITS = 120
    const slowest = { ms: 0 }
    for (let i = 0; i < COMMITS; i += 3) {
      const startedMs = performance.now()
      await writer.send(
        ...[0, 1, 2].map((k) => writer.outbox.next(box, 'put', { c: 'open', id: `d${i + k}`, doc: { big: 'y'.repeat(250_000) } })),
      )
      await other.reaches(box, i + 3)
      slowest.ms = Math.max(slowest.ms, performance.now() - startedMs)
    }
    expect(slowest.ms).toBeLessThan(3000)
    const beat = await other.beat()
    expect(beat.mine).toBe(beat.theirs)
    socket.resume()
    await came(({ t }) => t === 'behind')
    const at = frames.findIndex(({ t }) => t === 'behind')
    expect(frames[at]).toMatchObject({ t: 'behind', space: box, head: expect.any(Number) })
    expect(copy.version).toBeLessThan(COMMITS)
    expect(rules.every((rule) => rule === 'R2' || rule === 'R3')).toBe(true)
    // No more of that space comes by itself, and it counts in no sum.
    socket.send(JSON.stringify({ t: 'beat', nextS: 60 }))
    await came(({ t }) => t === 'beat')
    expect(frames.find(({ t }) => t === 'beat')).toMatchObject({ sum: 0 })
    expect(frames.slice(at + 1).some(({ t }) => t === 'range')).toBe(false)
    while (copy.version < COMMITS) {
      const { body } = await pull(server.url, user, box, { since: copy.version, ...(copy.version ? { seal: copy.seal } : {}) })
      expect(['R1', 'R2']).toContain(copy.take(body))
    }
    socket.send(JSON.stringify({ t: 'follow', spaces: { [box]: [copy.version, copy.seal] } }))
    await came(({ t }) => t === 'heads')
    await writer.mutate(box, 'put', { c: 'open', id: 'last', doc: {} })
    await came((frame) => frame.t === 'range' && (frame as unknown as WireRange).to === COMMITS + 1)
    expect(copy.docs.size).toBe(COMMITS + 1)
    socket.terminate()
  })
})

describe('a hello that does not come within 10 s', () => {
  it('closes the connection with 4408', { timeout: 15_000 }, async () => {
    const { code, afterMs } = await silent
    expect(code).toBe(4408)
    expect(afterMs).toBeGreaterThan(9_500)
    expect(afterMs).toBeLessThan(13_000)
  })
})

describe('a server that ends', () => {
  it.each(['SIGTERM', 'SIGKILL'] as const)('by %s comes back with the same versions, seals, tokens and answers', async (signal) => {
    const [user, box] = [fresh('u'), newBox()]
    const outbox = new WireOutbox()
    const peer = await enter(user, { outbox, follow: [box] })
    const done = outbox.batch(
      outbox.next(box, 'many', { count: 3, stem: 'd' }),
      outbox.next(box, 'put', { c: 'nowhere', id: 'x', doc: {} }),
      outbox.next(box, 'delete', { c: 'open', id: 'd1' }),
    )
    const answer = await peer.sendBatch(done)
    expect(answer.acks.map(({ error }) => error?.code)).toEqual([undefined, 'not-found', undefined])
    const copy = await peer.reaches(box, 2)
    const before = await pullAll(server.url, user, box)

    await server.end(signal)
    const code = await peer.socket.closed
    if (signal === 'SIGTERM') {
      expect(code).toBe(1001)
      const goaway = peer.socket.frames.find(({ t }) => t === 'goaway')
      expect(goaway?.afterMs).toEqual([expect.any(Number), expect.any(Number)])
    }
    server = await start()

    // The token of before is good, the copy of before is level, and what was done is acknowledged again as it was.
    const again = await enter(user, { outbox, hello: { spaces: { [box]: [copy.version, copy.seal] } } })
    expect(again.socket.frames[0]).toMatchObject({ heads: { [box]: 2 }, acked: [3, done.mutations[2]?.nonce] })
    const range = (await again.socket.expect(({ t }) => t === 'range')) as unknown as WireRange
    expect(range).toMatchObject({ from: 2, on: copy.seal, to: 2, seal: copy.seal, changes: [] })
    expect(range.reset).toBeUndefined()
    expect((await again.sendBatch(done)).acks).toEqual(answer.acks)
    expect((await pullAll(server.url, user, box)).pages).toEqual(before.pages)
    const next = outbox.batch(outbox.next(box, 'put', { c: 'open', id: 'after', doc: {} }))
    expect((await again.sendBatch(next)).acks[0]?.in).toEqual({ [box]: 3 })
  })
})
