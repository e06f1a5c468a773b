// Goal: a server that was put back to a backup is found out at the next contact, and takes again what it lost, once (P8, M5, N1). Method: the
// real server, its file copied while it lives as docs/deploy.md says, killed, and started on the copy; devices as the protocol's page has them.
import { renameSync, rmSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { newApiKey } from '@tidemark/server'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freePort, type ServerProcess, startServer } from '../harness/server-process.ts'
import type { WireRange } from '../harness/wire-copy.ts'
import { connectPeer, pullAll, tokenOf, type WireAck, type WireMutation, type WirePeer } from '../harness/wire-peer.ts'
import { SPACES } from './insistent-writer.ts'
import { storedSpace } from './stored-log.ts'

const [ROOM, OTHER] = SPACES
const BEFORE = 10
const AFTER = 6

const { key: API_KEY, record } = newApiKey(
  { bytes: (count) => new Uint8Array(count).fill(1), unit: () => 0 },
  { tenant: 'default', name: 'shop', scopes: ['commit:*'], createdMs: 0 },
)

describe('a server that was put back to a backup', () => {
  let data: string
  let server: ServerProcess
  const peers: WirePeer[] = []
  beforeEach(async () => {
    data = await mkdtemp(join(tmpdir(), 'tidemark-restored-'))
    await writeFile(join(data, 'api-keys.json'), JSON.stringify({ keys: [record] }), { mode: 0o600 })
    await start()
  })
  afterEach(async () => {
    for (const peer of peers.splice(0)) peer.close()
    await server.end('SIGKILL')
    await rm(data, { recursive: true, force: true })
  })

  async function start(): Promise<void> {
    server = await startServer({ data, port: await freePort(), module: 'tests/faults/kill-backend.ts' })
  }

  async function enter(user: string, options: Parameters<typeof connectPeer>[2] = {}): Promise<WirePeer> {
    const peer = await connectPeer(server.url, user, options)
    peers.push(peer)
    return peer
  }

  async function order(...keys: readonly string[]): Promise<readonly { in?: object; repeated?: boolean }[]> {
    const commits = keys.map((key) => ({
      key,
      mutations: [{ space: ROOM, name: 'put', args: { c: 'notes', id: key, doc: { text: key } } }],
    }))
    const headers = { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' }
    const answer = await fetch(`${server.url}/v1/commits`, { method: 'POST', headers, body: JSON.stringify({ commits }) })
    return ((await answer.json()) as { commits: readonly { in?: object; repeated?: boolean }[] }).commits
  }

  /** Mutation number n of whoever makes them: most are done, some in both spaces, some refused. */
  const making = (peer: WirePeer, n: number): WireMutation => {
    const id = `${peer.user}-${n}`
    if (n % 6 === 0) return peer.outbox.next(ROOM, 'refuse', { id })
    if (n % 5 === 0) return peer.outbox.next(ROOM, 'move', { id, to: OTHER })
    return n % 4 === 0 ? peer.outbox.next(ROOM, 'count', { id }) : peer.outbox.next(n % 3 === 0 ? OTHER : ROOM, 'note', { id, text: id })
  }

  it.each([
    ['and goes on from there', 0],
    ['and overtaken by others', 40],
  ])('%s: every copy begins anew, and what it lost is taken again, once, and as it was settled', async (_name, overtaking) => {
    const alice = await enter('alice')
    const bob = await enter('bob', { follow: SPACES })
    const made: WireMutation[] = []
    const acks: WireAck[] = []
    const make = async (count: number) => {
      for (let at = 0; at < count; at++) {
        made.push(making(alice, made.length + 1))
        acks.push(...(await alice.send(made.at(-1) as WireMutation)).acks)
      }
    }
    await make(BEFORE)
    await order('kept')
    const living = new DatabaseSync(join(data, 'tidemark.db'), { readOnly: true })
    await backup(living, join(data, 'backup.db'))
    living.close()
    await make(AFTER)
    await order('lost')
    const before = new Map(SPACES.map((space) => [space, storedSpace(join(data, 'tidemark.db'), space).head.version]))
    for (const space of SPACES) await bob.reaches(space, before.get(space) as number)
    const stated = Object.fromEntries([...bob.copies].map(([space, { version, seal }]) => [space, [version, seal]]))

    await server.end('SIGKILL')
    for (const part of ['-wal', '-shm']) rmSync(join(data, `tidemark.db${part}`), { force: true })
    renameSync(join(data, 'backup.db'), join(data, 'tidemark.db'))
    await start()
    const carol = await enter('carol')
    for (let n = 1; n <= overtaking; n++)
      await carol.send(carol.outbox.next(n % 2 === 0 ? ROOM : OTHER, 'note', { id: `carol-${n}`, text: 'new' }))

    // Whoever stands in the lost history is told at the first contact, live or by a pull.
    const again = await enter('bob', { follow: SPACES, hello: { spaces: stated } })
    for (const space of SPACES) {
      const range = (await again.socket.expect((frame) => frame.t === 'range' && frame.space === space)) as unknown as WireRange
      const [version, seal] = stated[space] as [number, string]
      expect(range).toMatchObject({ reset: 'history', from: 0, on: seal })
      const pulled = await fetch(`${server.url}/v1/spaces/${space}/changes?since=${version}&seal=${seal}`, {
        headers: { authorization: `Bearer ${await tokenOf(server.url, 'bob')}` },
      })
      expect(await pulled.json()).toMatchObject({ reset: 'history', from: 0, on: seal })
    }

    // The one who wrote is told how far the server knows them, and offers what comes after it: what was refused stays so.
    const back = await enter('alice', { outbox: alice.outbox })
    expect(back.socket.frames[0]).toMatchObject({ acked: [BEFORE, made[BEFORE - 1]?.nonce] })
    const next = making(alice, made.length + 1)
    const early = await back.sendBatch({ client: alice.outbox.client, on: made.at(-1)?.nonce as string, mutations: [next] })
    expect(early).toMatchObject({ acks: [], error: { code: 'out-of-order', expected: BEFORE + 1 } })
    const offered = made.map((mutation, at) =>
      acks[at]?.error === undefined ? mutation : { n: mutation.n, nonce: mutation.nonce, void: true },
    )
    const tail = { client: alice.outbox.client, on: '', mutations: [...offered, next] }
    const answer = await back.sendBatch(tail)
    expect(answer.error).toBeUndefined()
    expect(answer.acks.map(({ error }) => error?.code)).toEqual([...acks.map(({ error }) => error?.code), undefined])
    expect(await back.sendBatch(tail)).toMatchObject({ acks: answer.acks })
    expect(await order('kept', 'lost')).toMatchObject([{ repeated: true }, { in: {} }])

    const { copy } = await pullAll(server.url, 'dave', ROOM)
    await again.reaches(ROOM, copy.version)
    const { theirs, mine } = await again.beat()
    expect(theirs).toBe(mine)
    expect(await server.end('SIGTERM')).toBe(0)
    const file = join(data, 'tidemark.db')
    for (const space of SPACES) {
      const { commits, documents } = storedSpace(file, space)
      const own = commits.map(({ origin }) => made.concat(next).find(({ nonce }) => nonce === origin)?.n).filter((n) => n !== undefined)
      const expected = made
        .concat(next)
        .filter(({ space: of, name }) => name !== 'refuse' && (of === space || name === 'move'))
        .map(({ n }) => n)
      expect(own).toEqual(expected)
      expect([...documents.keys()].filter((place) => place.startsWith('notes/carol'))).toHaveLength(overtaking / 2)
    }
  })
})
