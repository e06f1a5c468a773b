// Goal: the page docs/guides/write-a-client.md is enough for somebody who has nothing of ours. Method: its code, taken from the page as it
// stands there, against a real server, with a network between them that loses what it is told to.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createSyncServer, jwt, type Listening, memoryChangelog, serve, signToken } from '@tidemark/server'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type LossyProxy, lossyProxy } from '../harness/lossy-proxy.ts'
import { access, app } from '../harness/wire-backend.ts'
import { newClientId } from '../harness/wire-peer.ts'

type Docs = ReadonlyMap<string, object>
interface Guide {
  follow(options: {
    url: string
    space: string
    client: string
    token: () => Promise<string>
    onChange: (docs: Docs) => void
    onEnd?: (error: { code: string }) => void
    beatMs?: number
  }): () => void
  writer(options: {
    url: string
    client: string
    token: () => Promise<string>
  }): (space: string, name: string, args: object) => Promise<{ n: number; in?: Record<string, number>; error?: { code: string } }>
}

const SECRET = 'the secret of the guide, long enough for HS256'
const BOX = 'box:1'
const page = await readFile(new URL('../../docs/guides/write-a-client.md', import.meta.url), 'utf8')
const blocks = [...page.matchAll(/^```js\n([\s\S]*?)^```/gm)].map(([, code]) => code ?? '')

let folder: string
let guide: Guide
let listening: Listening
let network: LossyProxy
const closing: (() => void)[] = []
const token = (user = 'alice') => signToken({ secret: SECRET, user, nowMs: Date.now(), expiresInS: 3600 })

/** A server whose memory is empty. */
async function start(port = 0): Promise<Listening> {
  const authenticate = jwt({ secret: SECRET, algorithms: ['HS256'] })
  return serve(createSyncServer({ app, changelog: memoryChangelog(), authenticate, access }), { port })
}

/** A reader from the page, with what it showed last. */
function reading({ beatMs = 60_000, space = BOX }: { beatMs?: number; space?: string } = {}) {
  const seen = { docs: new Map() as Docs, ended: undefined as { code: string } | undefined }
  const close = guide.follow({
    url: network.url,
    space,
    client: newClientId(),
    token,
    beatMs,
    onChange: (docs) => (seen.docs = docs),
    onEnd: (error) => (seen.ended = error),
  })
  closing.push(close)
  return seen
}
/** Puts documents past the network, as another client would. */
function writing(): (id: string) => Promise<unknown> {
  const mutate = guide.writer({ url: listening.url, client: newClientId(), token })
  return (id) => mutate(BOX, 'put', { c: 'open', id, doc: { id } })
}
const idsOf = ({ docs }: { docs: Docs }) => [...docs.keys()].sort()
const becomes = (seen: { docs: Docs }, ...ids: string[]) =>
  expect.poll(() => idsOf(seen), { timeout: 10_000 }).toEqual(ids.map((id) => `open/${id}`))

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-guide-'))
  const file = join(folder, 'client.mjs')
  await writeFile(file, blocks.slice(0, 2).join('\n'))
  guide = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as Guide
})
beforeEach(async () => {
  listening = await start()
  network = await lossyProxy(listening.url)
})
afterEach(async () => {
  for (const close of closing.splice(0)) close()
  await network.close()
  await listening.close()
})
afterAll(() => rm(folder, { recursive: true }))

