// What an app does with a window: the real replica over a server of numbers alone, in virtual time. What pages do to documents, and
// what races with them, is in replica/awaited-page.test.ts.
import { firstValueFrom } from 'rxjs'
import { afterEach, describe, expect, it } from 'vitest'
import { createReplica } from './create-replica.ts'
import { OLDER_ATTEMPTS_MAX } from './older.ts'
import { plainTables } from './plain-tables.ts'
import { memoryStorage } from './replica/memory-storage.ts'
import { openCore } from './replica/model/open-core.ts'
import type { CollectionScope, Replica, WindowState } from './replica-api.ts'
import { alicesWorld } from './testing/alices-world.ts'
import type { chatApp } from './testing/chat-app.ts'
import { fakeServer } from './testing/fake-server.ts'
import { message } from './testing/ranges.ts'
import { seededRandom } from './testing/seeded-random.ts'
import { virtualTime } from './testing/virtual-time.ts'

const room = 'room:1'
const opened: Replica<typeof chatApp>[] = []
afterEach(async () => {
  for (const replica of opened.splice(0)) await replica.close()
})

type Room = { readonly messages: CollectionScope<object>; readonly counters: CollectionScope<object>; close(): void }

/** A replica that is connected, with a copy at the server's head, 10, and the messages after 5. */
async function scrolled() {
  const time = virtualTime(() => new Promise((resolve) => setImmediate(resolve)))
  const server = fakeServer(time, seededRandom(2))
  for (let n = 0; n < 10; n++) server.commit(room)
  const { seal } = server.stand(room)
  const storage = memoryStorage()
  const { core } = await openCore({ storage })
  const window = { compacted: true, floors: { messages: 5 }, changes: [message(7, 'g', 'seven')] }
  await core.apply({ space: room, from: 0, on: '', to: 10, seal, head: 10, ...window } as never)
  const asked: string[] = []
  server.older = (space, collection, before, limit) => {
    asked.push(`${space} ${collection} ${before} ${limit}`)
    const floor = Math.max(0, before - limit)
    const docs = Array.from({ length: before - floor }, (_, n) => message(before - n, `m${before - n}`, `${before - n}`))
    const { version: head, seal } = server.stand(space)
    return { docs, floor, head, seal }
  }
  const open = async () => {
    const world = alicesWorld({
      storage: storage.reopen(),
      tables: (shown) => plainTables(storage, shown),
      transport: server.transport,
      clock: time,
    })
    const replica = await createReplica(world)
    opened.push(replica)
    const held = replica.space(room) as unknown as Room
    const seen: WindowState[] = []
    held.messages.window$.subscribe((state) => seen.push(state))
    await time.run(3000)
    return { replica, held, seen, messages: async () => (await held.messages.toArray()).map(({ $id }) => $id) }
  }
  return { time, server, asked, open, ...(await open()) }
}
const code = (call: Promise<unknown>) =>
  call.then(
    () => 'fine',
    (error) => error.code,
  )

