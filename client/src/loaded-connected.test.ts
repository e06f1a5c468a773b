// Goal: a page whose connecting code comes late, or not at all, loses nothing, reorders nothing, and says so. Method: the real replica and a small server;
// the code is "loaded" when the test says.
import type { SpaceId } from '@tidemark/shared'
import { firstValueFrom } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { type Connect, connect } from './connected.ts'
import { fixedBeat } from './connection/beat-policy.ts'
import { type LifecycleEvent, NO_HINTS } from './connection/hints.ts'
import { createReplica } from './create-replica.ts'
import type { Lane } from './lanes/lane-api.ts'
import { LOAD_LANES_AGAIN_MS } from './lanes/lanes-of.ts'
import { LOAD_BACKOFF_MAX_MS, loadedConnected } from './loaded-connected.ts'
import { plainTables } from './plain-tables.ts'
import { memoryStorage } from './replica/memory-storage.ts'
import type { CollectionScope, Sent } from './replica-api.ts'
import { chatApp } from './testing/chat-app.ts'
import { fakeServer } from './testing/fake-server.ts'
import { seededRandom } from './testing/seeded-random.ts'
import { virtualTime } from './testing/virtual-time.ts'

const settle = () => new Promise<void>((resolve) => setImmediate(resolve))
const room = 'room:1' as SpaceId
interface Room {
  readonly mutate: { send(args: { id: string; text: string }): Promise<Sent> }
  readonly messages: CollectionScope<object>
}

/** A page; each try to load answers what `answers` holds then. */
async function page(seed = 1) {
  const time = virtualTime(settle)
  const server = fakeServer(time, seededRandom(seed))
  const loads: { come(): void; fail(): void }[] = []
  const listeners = { network: () => {}, life: (_: LifecycleEvent) => {} }
  const load = () =>
    new Promise<Connect>((resolve, reject) => {
      loads.push({ come: () => resolve(connect), fail: () => reject(new TypeError('Failed to fetch dynamically imported module')) })
    })
  const storage = memoryStorage()
  const replica = await createReplica({
    connect: loadedConnected(load),
    app: chatApp,
    user: 'alice',
    token: () => 'good',
    storage,
    durable: true,
    tables: (shown) => plainTables(storage, shown),
    transport: server.transport,
    clock: time,
    random: seededRandom(seed),
    lifecycle: {
      ...NO_HINTS,
      onChange(listener) {
        const inner = listeners.life
        listeners.life = (event) => {
          inner(event)
          listener(event)
        }
        return () => {}
      },
    },
    network: {
      ...NO_HINTS,
      onChange(listener) {
        listeners.network = listener
        return () => {}
      },
    },
    beat: fixedBeat,
  })
  return {
    time,
    server,
    replica,
    loads,
    listeners,
    space: replica.space(room) as unknown as Room,
    status: () => firstValueFrom(replica.status$),
    load: () => loads.at(-1)?.come(),
    failLoad: async () => {
      loads.at(-1)?.fail()
      await settle()
    },
  }
}
const send = (id: string) => ({ id, text: id })

