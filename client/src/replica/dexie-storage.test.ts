// What IndexedDB does to a replica, and what the replica makes of it: durability, lost handles, upgrades, silence, full disks.
import 'fake-indexeddb/auto'
import { type App, collection, space } from '@tidemark/shared'
import { Dexie } from 'dexie'
import { forceCloseDatabase } from 'fake-indexeddb'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { chatApp } from '../testing/chat-app.ts'
import { handClock } from '../testing/hand-clock.ts'
import { message, rangeOf } from '../testing/ranges.ts'
import { seededRandom } from '../testing/seeded-random.ts'
import { type DexieStorage, dexieStorage, LOOK_EVERY_MS, OPEN_MS_MAX } from './dexie-storage.ts'
import { UNIT_MS_MAX } from './native-unit.ts'
import { createReplicaCore, type ReplicaCore } from './replica-core.ts'

const room = 'room:1'
let databases = 0
const opened: DexieStorage[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const storage of opened.splice(0)) await storage.close()
})

function storageOn(name: string, app: App = chatApp) {
  const clock = handClock()
  const storage = dexieStorage({ name, app, clock })
  opened.push(storage)
  return { storage, clock }
}
async function open(name = `dexie ${databases++}`, app: App = chatApp) {
  const { storage, clock } = storageOn(name, app)
  const core = await createReplicaCore({ app, storage, clock, random: seededRandom(++databases), user: 'alice' })
  return { core, storage, clock, name }
}
const rows = (core: ReplicaCore, table: string) => core.storage.read([table], (tx) => tx.list(table))
const texts = async (core: ReplicaCore) =>
  (await rows(core, 'room_messages')).filter((row) => row.$s === core.shownAs(room)).map((row) => `${row.text}${row.$p ? '?' : ''}`)
const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'fine',
    (error) => error.code ?? error.name,
  )
/** An app with one collection and one index more. */
const { collections, mutators } = chatApp.spaces.room as never as { collections: Record<string, any>; mutators: Record<string, never> }
const grown: App = {
  version: '2',
  spaces: {
    ...chatApp.spaces,
    room: space({
      collections: {
        ...collections,
        messages: collection(collections.messages.schema, { indexes: ['sentAtMs', 'author'] as never }),
        polls: collections.counters,
      },
      mutators,
    }),
  },
}

describe('durability', () => {
  it('is strict for what a person made, and relaxed for what can be pulled again', async () => {
    const { core } = await open()
    const asked: (string | undefined)[] = []
    const transaction = IDBDatabase.prototype.transaction
    vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function (this: IDBDatabase, stores, mode, options) {
      const tx = transaction.call(this, stores, mode, options)
      if (mode === 'readwrite') asked.push(options?.durability, tx.durability)
      return tx
    })
    await core.apply(rangeOf(0, 1, [message(1, 'a', 'one')]))
    const { nonce } = await core.mutate(room, 'send', { id: 'm', text: 'hi' })
    await core.settle([{ n: 1, nonce, in: { [room]: 2 } } as never])
    expect(asked).toEqual(['relaxed', 'relaxed', 'strict', 'strict', 'strict', 'strict'])
  })

  it('a replica is there when it is opened again', async () => {
    const { core, storage, name } = await open()
    await core.mutate(room, 'send', { id: 'm', text: 'hi' })
    await storage.close()
    const { core: again } = await open(name)
    expect([await texts(again), again.clientId]).toEqual([['hi?'], core.clientId])
  })
})

