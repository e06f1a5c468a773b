// Goal: a worker sends what is pending in the database of the page, and begins none. Method: fake-indexeddb under both; the browser is a double.
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { NO_HINTS } from '../connection/hints.ts'
import type { HttpRequest, Transport } from '../connection/transport.ts'
import { openReplica } from '../open-replica.ts'
import type { Locks } from '../tabs/locks.ts'
import { chatApp } from '../testing/chat-app.ts'
import { type VirtualTime, virtualTime } from '../testing/virtual-time.ts'
import { flushOnSync } from './flush-on-sync.ts'
import { flushPending, LEFT_TO_TAB_MS } from './flush-pending.ts'

const NAME = 'tidemark:default:alice'
const CLOSED = { connect: () => ({ send() {}, close() {} }), request: () => Promise.reject(new Error('no network')) }

let disk: IDBFactory
let requests: HttpRequest[]
/** Does whatever it is given, at version 1. */
const transport: Transport = {
  connect: CLOSED.connect,
  async request(request) {
    requests.push(request)
    const { mutations } = JSON.parse(request.body ?? '') as { mutations: { n: number; nonce: string; space: string }[] }
    const acks = mutations.map(({ n, nonce, space }) => ({ n, nonce, in: { [space]: n } }))
    return { status: 200, contentType: 'application/json', text: JSON.stringify({ acks }) }
  },
}
const worker = () => ({ app: chatApp, url: 'http://localhost', token: (user: string) => user, transport, indexedDB: disk, IDBKeyRange })
const page = () =>
  openReplica({
    ...worker(),
    ...{ user: 'alice', token: () => 'alice', transport: CLOSED, lifecycle: NO_HINTS, network: NO_HINTS },
    device: { recall: () => null, remember() {}, persisted: async () => undefined },
  })
/** A page that writes something, and is closed. */
async function write(text: string) {
  const replica = await page()
  await (replica.space('room:1') as any).mutate.send({ id: `m${text}`, text })
  await replica.close()
}
beforeEach(() => {
  disk = new IDBFactory()
  requests = []
})
afterEach(() => vi.unstubAllGlobals())

describe('a worker', () => {
  it('sends what a page left behind, with a token of its user; the page finds it done', async () => {
    await write('1')
    await write('2')
    await flushPending(worker(), 'alice')
    expect(requests.map(({ path, token }) => [path, token])).toEqual([['/v1/mutations', 'alice']])
    const replica = await page()
    expect(await replica.audit()).toEqual({ created: 2, confirmed: 2, refused: 0, pending: 0, discarded: 0 })
    await replica.close()
  })

  it('a page that is open meanwhile shows it as done', async () => {
    const replica = await page()
    const sent = await (replica.space('room:1') as any).mutate.send({ id: 'm1', text: 'hi' })
    await flushPending(worker(), 'alice')
    await sent.confirmed
    await replica.settled()
    await replica.close()
  })

  it('makes no database where there is none', async () => {
    await flushPending(worker(), 'alice')
    expect(await disk.databases()).toEqual([])
    expect(requests).toEqual([])
  })

  it('begins no replica in a database that was emptied: the page is to notice what it lost', async () => {
    await write('1')
    const db = await new Promise<IDBDatabase>((resolve) => {
      const opening = disk.open(NAME)
      opening.onsuccess = () => resolve(opening.result)
    })
    const stores = [...db.objectStoreNames]
    const emptied = db.transaction(stores, 'readwrite')
    for (const store of stores) emptied.objectStore(store).clear()
    await new Promise((resolve) => emptied.addEventListener('complete', resolve))
    await flushPending(worker(), 'alice')
    const rows = db.transaction('self').objectStore('self').count()
    await new Promise((resolve) => rows.addEventListener('success', resolve))
    expect([rows.result, requests]).toEqual([0, []])
    db.close()
  })

  it('leaves what is pending where there is no token, and says why', async () => {
    await write('1')
    const failing = { ...worker(), token: () => Promise.reject(new Error('signed out')) }
    await expect(flushPending(failing, 'alice')).rejects.toMatchObject({
      code: 'unavailable',
      message: 'token() failed: Error: signed out',
    })
    const replica = await page()
    expect((await replica.audit()).pending).toBe(1)
    await replica.close()
  })

  it('wakes for what was asked for, and lets the browser know how it ended', async () => {
    await write('1')
    const scope = new EventTarget()
    vi.stubGlobal('addEventListener', scope.addEventListener.bind(scope))
    flushOnSync(worker())
    const wake = (tag: string) => {
      const ended: Promise<void>[] = []
      scope.dispatchEvent(Object.assign(new Event('sync'), { tag, waitUntil: (work: Promise<void>) => ended.push(work) }))
      return ended
    }
    expect(wake('something else')).toEqual([])
    const [ended] = wake('tidemark:alice')
    await ended
    expect(requests).toHaveLength(1)
    expect(wake('tidemark:bob')).toHaveLength(1)
  })
})

describe('a worker beside a tab that is connected', () => {
  let time: VirtualTime
  beforeEach(() => {
    time = virtualTime(() => new Promise((resolve) => setTimeout(resolve, 1)))
  })
  /** A lock that a tab has until `free`. */
  const heldLock = (isStolen = false) => {
    const { promise: held, resolve: free } = Promise.withResolvers<void>()
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>()
    const locks: Locks = {
      request: async (name, { signal }, work) => {
        expect(name).toBe(NAME)
        ask()
        const aborted = new Promise<never>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
        await Promise.race([held, aborted])
        if (isStolen) void work().catch(() => {})
        else return work()
        throw new Error('stolen')
      },
    }
    return { locks, asked, free }
  }
  const flushed = (locks: Locks) => flushPending({ ...worker(), clock: time, locks }, 'alice')

  it('leaves it to the tab, and sends what that left', async () => {
    await write('1')
    const { locks, asked, free } = heldLock()
    const end = flushed(locks)
    await asked
    await time.run(LEFT_TO_TAB_MS / 2)
    expect(requests).toEqual([])
    // The tab sends it.
    await flushPending(worker(), 'alice')
    free()
    await end
    expect(requests).toHaveLength(1)
  })

  it('sends all the same where the tab does not, frozen as it may be', async () => {
    await write('1')
    const { locks, asked } = heldLock()
    const end = flushed(locks)
    await asked
    await time.run(LEFT_TO_TAB_MS - 1)
    expect(requests).toEqual([])
    await time.run(1)
    await end
    expect(requests).toHaveLength(1)
  })

  it('goes on when a tab takes the lock from it', async () => {
    await write('1')
    const { locks, free } = heldLock(true)
    free()
    await flushed(locks)
    expect(requests).toHaveLength(1)
  })

  it('sends where locks fail, and waits for no tab where nothing is pending', async () => {
    await write('1')
    await flushed({ request: () => Promise.reject(new Error('SecurityError')) })
    await flushed(heldLock().locks)
    expect(requests).toHaveLength(1)
  })
})
