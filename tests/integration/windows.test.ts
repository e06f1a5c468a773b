// A window from end to end: the real client on an IndexedDB in memory, the real server on SQLite, real sockets between them.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openReplica, type WindowState } from '@tidemark/client'
import { createSyncServer, jwt, type Listening, serve, sqliteChangelog } from '@tidemark/server'
import { collection, defineApp, space } from '@tidemark/shared'
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb'
import { filter, firstValueFrom } from 'rxjs'
import * as v from 'valibot'
import { afterEach, describe, expect, it } from 'vitest'
import { eventually, tokenOf } from './both-ends.ts'

const WINDOW = 20
const app = defineApp({
  version: '1',
  spaces: { room: space({ collections: { messages: collection(v.object({ text: v.string() }), { window: WINDOW }) } }) },
})
const ROOM = 'room:big'
const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function serveRoom(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-'))
  ends.push(() => rm(folder, { recursive: true }))
  const authenticate = jwt({ secret: 'the secret of the integration tests, long enough', algorithms: ['HS256'] })
  const server = createSyncServer({
    app,
    changelog: sqliteChangelog(join(folder, 'tidemark.db')),
    authenticate,
    access: { room: () => 'write' },
  })
  const listening: Listening = await serve(server, { port: 0 })
  ends.push(() => listening.close())
  return `http://localhost:${listening.port}`
}
async function open(url: string, user: string, disk = new IDBFactory()) {
  const replica = await openReplica({ app, url, user, token: () => tokenOf(user), indexedDB: disk, IDBKeyRange })
  ends.push(() => replica.close())
  const room = replica.space(ROOM)
  let window: WindowState | undefined
  room.messages.window$.subscribe((state) => {
    window = state
  })
  return {
    replica,
    room,
    disk,
    window: () => window,
    texts: async () => (await room.messages.toArray()).map(({ text }) => text),
  }
}
const numbered = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => `text ${from + n}`)

describe('a window', () => {
  it('of a room to which nobody has written has nothing older, and says so', async () => {
    const alice = await open(await serveRoom(), 'alice')
    await expect(alice.room.messages.older()).rejects.toMatchObject({ code: 'unavailable' }) // who knows, before the server was heard
    await firstValueFrom(alice.replica.status$.pipe(filter(({ phase }) => phase === 'live')))
    expect(await alice.room.messages.older()).toEqual({ added: 0, more: false })
  })

  it('[W1] the newest come first, and older() brings the rest page by page, over a reload, until nothing is older', async () => {
    const url = await serveRoom()
    const alice = await open(url, 'alice')
    for (const text of numbered(0, 60)) await alice.room.mutate.put({ c: 'messages', id: text, doc: { text } })
    await alice.replica.settled()
    const bob = await open(url, 'bob')
    await eventually('bob has the window', () => bob.window()?.more === true)
    expect(await bob.texts()).toEqual(numbered(40, 60))
    expect(await bob.room.messages.older()).toEqual({ added: WINDOW, more: true })
    expect(await bob.texts()).toEqual(numbered(20, 60))
    await bob.replica.close()
    const again = await open(url, 'bob', bob.disk)
    await eventually('it is connected again', () => again.window()?.more === true)
    expect(await again.texts()).toEqual(numbered(20, 60))
    await eventually('a page comes', () =>
      again.room.messages.older({ limit: 13 }).then(
        ({ added }) => added === 13,
        () => false,
      ),
    )
    expect(await again.room.messages.older({ limit: 50 })).toEqual({ added: 7, more: false })
    expect(await again.texts()).toEqual(numbered(0, 60))
    expect(again.window()).toEqual({ more: false, loading: false, floor: 0 })
  })

  it('[W2] changes and deletions race with the pages, and nothing is stale, missing or back from the dead in the end', async () => {
    const url = await serveRoom()
    const alice = await open(url, 'alice')
    for (const text of numbered(0, 100)) await alice.room.mutate.put({ c: 'messages', id: text, doc: { text } })
    await alice.replica.settled()
    const bob = await open(url, 'bob')
    await eventually('bob has the window', () => bob.window()?.more === true)
    const scrolled = (async () => {
      while (bob.window()?.more) await bob.room.messages.older({ limit: 5 })
    })()
    for (let n = 0; n < 100; n += 3) {
      await alice.room.mutate.delete({ c: 'messages', id: `text ${n}` })
      await alice.room.mutate.patch({ c: 'messages', id: `text ${n + 1}`, set: { text: `changed ${n + 1}` } }).catch(() => {})
      if (n % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await alice.replica.settled()
    await scrolled
    // Whoever writes much before the first answer comes begins with a window, too [W1].
    for (const side of [alice, bob])
      await eventually('nothing is older', async () => {
        if (side.window()?.more) await side.room.messages.older().catch(() => {})
        return side.window()?.floor === 0
      })
    await eventually('both show the same', async () => (await bob.texts()).join() === (await alice.texts()).join())
    expect((await bob.texts()).length).toBe(66)
    expect(bob.window()?.floor).toBe(0)
  })
})