describe('a lost handle', () => {
  it('is replaced, and the whole unit run again', async () => {
    const { core, storage } = await open()
    await core.mutate(room, 'send', { id: 'a', text: 'one' })
    forceCloseDatabase(storage.db.backendDB() as never)
    await core.mutate(room, 'send', { id: 'b', text: 'two' })
    forceCloseDatabase(storage.db.backendDB() as never)
    expect(await texts(core)).toEqual(['one?', 'two?'])
    expect((await core.pending()).map(({ n }) => n)).toEqual([1, 2])
  })

  it('at any request of a unit saves the mutation once, whatever the engine says of it', async () => {
    for (const name of ['UnknownError', 'InvalidStateError', 'AbortError'])
      for (let at = 1; at <= 12; at++) {
        const { core } = await open()
        await core.apply(rangeOf(0, 1, [message(1, 'a', 'one')]))
        let calls = 0
        for (const method of ['get', 'getAll', 'put', 'delete'] as const) {
          const original = IDBObjectStore.prototype[method] as (...args: unknown[]) => IDBRequest
          vi.spyOn(IDBObjectStore.prototype, method).mockImplementation(function (this: IDBObjectStore, ...args: unknown[]) {
            if (++calls !== at) return original.apply(this, args) as never
            this.transaction.abort()
            throw new DOMException('Connection to Indexed Database server lost', name)
          })
        }
        await core.mutate(room, 'send', { id: 'm', text: 'mine' })
        vi.restoreAllMocks()
        expect(await texts(core)).toEqual(['one', 'mine?'])
        expect((await core.audit()).created).toBe(1)
      }
  })

  it('that stays lost ends in an error that says what to do, and nothing is saved', async () => {
    const { core } = await open()
    vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(() => {
      throw new DOMException('closing', 'InvalidStateError')
    })
    await expect(core.mutate(room, 'send', { id: 'm', text: 'mine' })).rejects.toThrow(/reload/)
    vi.restoreAllMocks()
    expect(await texts(core)).toEqual([])
  })

  it('after the commit does not save the mutation a second time', async () => {
    const { core } = await open()
    const transaction = IDBDatabase.prototype.transaction
    let lied = false
    vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function (this: IDBDatabase, stores, mode, options) {
      const tx = transaction.call(this, stores, mode, options)
      if (mode === 'readwrite' && options?.durability === 'strict' && !lied) {
        lied = true
        // The engine commits and then says that it did not.
        Object.defineProperty(tx, 'oncomplete', {
          set: (listener) => tx.addEventListener('complete', () => tx.onabort?.(new Event('abort')) ?? listener),
        })
      }
      return tx
    })
    await core.apply(rangeOf(0, 1, []))
    await core.mutate(room, 'send', { id: 'm', text: 'mine' })
    vi.restoreAllMocks()
    expect(lied).toBe(true)
    expect((await core.pending()).map(({ n }) => n)).toEqual([1])
    expect((await core.audit()).created).toBe(1)
  })
})

describe('an engine that is silent or full', () => {
  it('that answers at the second deadline saves the mutation once; later the call ends, and the next one works', async () => {
    const { core, clock } = await open()
    await core.apply(rangeOf(0, 1, []))
    const get = IDBObjectStore.prototype.get
    const beSilent = () =>
      vi.spyOn(IDBObjectStore.prototype, 'get').mockImplementation(function (this: IDBObjectStore, key) {
        const request = get.call(this, key)
        Object.defineProperty(request, 'onsuccess', { set() {} })
        return request
      })
    const passDeadline = async () => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      clock.advance(UNIT_MS_MAX)
    }
    beSilent()
    const made = code(core.mutate(room, 'send', { id: 'm', text: 'mine' }))
    await passDeadline()
    vi.restoreAllMocks()
    expect([await made, await texts(core)]).toEqual(['fine', ['mine?']])
    beSilent()
    const never = code(core.mutate(room, 'send', { id: 'n', text: 'never' }))
    await passDeadline()
    await passDeadline()
    expect(await never).toBe('unavailable')
    vi.restoreAllMocks()
    await core.mutate(room, 'send', { id: 'o', text: 'next' })
    expect(await texts(core)).toEqual(['mine?', 'next?'])
  })

  it('a full disk rejects the call with an error that says so', async () => {
    const { core } = await open()
    await core.apply(rangeOf(0, 1, []))
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError')
    })
    await expect(core.mutate(room, 'send', { id: 'm', text: 'mine' })).rejects.toMatchObject({ code: 'unavailable' })
    vi.restoreAllMocks()
    expect([await texts(core), await core.pending()]).toEqual([[], []])
  })

  it('a browser without IndexedDB says so', async () => {
    const engine = Dexie.dependencies.indexedDB
    Dexie.dependencies.indexedDB = undefined as never
    const storage = dexieStorage({ name: 'none', app: chatApp, clock: handClock() })
    Dexie.dependencies.indexedDB = engine
    expect(await code(storage.read(['self'], (tx) => tx.get('self', 'self')))).toBe('MissingAPIError')
  })
})