describe('older()', () => {
  it('[W1] pages in, newest first, to the end, tells it, and asks nobody after that', async () => {
    const { time, held, seen, asked, messages } = await scrolled()
    expect(await firstValueFrom(held.messages.window$)).toEqual({ more: true, loading: false, floor: 5 })
    const first = held.messages.older({ limit: 3 })
    await time.run(100)
    expect(await first).toEqual({ added: 3, more: true })
    expect(await messages()).toEqual(['m3', 'm4', 'm5', 'g'])
    const second = held.messages.older()
    await time.run(100)
    expect(await second).toEqual({ added: 2, more: false })
    expect(await held.messages.older()).toEqual({ added: 0, more: false })
    expect(asked).toEqual(['room:1 messages 5 3', 'room:1 messages 2 50'])
    expect(seen.filter(({ loading }, at) => loading !== seen[at - 1]?.loading).map(({ loading }) => loading)).toEqual([
      false,
      true,
      false,
      true,
      false,
      true,
      false,
    ])
    expect(seen.at(-1)).toEqual({ more: false, loading: false, floor: 0 })
  })

  it('how far it came outlives a reload', async () => {
    const { time, held, replica, open } = await scrolled()
    const page = held.messages.older({ limit: 2 })
    await time.run(100)
    await page
    await replica.close()
    const again = await open()
    expect(again.seen.at(-1)).toEqual({ more: true, loading: false, floor: 3 })
    expect(await again.messages()).toEqual(['m4', 'm5', 'g'])
  })

  it('whoever asks while a page is under way gets that one', async () => {
    const { time, held, replica, asked } = await scrolled()
    const other = replica.space(room) as unknown as Room
    const pages = [held.messages.older({ limit: 2 }), other.messages.older({ limit: 4 }), held.messages.older()]
    await time.run(100)
    expect(await Promise.all(pages)).toEqual(Array.from(pages, () => ({ added: 2, more: true })))
    expect(asked.length).toBe(1)
  })

  it('a collection without a window is all here: nobody is asked', async () => {
    const { held, asked } = await scrolled()
    const { counters } = held
    expect(await counters.older()).toEqual({ added: 0, more: false })
    expect(await firstValueFrom(counters.window$)).toEqual({ more: false, loading: false, floor: 0 })
    expect(asked).toEqual([])
  })

  it('rejects while there is no connection, and nothing has changed', async () => {
    const { time, held, replica, seen, asked } = await scrolled()
    replica.pause()
    await time.run(100)
    expect(await code(held.messages.older())).toBe('unavailable')
    expect(asked).toEqual([])
    expect(seen.at(-1)).toEqual({ more: true, loading: false, floor: 5 })
    replica.resume()
    await time.run(3000)
    const page = held.messages.older({ limit: 1 })
    await time.run(100)
    expect(await page).toEqual({ added: 1, more: true })
  })

  const ends: Record<string, (world: Awaited<ReturnType<typeof scrolled>>) => unknown> = {
    'the end of the connection': ({ server }) => server.cut(),
    "the app's own switch": ({ replica }) => replica.pause(),
    'an unfollow [W2]': ({ held }) => held.close(),
    'the end of the replica': ({ replica }) => replica.close(),
  }
  for (const [what, end] of Object.entries(ends))
    it(`${what} voids the page that is awaited`, async () => {
      const world = await scrolled()
      const page = code(world.held.messages.older())
      await world.time.run(1)
      const ended = end(world)
      await world.time.run(3000)
      await ended
      expect(await page).toBe('unavailable')
      expect(world.asked.length).toBe(1)
      expect(await (await world.open()).messages()).toEqual(['g'])
    })

  it('older page from a lagging node: it is asked for again after a while, and given up after some times [W2]', async () => {
    const { time, held, server, asked, messages } = await scrolled()
    const fresh = server.older
    server.older = (...wish) => ({ ...fresh(...wish), head: 9 })
    const given = code(held.messages.older())
    await time.run(100)
    expect(asked.length).toBe(1)
    await time.run(120_000)
    expect(await given).toBe('unavailable')
    expect(asked.length).toBe(OLDER_ATTEMPTS_MAX)
    expect(await messages()).toEqual(['g'])
    const page = held.messages.older()
    await time.run(100)
    server.older = fresh
    await time.run(60_000)
    expect(await page).toEqual({ added: 5, more: false })
  })

  it('older page of a history that was taken back: it is asked for again, and nothing of it stays [W2]', async () => {
    const { time, held, server, asked, messages } = await scrolled()
    const fresh = server.older
    server.older = (...wish) => {
      server.older = fresh
      return { ...fresh(...wish), docs: [message(5, 'lost', 'lost')], seal: 'lost' }
    }
    const page = held.messages.older()
    await time.run(60_000)
    expect(await page).toEqual({ added: 5, more: false })
    expect(asked.length).toBe(2)
    expect(await messages()).not.toContain('lost')
  })

  it('[W2] in a busy room, whose ranges jump over where a page was read, a pull tells that it is the same history', async () => {
    const { time, held, server, asked } = await scrolled()
    let commits = 0
    // 50 a second, three of them in a range.
    const commit = () => {
      server.commit(room, ++commits % 3 === 0)
      if (commits < 1000) time.after(20, commit)
    }
    commit()
    await time.run(1000)
    const floors: boolean[] = []
    for (const limit of [1, 1, 1, 1, 1]) {
      const page = held.messages.older({ limit })
      await time.run(400)
      floors.push((await page).more)
    }
    expect(floors).toEqual([true, true, true, true, false])
    expect(asked.length).toBe(5)
    expect(server.requests.filter((path) => path.endsWith('&limit=1') && path.includes('/changes?')).length).toBeGreaterThan(0)
  })

  it('[B8] forbidden: the copy goes, though nothing else has told of it yet, and the app reads why', async () => {
    const { time, held, server, replica, messages } = await scrolled()
    server.older = () => ({ error: { code: 'forbidden', message: 'You may not read room:1.' } })
    const page = code(held.messages.older())
    await time.run(3000)
    expect(await page).toBe('forbidden')
    expect(await messages()).toEqual([])
    expect((await firstValueFrom(replica.status$)).spaces[room]?.denied?.code).toBe('forbidden')
  })

  it('a token that is refused is replaced with the next connection', async () => {
    const { time, held, server } = await scrolled()
    const fresh = server.older
    server.older = () => ({ error: { code: 'token-expired', message: 'too old', retryable: true } })
    const page = code(held.messages.older())
    await time.run(100)
    expect(await page).toBe('token-expired')
    server.older = fresh
    await time.run(3000)
    expect(server.connections).toBe(2)
    const again = held.messages.older()
    await time.run(100)
    expect(await again).toEqual({ added: 5, more: false })
  })

  it('[W2] a copy that is being replaced can take none: there is no more until it is whole', async () => {
    const { time, held, server, seen, asked } = await scrolled()
    for (let n = 0; n < 20; n++) server.commit(room, false)
    server.restore(room, 9)
    for (let n = 0; n < 20; n++) server.commit(room, false)
    await time.run(3000)
    expect(seen.at(-1)).toEqual({ more: false, loading: false, floor: 0 })
    expect(seen).toContainEqual({ more: false, loading: false, floor: 5 })
    expect(await held.messages.older()).toEqual({ added: 0, more: false })
    expect(asked).toEqual([])
  })
})
