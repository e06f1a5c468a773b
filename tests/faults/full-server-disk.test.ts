// Goal: a disk that takes no more costs no answer that was given, and nothing but writes while it lasts. Method: the real server on a small
// file system of its own that is filled up behind it, or under a limit of the size of files, so that the system calls themselves fail.
import { spawnSync } from 'node:child_process'
import { copyFileSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freePort, type ServerProcess, startServer } from '../harness/server-process.ts'
import { connectPeer, pullAll, type WireAck, type WireMutation, type WirePeer } from '../harness/wire-peer.ts'
import { storedSpace } from './stored-log.ts'

const ROOM = 'room:a'
const DISK_BYTES = 6 * 1_048_576
const FILE_KIB_MAX = 1024
/** Of 512 bytes: less than what is written has. */
const LEAST_BLOCKS = 160
/** At most so many writes until a disk is full. */
const WRITES_MAX = 500

interface Trouble {
  readonly within: (data: string) => readonly string[]
  begin(server: ServerProcess, data: string): void
  end(server: ServerProcess, data: string): void
}

const run = (command: string, ...words: readonly string[]): boolean => spawnSync(command, words).status === 0
const mayMount = run('unshare', '-rm', 'mount', '-t', 'tmpfs', 'none', tmpdir())

/** ENOSPC: a file system in memory that only the server sees; this process reaches it by way of it. */
const full: Trouble = {
  within: (data) => ['unshare', '-rm', 'sh', '-c', `mount -t tmpfs -o size=${DISK_BYTES} none '${data}' && exec "$@"`, 'sh'],
  begin({ pid }, data) {
    for (let at = 0; ; at++) {
      try {
        writeFileSync(`/proc/${pid}/root${data}/ballast-${at}`, Buffer.alloc(16_384))
      } catch {
        return
      }
    }
  },
  end({ pid }, data) {
    for (let at = 0; at < DISK_BYTES / 16_384; at++) rmSync(`/proc/${pid}/root${data}/ballast-${at}`, { force: true })
  },
}

/** EFBIG, which SQLite takes for a disk that fails: no file may grow past a limit. */
const failing: Trouble = {
  within: () => ['sh', '-c', `trap '' XFSZ; exec "$@"`, 'sh'],
  begin: ({ pid }) => void expect(run('prlimit', `--pid=${pid}`, `--fsize=${FILE_KIB_MAX * 1024}:`)).toBe(true),
  end: ({ pid }) => void expect(run('prlimit', `--pid=${pid}`, '--fsize=unlimited:')).toBe(true),
}

describe('a server whose disk takes no more', () => {
  let data: string
  let server: ServerProcess | undefined
  const peers: WirePeer[] = []
  beforeEach(async () => {
    data = await mkdtemp(join(tmpdir(), 'tidemark-full-'))
  })
  afterEach(async () => {
    for (const peer of peers.splice(0)) peer.close()
    await server?.end('SIGKILL')
    await rm(data, { recursive: true, force: true })
  })

  const enter = async (user: string, follow: readonly string[] = []): Promise<WirePeer> => {
    const peer = await connectPeer((server as ServerProcess).url, user, { follow })
    peers.push(peer)
    return peer
  }
  const ready = async () => (await fetch(`${server?.url}/readyz`)).status

  const expectPatience = async ({ within, begin, end }: Trouble) => {
    server = await startServer({ data, port: await freePort(), module: 'tests/faults/kill-backend.ts', within: within(data) })
    const [writer, reader] = [await enter('alice'), await enter('bob', [ROOM])]
    const acks: WireAck[] = []
    const made: WireMutation[] = []
    const next = () => {
      made.push(writer.outbox.next(ROOM, 'note', { id: `n${made.length + 1}`, text: 'x'.repeat(30_000) }))
      return made.at(-1) as WireMutation
    }
    for (let n = 0; n < 5; n++) acks.push(...(await writer.send(next())).acks)

    begin(server, data)
    let answer = await writer.send(next())
    for (; answer.error === undefined; answer = await writer.send(next())) {
      acks.push(...answer.acks)
      expect(acks.length).toBeLessThan(WRITES_MAX)
    }
    // It says so, takes nothing more, and serves what it has.
    expect(answer).toMatchObject({ acks: [], error: { code: 'unavailable', retryable: true, afterMs: expect.any(Number) } })
    const last = { client: writer.outbox.client, on: made.at(-2)?.nonce ?? '', mutations: made.slice(-1) }
    // What shows that there is room is smaller than a mutation: a page or two may be left for it.
    do expect(await writer.sendBatch(last)).toMatchObject({ acks: [], error: { code: 'unavailable' } })
    while ((await ready()) !== 503)
    expect(server.output()).toMatch(/could not be stored|the changelog failed/)
    expect((await pullAll(server.url, 'carol', ROOM)).copy.version).toBe(acks.length)
    await reader.reaches(ROOM, acks.length)
    const { theirs, mine } = await reader.beat()
    expect(theirs).toBe(mine)

    // There is room again: nobody has to do anything but try once more.
    end(server, data)
    await expect.poll(ready).toBe(200)
    acks.push(...(await writer.sendBatch(last)).acks)
    acks.push(...(await writer.send(next())).acks)
    expect(acks.map(({ in: at }) => at?.[ROOM])).toEqual(made.map((_, at) => at + 1))
    expect((await reader.reaches(ROOM, made.length)).docs.size).toBe(made.length)
    const place = within === full.within ? `/proc/${server.pid}/root${data}` : data
    for (const name of ['tidemark.db', 'tidemark.db-wal']) copyFileSync(join(place, name), join(data, `copied-${name}`))
    expect(storedSpace(join(data, 'copied-tidemark.db'), ROOM).head.version).toBe(made.length)
  }

  it.skipIf(!mayMount)('full: writes are unavailable, reads go on, and with room it goes on by itself [needs leave to mount]', () =>
    expectPatience(full),
  )
  it('failing: writes are unavailable, reads go on, and when it works it goes on by itself', () => expectPatience(failing))

  it('a start on such a disk serves what the log holds, though it cannot be copied back', async () => {
    server = await startServer({ data, port: await freePort(), module: 'tests/faults/kill-backend.ts' })
    const writer = await enter('alice')
    for (let n = 1; n <= 10; n++) await writer.mutate(ROOM, 'note', { id: `n${n}`, text: 'x'.repeat(30_000) })
    await server.end('SIGKILL')
    const within = ['sh', '-c', `trap '' XFSZ; ulimit -f ${LEAST_BLOCKS}; exec "$@"`, 'sh']
    server = await startServer({ data, port: await freePort(), module: 'tests/faults/kill-backend.ts', within })
    expect((await pullAll(server.url, 'carol', ROOM)).copy.version).toBe(10)
    const late = await enter('dave')
    const answer = await late.send(late.outbox.next(ROOM, 'note', { id: 'late', text: 'x'.repeat(30_000) }))
    expect(answer).toMatchObject({ acks: [], error: { code: 'unavailable' } })
  })
})
