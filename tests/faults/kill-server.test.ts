// Goal: acknowledged means durable, and once (P2, P3). Method: the real server under load from bare WebSockets is killed with
// SIGKILL at a moment of chance, again and again; after each restart every client sends what it has no ack for, same numbers, same nonces.
import { randomBytes, randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BareClient, connectBare } from '../harness/bare-client.ts'
import { devToken, freePort, type ServerProcess, startServer } from '../harness/server-process.ts'

const KILLS = process.env.CI === undefined ? 4 : 20
const CLIENTS = 6
const BATCH = 5
const SPACE = 'room:load'

interface Mutation {
  readonly n: number
  readonly nonce: string
  readonly id: string
}

/** A client that makes mutations without end and remembers which of them were acknowledged. */
class Writer {
  readonly client = `c_${randomBytes(16).toString('base64url')}`
  readonly acked = new Map<string, number>()
  readonly user: string
  #made: Mutation[] = []
  #settled = 0
  #socket: BareClient | undefined

  constructor(user: string) {
    this.user = user
  }

  async connect(url: string, token: string): Promise<void> {
    const socket = await connectBare(url)
    this.#socket = socket
    socket.send({ t: 'hello', client: this.client, token, spaces: {}, nextS: 60, app: '1' })
    await socket.expect(({ t }) => t === 'welcome')
  }

  /** Sends batches, one in hand, until the connection ends or `stop` says so. */
  async write(stop: () => boolean): Promise<void> {
    const socket = this.#socket
    if (socket === undefined) return
    while (!stop() || this.pending > 0) {
      while (!stop() && this.pending < BATCH) this.#make()
      const batch = this.#made.slice(this.#settled, this.#settled + BATCH)
      const last = batch.at(-1) as Mutation
      socket.send({
        t: 'mutate',
        client: this.client,
        on: this.#made[this.#settled - 1]?.nonce ?? '',
        mutations: batch.map(({ n, nonce, id }) => ({
          n,
          nonce,
          space: SPACE,
          name: 'send',
          args: { id, text: `from ${this.user}` },
          madeMs: 1,
        })),
      })
      const answer = await socket
        .expect((frame) => frame.t === 'ack' && (frame.acks as { n: number }[]).some(({ n }) => n === last.n))
        .catch(() => undefined)
      if (answer === undefined) return
      expect(answer.error).toBeUndefined()
      for (const ack of answer.acks as { n: number; nonce: string; in?: Record<string, number> }[]) {
        const mutation = this.#made[ack.n - 1] as Mutation
        expect(ack.nonce).toBe(mutation.nonce)
        const version = ack.in?.[SPACE]
        expect(version).toBeTypeOf('number')
        const before = this.acked.get(mutation.id)
        if (before !== undefined) expect(version).toBe(before)
        this.acked.set(mutation.id, version as number)
        this.#settled = Math.max(this.#settled, ack.n)
      }
    }
  }

  get pending(): number {
    return this.#made.length - this.#settled
  }

  get made(): readonly Mutation[] {
    return this.#made
  }

  close(): void {
    this.#socket?.close()
  }

  #make(): void {
    const n = this.#made.length + 1
    this.#made.push({ n, nonce: randomBytes(8).toString('hex'), id: `${this.user}-${n}` })
  }
}

describe('kill -9 of the server under load', () => {
  let data = ''
  let port = 0
  let server: ServerProcess | undefined
  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'tidemark-kill-'))
    port = await freePort()
  })
  afterAll(async () => {
    await server?.end('SIGKILL')
    await rm(data, { recursive: true, force: true })
  })

  it(`[P2 P3 M1] every acknowledged mutation is there, once, in its client's order, after ${KILLS} kills`, {
    timeout: 300_000,
  }, async () => {
    const writers = Array.from({ length: CLIENTS }, (_, at) => new Writer(`writer${at}`))
    for (let kill = 0; kill < KILLS; kill++) {
      server = await startServer({ data, port })
      const { url } = server
      let stopped = false
      await Promise.all(writers.map(async (writer) => writer.connect(url, await devToken(url, writer.user))))
      const writing = Promise.all(writers.map((writer) => writer.write(() => stopped)))
      await new Promise((resolve) => setTimeout(resolve, randomInt(50, 600)))
      await server.end('SIGKILL')
      stopped = true
      await writing
    }

    server = await startServer({ data, port })
    const { url } = server
    const token = await devToken(url, 'writer0')
    await Promise.all(writers.map(async (writer) => writer.connect(url, await devToken(url, writer.user))))
    await Promise.all(writers.map((writer) => writer.write(() => true)))
    for (const writer of writers) writer.close()

    const log = await readAll(url, token)
    const created = log.filter(({ put }) => put !== undefined)
    const versionOf = new Map(created.map(({ id, v }) => [id, v]))
    expect(versionOf.size).toBe(created.length)
    for (const writer of writers) {
      expect(writer.pending).toBe(0)
      for (const [id, version] of writer.acked) expect(versionOf.get(id)).toBe(version)
      const own = writer.made.map(({ id }) => versionOf.get(id) as number)
      expect(own.every((version) => version !== undefined)).toBe(true)
      expect(own).toEqual([...own].sort((a, b) => a - b))
    }
    expect(created).toHaveLength(writers.reduce((sum, { made }) => sum + made.length, 0))
    expect(created.length).toBeGreaterThan(CLIENTS * KILLS)
  })

  it('SIGTERM stops it cleanly, and the next start has everything', async () => {
    expect(await server?.end('SIGTERM')).toBe(0)
    server = await startServer({ data, port })
    const log = await readAll(server.url, await devToken(server.url, 'reader'))
    expect(log.length).toBeGreaterThan(0)
  })
})

async function readAll(url: string, token: string): Promise<{ v: number; id: string; put?: unknown }[]> {
  const changes: { v: number; id: string; put?: unknown }[] = []
  let since = 0
  let seal = ''
  for (;;) {
    const answer = await fetch(`${url}/v1/spaces/${SPACE}/changes?since=${since}&seal=${encodeURIComponent(seal)}&window=all`, {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(answer.status).toBe(200)
    const range = (await answer.json()) as { from: number; to: number; head: number; seal: string; changes: typeof changes; reset?: string }
    expect([range.reset, range.from]).toEqual([undefined, since])
    changes.push(...range.changes)
    since = range.to
    seal = range.seal
    if (range.to === range.head) return changes
  }
}
