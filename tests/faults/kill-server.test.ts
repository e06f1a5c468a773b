// Goal: acknowledged means durable, and once (P2, P3). Method: the real server under load is killed with SIGKILL at a moment of
// chance, again and again. Clients send what they have no ack for once more, same numbers, same nonces; a backend its commits, same
// keys; readers follow on. In the end what every one of them was told is held against the file, read with SQLite alone.
import { randomInt } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newApiKey } from '@tidemark/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { devToken, freePort, type ServerProcess, startServer } from '../harness/server-process.ts'
import { pullAll } from '../harness/wire-peer.ts'
import { InsistentShop } from './insistent-shop.ts'
import { InsistentWriter, type Made, SPACES } from './insistent-writer.ts'
import { SteadyReader } from './steady-reader.ts'
import { type StoredCommit, type StoredSpace, storedSpace } from './stored-log.ts'

const KILLS = process.env.CI === undefined ? 2 : 20
const WRITERS = 6
const READERS = 3
/** How long the load lasts before the kill, in ms. */
const LOAD_MS_MIN = 20
const LOAD_MS_MAX = 600

describe('kill -9 of the server under load', () => {
  const writers = Array.from({ length: WRITERS }, (_, at) => new InsistentWriter(`writer${at}`))
  const readers = Array.from({ length: READERS }, (_, at) => new SteadyReader(`reader${at}`))
  const everyone = [...writers, ...readers]
  const { key, record } = newApiKey(
    { bytes: (count) => Uint8Array.from({ length: count }, () => randomInt(256)), unit: Math.random },
    { tenant: 'default', name: 'shop', scopes: ['commit:*'], createdMs: 0 },
  )
  const shop = new InsistentShop(key)
  let data = ''
  let port = 0
  let server: ServerProcess | undefined

  const start = async (): Promise<string> => {
    server = await startServer({ data, port, module: 'tests/faults/kill-backend.ts' })
    const { url } = server
    await Promise.all(everyone.map(async (one) => one.connect(url, await devToken(url, one.user))))
    return url
  }

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'tidemark-kill-'))
    await writeFile(join(data, 'api-keys.json'), JSON.stringify({ keys: [record] }), { mode: 0o600 })
    port = await freePort()
  })
  afterAll(async () => {
    for (const one of everyone) one.close()
    await server?.end('SIGKILL')
    await rm(data, { recursive: true, force: true })
  })

  it(`[P2 P3 M1 M2 K1] what was acknowledged is there, once, in its client's order, after ${KILLS} kills; what was refused stays refused`, {
    timeout: 300_000,
  }, async () => {
    for (let kill = 0; kill < KILLS; kill++) {
      const url = await start()
      let stopped = false
      const load = Promise.all([...writers.map((writer) => writer.write(() => stopped)), shop.write(url, () => stopped)])
      await new Promise((resolve) => setTimeout(resolve, randomInt(LOAD_MS_MIN, LOAD_MS_MAX)))
      await server?.end('SIGKILL')
      stopped = true
      await load
    }

    const url = await start()
    await Promise.all([...writers.map((writer) => writer.write(() => true)), shop.write(url, () => true)])
    expect(writers.map(({ pending }) => pending)).toEqual(writers.map(() => 0))
    expect(shop.pending).toEqual([])
    // Everything once more: the answers are what they were, and nothing is done twice.
    await Promise.all(writers.map((writer) => writer.repeatAll()))
    const again = await shop.repeatAll(url)
    for (const [of, { in: at }] of shop.ended) expect(again.get(of)).toEqual({ in: at, repeated: true })

    await Promise.all(readers.map((reader) => reader.catchUp()))
    expect(readers.flatMap(({ faults }) => faults)).toEqual([])
    const fresh = await Promise.all(SPACES.map(async (space) => (await pullAll(url, 'fresh', space)).copy))
    for (const { copies } of readers) expect([...copies.values()].map(standingOf)).toEqual(fresh.map(standingOf))

    expect(await server?.end('SIGTERM')).toBe(0)
    const spaces = new Map(SPACES.map((space) => [space as string, storedSpace(join(data, 'tidemark.db'), space)]))
    for (const [at, space] of SPACES.entries()) {
      const { head, documents } = spaces.get(space) as StoredSpace
      expect(fresh[at]).toMatchObject(head)
      expect(new Map([...(fresh[at]?.docs ?? [])].map(([place, { doc }]) => [place, doc]))).toEqual(documents)
    }
    for (const writer of writers) expectDone(writer, spaces)
    expectOrders(shop, spaces)
    expectNothingElse(writers, shop, spaces)
    const mutations = writers.reduce((sum, { made }) => sum + made.length, 0)
    expect(mutations).toBeGreaterThan(WRITERS * KILLS)
  })

  it('SIGTERM stops it cleanly, and the next start has everything', async () => {
    const url = await start()
    const before = storedSpace(join(data, 'tidemark.db'), SPACES[0]).head
    expect((await pullAll(url, 'reader', SPACES[0])).copy).toMatchObject(before)
    expect(await server?.end('SIGTERM')).toBe(0)
  })
})