describe('the client of the page', () => {
  it('is short, and imports nothing', () => {
    const [reader = '', writer = ''] = blocks
    expect(reader.split('\n').length).toBeLessThanOrEqual(64)
    expect(writer.split('\n').length).toBeLessThanOrEqual(24)
    expect(`${reader}${writer}`).not.toMatch(/\b(import|require)\b/)
  })

  it('reads what is there and what comes, and writes; an ack names the version, or why not', async () => {
    const mutate = guide.writer({ url: network.url, client: newClientId(), token })
    expect(await mutate(BOX, 'put', { c: 'open', id: 'a', doc: { n: 1, gone: true } })).toMatchObject({ n: 1, in: { [BOX]: 1 } })
    const seen = reading()
    await becomes(seen, 'a')
    expect(await mutate(BOX, 'patch', { c: 'open', id: 'a', set: { n: 2 }, unset: ['gone'] })).toMatchObject({ n: 2, in: { [BOX]: 2 } })
    await expect.poll(() => seen.docs.get('open/a')).toEqual({ n: 2 })
    expect(await mutate(BOX, 'put', { c: 'frozen', id: 'b', doc: {} })).toMatchObject({ n: 3, error: { code: 'forbidden' } })
    const both = [mutate(BOX, 'delete', { c: 'open', id: 'a' }), mutate(BOX, 'put', { c: 'open', id: 'c', doc: {} })]
    expect(await Promise.all(both)).toMatchObject([{ in: { [BOX]: 3 } }, { in: { [BOX]: 4 } }])
    await becomes(seen, 'c')
  })

  it('[R4] finds a hole at the next range, states where it stands, and has all of it', async () => {
    const put = writing()
    const seen = reading()
    await put('a')
    await becomes(seen, 'a')
    network.loseRanges = 1
    await put('b')
    await expect.poll(() => network.loseRanges).toBe(0)
    expect(idsOf(seen)).toEqual(['open/a'])
    await put('c')
    await becomes(seen, 'a', 'b', 'c')
    expect(network.said.filter((text) => text.includes('"t":"follow"'))).toHaveLength(1)
  })

  it('[B1] finds a hole at the tail with the next beat', async () => {
    const put = writing()
    const seen = reading({ beatMs: 300 })
    await put('a')
    await becomes(seen, 'a')
    network.loseRanges = 1
    await put('b')
    await becomes(seen, 'a', 'b')
    expect(network.said.some((text) => text.includes('"t":"follow"'))).toBe(true)
  })

  it('connects again after a cut, and lacks nothing of what came meanwhile', async () => {
    const put = writing()
    const seen = reading()
    await put('a')
    await becomes(seen, 'a')
    network.cut()
    await put('b')
    await becomes(seen, 'a', 'b')
    expect(network.said.filter((text) => text.includes('"t":"hello"'))).toHaveLength(2)
  })

  it('[M1] sends a mutation whose answer got lost again, and it is done once', async () => {
    const mutate = guide.writer({ url: network.url, client: newClientId(), token })
    network.loseAnswers = 2
    expect(await mutate(BOX, 'put', { c: 'open', id: 'a', doc: {} })).toMatchObject({ n: 1, in: { [BOX]: 1 } })
    expect(network.requests).toEqual(['/v1/mutations', '/v1/mutations', '/v1/mutations'])
    expect(await mutate(BOX, 'put', { c: 'open', id: 'b', doc: {} })).toMatchObject({ n: 2, in: { [BOX]: 2 } })
  })

  it('[B5] that is told to pull pulls to the head, and follows again', async () => {
    const put = writing()
    const seen = reading()
    await put('a')
    await becomes(seen, 'a')
    network.inject({ t: 'behind', space: BOX, head: 2 }, { t: 'unfollow', spaces: [BOX] })
    await put('b')
    await becomes(seen, 'a', 'b')
    expect(network.requests).toContain(`/v1/spaces/${BOX}/changes`)
    await put('c')
    await becomes(seen, 'a', 'b', 'c')
  })

  it('[R1] takes the other history of a server that lost the one it knew', async () => {
    const seen = reading()
    const put = writing()
    for (const id of ['a', 'b', 'c']) await put(id)
    await becomes(seen, 'a', 'b', 'c')
    const { port } = listening
    await listening.close()
    listening = await start(port)
    await writing()('other')
    await becomes(seen, 'other')
  })

  it('ends with the reason where it is not allowed', async () => {
    const seen = reading({ space: 'box:no-entry' })
    await expect.poll(() => seen.ended?.code).toBe('forbidden')
  })
})