describe('a mutator that waits for something else than its transaction', () => {
  let pauses = true
  const app: App = {
    version: '1',
    spaces: {
      room: space({
        collections,
        mutators: {
          async slow(tx: any, { id }: { id: string }) {
            if (pauses) await new Promise((resolve) => setTimeout(resolve, 20))
            await tx.messages.create(id, { text: 'slow', author: tx.user, sentAtMs: 1 })
          },
          async send(tx: any, { id, text }: { id: string; text: string }) {
            await tx.messages.create(id, { text, author: tx.user, sentAtMs: 1 })
          },
          async stuck(tx: any, { id }: { id: string }) {
            if (pauses) await new Promise(() => {})
            await tx.messages.create(id, { text: 'stuck', author: tx.user, sentAtMs: 1 })
          },
        },
      }) as never,
    },
  }

  it('is refused at the call, and nothing is saved', async () => {
    const { core } = await open(undefined, app)
    for (const name of ['slow', 'stuck'])
      await expect(core.mutate(room, name, { id: 'm' })).rejects.toMatchObject({
        code: 'invalid',
        message: expect.stringMatching(/before the mutation/),
      })
    expect([await texts(core), await core.pending()]).toEqual([[], []])
  })

  it('in a later run shows nothing, and holds up neither ranges nor other mutations', async () => {
    pauses = false
    const { core } = await open(undefined, app)
    await core.mutate(room, 'slow', { id: 'm1' })
    await core.mutate(room, 'stuck', { id: 'm2' })
    await core.mutate(room, 'send', { id: 'm3', text: 'quick' })
    expect(await texts(core)).toEqual(['slow?', 'stuck?', 'quick?'])
    pauses = true
    expect((await core.apply(rangeOf(0, 1, [message(1, 'a', 'one')]))).verdict).toBe('news')
    expect(await texts(core)).toEqual(['one', 'quick?'])
    expect((await core.pending()).length).toBe(3)
  })
})