describe('a page whose connecting code is loaded', () => {
  it('reads and writes before it is there; then everything is sent, in its order, and what else came meanwhile is followed', async () => {
    const { time, server, replica, space, load, status } = await page()
    server.commit(room)
    const first = [await space.mutate.send(send('a')), await space.mutate.send(send('b'))]
    expect((await space.messages.toArray()).map(({ $id }) => $id)).toEqual(['a', 'b'])
    await time.run(10_000)
    expect(await status()).toMatchObject({ phase: 'connecting', pending: 2 })
    expect(server.connections).toBe(0)
    load()
    const third = space.mutate.send(send('c'))
    const other = replica.space('room:2')
    await time.run(3000)
    await Promise.all([...first, await third].map(({ confirmed }) => confirmed))
    expect(server.done).toEqual([1, 2, 3])
    const { phase, pending, spaces } = await status()
    expect({ phase, pending, spaces: Object.keys(spaces) }).toEqual({ phase: 'live', pending: 0, spaces: [room, 'room:2'] })
    expect(spaces[room]?.version).toBe(server.stand(room).version)
    other.close()
    await replica.close()
  })

  it('says why when it cannot be loaded, and goes on; tries are ever rarer, and one succeeds', async () => {
    const { time, server, replica, space, loads, load, failLoad, status } = await page()
    const pauses: number[] = []
    for (let tries = 1; tries <= 30; tries++) {
      expect(loads.length).toBe(tries)
      await failLoad()
      const { phase, because, retryAtMs = 0 } = await status()
      expect({ phase, code: because?.code, message: because?.message }).toEqual({
        phase: 'waiting',
        code: 'unavailable',
        message: expect.stringContaining('reload'),
      })
      pauses.push(retryAtMs - time.nowMs())
      await time.run(retryAtMs - time.nowMs())
    }
    expect(Math.max(...pauses)).toBeLessThanOrEqual(LOAD_BACKOFF_MAX_MS)
    expect(Math.max(...pauses.slice(20))).toBeGreaterThan(LOAD_BACKOFF_MAX_MS / 2)
    await space.mutate.send(send('a'))
    load()
    await time.run(3000)
    expect(server.done).toEqual([1])
    server.commit(room)
    await time.run(1000)
    const { phase, because, spaces } = await status()
    expect({ phase, because, version: spaces[room]?.version }).toEqual({
      phase: 'live',
      because: undefined,
      version: server.stand(room).version,
    })
    await time.run(LOAD_BACKOFF_MAX_MS)
    expect(loads.length).toBe(31)
    await replica.close()
  })

  it.each([
    ['the network changes', ({ listeners }: Page) => listeners.network()],
    ['the page is shown', ({ listeners }: Page) => listeners.life('show')],
    ['a person asks for a connection', ({ replica }: Page) => replica.reconnectNow()],
    ['a person asks for what is pending', async ({ replica }: Page) => (await firstValueFrom(replica.pending$))[0]?.retry()],
  ])('is tried again at once when %s', async (_, hint) => {
    const one = await page()
    await one.space.mutate.send(send('a'))
    await one.failLoad()
    expect(one.loads.length).toBe(1)
    await hint(one)
    expect(one.loads.length).toBe(2)
    await hint(one)
    expect(one.loads.length).toBe(2)
    one.load()
    await one.time.run(3000)
    expect(one.server.done).toEqual([1])
    await hint(one)
    await one.time.run(3000)
    expect(one.loads.length).toBe(2)
    await one.replica.close()
  })

  it('stays offline when it was paused before it was there', async () => {
    const { time, server, replica, load, status } = await page()
    replica.pause()
    await settle()
    expect(await status()).toMatchObject({ phase: 'offline', pauses: ['app'] })
    load()
    await time.run(60_000)
    expect(server.connections).toBe(0)
    expect(await status()).toMatchObject({ phase: 'offline', pauses: ['app'] })
    replica.resume()
    await time.run(3000)
    expect(await status()).toMatchObject({ phase: 'live' })
    await replica.close()
  })

  it('connects nothing while the page is left, and does when it is shown again', async () => {
    const { time, server, replica, listeners, load, status } = await page()
    listeners.life('hide')
    load()
    await time.run(60_000)
    expect(server.connections).toBe(0)
    expect(await status()).toMatchObject({ phase: 'offline', pauses: ['page'] })
    listeners.life('show')
    await time.run(3000)
    expect(await status()).toMatchObject({ phase: 'live' })
    await replica.close()
  })

  it('closed before it is there, connects nothing and tries nothing', async () => {
    const { time, server, replica, loads, load } = await page()
    await replica.close()
    load()
    await time.run(LOAD_BACKOFF_MAX_MS)
    expect([server.connections, loads.length]).toEqual([0, 1])
    const other = await page()
    await other.failLoad()
    await other.replica.close()
    await other.time.run(LOAD_BACKOFF_MAX_MS)
    expect(other.loads.length).toBe(1)
  })

  it('asked for older documents before it is there, asks once it is; where it does not come, says so', async () => {
    const { time, server, replica, space, load, failLoad } = await page()
    const tooSoon = space.messages.older({ limit: 5 }).catch((error) => error.code)
    await failLoad()
    expect(await tooSoon).toBe('unavailable')
    const asked = space.messages.older({ limit: 5 }).then(
      () => 'asked',
      (error) => error.message,
    )
    load()
    await time.run(3000)
    expect(await asked).not.toContain('loaded')
    expect(server.connections).toBe(1)
    await replica.close()
  })

  it('whenever it comes, what was written around it is done once each, in its order', async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const { time, server, replica, space, load, failLoad } = await page(seed)
      const chance = seededRandom(seed)
      const comesAfter = Math.floor(chance.unit() * 12)
      const confirmed: Promise<void>[] = []
      for (let n = 0; n < 12; n++) {
        if (n === comesAfter) load()
        else if (chance.unit() < 0.1) await failLoad()
        confirmed.push((await space.mutate.send(send(`m${n}`))).confirmed)
        if (chance.unit() < 0.3) await time.run(chance.unit() * 500)
      }
      // One that had failed first comes with a later try.
      for (let waitedMs = 0; server.done.length < 12 && waitedMs < LOAD_BACKOFF_MAX_MS; waitedMs += 1000) {
        load()
        await time.run(1000)
      }
      await Promise.all(confirmed)
      expect(server.done).toEqual(Array.from({ length: 12 }, (_, n) => n + 1))
      await replica.close()
    }
  })

  it('shows lanes once it is there, and says meanwhile that nothing can be said', async () => {
    const p = await page()
    const danmu = (p.replica.space('live:1' as never) as unknown as { lane(name: string): Lane<unknown> }).lane('danmu')
    const shown: unknown[] = []
    danmu.items$.subscribe(({ items }) => shown.push(...items.map(({ body }) => body)))
    const early = danmu.say({ text: 'early' }).accepted.catch(({ code }) => code)
    p.loads[0]?.fail()
    await p.time.run(1)
    expect(await early).toBe('unavailable')
    p.listeners.network()
    await p.time.run(LOAD_LANES_AGAIN_MS)
    for (const { come } of p.loads) come()
    await p.time.run(3 * LOAD_LANES_AGAIN_MS)
    p.server.lanes.say('live:1', 'danmu', 'bob', { text: 'hello' })
    await p.time.run(2000)
    expect(shown).toEqual([{ text: 'hello' }])
    await p.replica.close()
  })
})

type Page = Awaited<ReturnType<typeof page>>