const standingOf = ({ version, seal, docs }: { version: number; seal: string; docs: ReadonlyMap<string, unknown> }) => ({
  version,
  seal,
  docs: [...docs].sort(([a], [b]) => (a < b ? -1 : 1)),
})

/** Where its ack says, and in no other place, each mutation of a client stands, and in the order of their numbers; a refused one nowhere. */
function expectDone({ made, acks }: InsistentWriter, spaces: ReadonlyMap<string, StoredSpace>): void {
  const last = new Map<string, number>()
  for (const mutation of made) {
    const { n, name, nonce, space, args } = mutation
    const ack = acks.get(n)
    if (name === 'refuse') {
      expect(ack).toMatchObject({ error: { code: 'rejected', message: `not ${args.id}` } })
      continue
    }
    expect(Object.keys(ack?.in ?? {}).sort()).toEqual(name === 'move' ? [...SPACES] : [space])
    for (const [of, version] of Object.entries(ack?.in ?? {})) {
      const commit = spaces.get(of)?.commits[version - 1]
      expect(commit?.origin).toBe(nonce)
      expectWritten(commit as StoredCommit, mutation)
      expect(version).toBeGreaterThan(last.get(of) ?? 0)
      last.set(of, version)
    }
  }
}

function expectWritten({ changes }: StoredCommit, { name, args }: Made): void {
  expect(changes).toHaveLength(1)
  expect(changes[0]).toMatchObject(name === 'count' ? { c: 'tallies', id: 'all' } : { c: 'notes', id: args.id })
}

function expectOrders({ orders, ended }: InsistentShop, spaces: ReadonlyMap<string, StoredSpace>): void {
  for (const { key } of orders) {
    const places = Object.entries(ended.get(key)?.in ?? {})
    expect(places.map(([space]) => space).sort()).toEqual([...SPACES])
    for (const [space, version] of places)
      expect(spaces.get(space)?.commits[version - 1]).toMatchObject({ origin: null, changes: [{ c: 'notes', id: key }] })
  }
}

/** No commit was invented or made twice, and each count saw the one before it. */
function expectNothingElse(writers: readonly InsistentWriter[], shop: InsistentShop, spaces: ReadonlyMap<string, StoredSpace>): void {
  for (const [space, { commits }] of spaces) {
    const expected = writers.flatMap(({ made }) =>
      made.filter(({ name, space: of }) => name !== 'refuse' && (name === 'move' || of === space)).map(({ nonce }) => nonce),
    )
    const origins = commits.flatMap(({ origin }) => (origin === null ? [] : [origin]))
    expect([...origins].sort()).toEqual([...expected].sort())
    expect(commits.length - origins.length).toBe(shop.orders.length)
    const counts = commits.flatMap(({ changes }) => changes.flatMap(({ id, put, set }) => (id === 'all' ? [{ ...put, ...set }] : [])))
    expect(counts.map((count) => (count as { count: number }).count)).toEqual(counts.map((_, at) => at + 1))
  }
}