describe('an upgrade', () => {
  it('that adds collections and indexes keeps what is pending', async () => {
    const { core, storage, name } = await open()
    await core.apply(rangeOf(0, 1, [message(1, 'a', 'one')]))
    await core.mutate(room, 'send', { id: 'm', text: 'mine' })
    await storage.close()
    const { core: newer, storage: bigger } = await open(name, grown)
    expect([await texts(newer), (await newer.pending()).length, newer.clientId]).toEqual([['one', 'mine?'], 1, core.clientId])
    expect(
      await bigger.db
        .table('room_messages')
        .where('[$s+author]')
        .equals([newer.shownAs(room), 'alice'])
        .count(),
    ).toBe(1)
    expect(bigger.db.tables.map((table) => table.name)).toContain('room_polls')
  })

  it('by one tab does not wait for another tab, which goes on with what it knows', async () => {
    const { core, name } = await open()
    await core.mutate(room, 'send', { id: 'm', text: 'old tab' })
    const { core: newer } = await open(name, grown)
    await newer.mutate(room, 'put', { c: 'polls', id: 'p', doc: { value: 1 } })
    await core.mutate(room, 'send', { id: 'n', text: 'old tab again' })
    expect([await texts(newer), (await newer.pending()).map(({ n }) => n)]).toEqual([
      ['old tab?', 'old tab again?'],
      [1, 2, 3],
    ])
  })

  it('is not undone by an older build that opens the database afterwards', async () => {
    const { storage, name } = await open(undefined, grown)
    await storage.close()
    const { storage: older } = await open(name)
    expect(older.db.tables.map((table) => table.name)).toContain('room_polls')
  })

  it('leaves an older build that still sweeps what the newer one had', async () => {
    const { core, storage, name } = await open(undefined, grown)
    const put = { v: 1, c: 'polls', id: 'p', put: { value: 1 } }
    await core.apply(rangeOf(0, 1, [put as never]))
    await core.drop(room)
    await storage.close()
    const { core: older, storage: smaller, clock } = await open(name)
    clock.advance(10_000)
    await older.audit()
    const left = await smaller.db.table('room_polls').count()
    expect([left, await rows(older, 'self')]).toMatchObject([0, [{ garbage: [] }]])
  })

  it('several tabs that open a new database at once come to one replica', async () => {
    const name = `dexie ${databases++}`
    const tabs = await Promise.all([open(name), open(name), open(name, grown)])
    expect(new Set(tabs.map(({ core }) => core.clientId)).size).toBe(1)
    for (const { core } of tabs) await core.mutate(room, 'increment', { id: 'c' })
    expect((await (tabs[0] as (typeof tabs)[0]).core.pending()).map(({ n }) => n)).toEqual([1, 2, 3])
  })

  it('that another connection blocks ends by its deadline with an error that says what to do', async () => {
    const name = `dexie ${databases++}`
    const blocker = await new Promise<IDBDatabase>((resolve) => {
      const request = indexedDB.open(name, 1)
      request.onsuccess = () => resolve(request.result)
    })
    const { storage, clock } = storageOn(name)
    const reading = storage.read(['self'], (tx) => tx.get('self', 'self'))
    const outcome = expect(reading).rejects.toThrow(/close other tabs/)
    for (let tries = 0; tries < 10; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10))
      clock.advance(OPEN_MS_MAX)
    }
    await outcome
    blocker.close()
    expect(await storage.read(['self'], (tx) => tx.get('self', 'self'))).toBe(undefined)
  })
})

describe('a browser in which no tab hears of another', () => {
  it('is asked now and then what other tabs have written, until the storage is closed', async () => {
    const clock = handClock()
    const storage = dexieStorage({ name: `dexie ${databases++}`, app: chatApp, clock, unheard: true })
    opened.push(storage)
    await storage.read(['self'], (tx) => tx.get('self', 'self'))
    const looks: (readonly string[])[] = []
    storage.onChange((changed) => looks.push(changed))
    for (let n = 1; n <= 3; n++) {
      clock.advance(LOOK_EVERY_MS)
      expect(looks.length).toBe(n)
    }
    expect(looks[0]).toContain('outbox')
    await storage.close()
    clock.advance(LOOK_EVERY_MS)
    expect(looks.length).toBe(3)
  })
})

describe('a page that is put aside', () => {
  it('begins no transaction that it could not end, loses nothing, and looks at everything when it is back', async () => {
    const { core, storage } = await open()
    await core.mutate(room, 'increment', { id: 'c' })
    const looks: (readonly string[])[] = []
    storage.onChange((changed) => looks.push(changed))
    storage.aside?.(true)
    expect(storage.db.isOpen()).toBe(false)
    expect(looks.length).toBe(0)
    storage.aside?.(false)
    await vi.waitFor(() => expect(looks[0]).toContain('outbox'))
    expect((await core.pending()).length).toBe(1)
    // Whoever writes all the same is not refused.
    storage.aside?.(true)
    await core.mutate(room, 'increment', { id: 'c' })
    expect((await core.pending()).length).toBe(2)
  })
})
