// Goal: the strict factory is as strict as a browser, and its disk keeps what a disk keeps. What a real engine does with the same
// suite and the same hop: client/src/replica/*.browser.test.ts.

import {
  chatApp,
  createReplicaCore,
  describeReplicaStorage,
  dexieStorage,
  handClock,
  message,
  rangeOf,
  seededRandom,
} from '@tidemark/client/testing'
import { type App, space } from '@tidemark/shared'
import { IDBKeyRange } from 'fake-indexeddb'
import { describe, expect, it } from 'vitest'
import { type Failure, type StrictDisk, type StrictProcess, strictDisk } from './strict-indexeddb.ts'

describeReplicaStorage(
  'Dexie on the strict factory',
  { describe, expect, it },
  {
    open: async () => dexieStorage({ name: 'contract', app: chatApp, clock: handClock(), indexedDB: strictDisk().start(), IDBKeyRange }),
    pause: () => new Promise((resolve) => setImmediate(resolve)),
  },
)

const done = <T>(request: IDBRequest<T>) =>
  new Promise<T>((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
const ended = (tx: IDBTransaction) =>
  new Promise<string>((resolve) => {
    tx.oncomplete = () => resolve('complete')
    tx.onabort = () => resolve(`abort ${tx.error?.name}`)
  })
const hop = () => new Promise((resolve) => setImmediate(resolve))
const hops = async () => {
  for (let turn = 0; turn < 50; turn++) await hop()
}
const open = (engine: IDBFactory) => {
  const request = engine.open('db', 1)
  request.onupgradeneeded = () => request.result.createObjectStore('rows', { keyPath: 'id' }).createIndex('n', 'n')
  return done(request)
}
async function put(db: IDBDatabase, rows: readonly object[], durability: IDBTransactionDurability = 'relaxed'): Promise<string> {
  const tx = db.transaction('rows', 'readwrite', { durability })
  for (const row of rows) tx.objectStore('rows').put(row)
  return ended(tx)
}
const rows = (disk: StrictDisk) => ((JSON.parse(disk.dump('db')).rows ?? []) as { id: string }[]).map(({ id }) => id).join(' ')

describe('a transaction', () => {
  it('lives through the microtasks of its callbacks, and not through a zero-delay hop', async () => {
    const db = await open(strictDisk().start())
    const store = db.transaction('rows', 'readwrite').objectStore('rows')
    for (let turn = 0; turn < 100; turn++) await Promise.resolve()
    expect(await done(store.count())).toBe(0)
    for (let turn = 0; turn < 100; turn++) await Promise.resolve()
    await done(store.put({ id: 'a' }))
    await hop()
    expect(() => store.put({ id: 'b' })).toThrow(expect.objectContaining({ name: 'TransactionInactiveError' }))
  })

  it('of which nothing is asked in its first callback is dead, also while it waits for another', async () => {
    const db = await open(strictDisk().start())
    void put(db, [{ id: 'a' }])
    const waits = db.transaction('rows', 'readwrite')
    await hop()
    expect(() => waits.objectStore('rows').get('a')).toThrow(expect.objectContaining({ name: 'TransactionInactiveError' }))
    await hops()
    expect(() => waits.objectStore('rows')).toThrow(expect.objectContaining({ name: 'InvalidStateError' }))
  })

  it('of a mutator that takes a zero-delay hop is lost, and nothing of its unit is saved, as in a browser', async () => {
    const { collections } = chatApp.spaces.room as never as { collections: never }
    const app: App = {
      version: '1',
      spaces: {
        room: space({
          collections,
          mutators: {
            async slow(tx: { messages: { create(id: string, doc: object): Promise<void> } }, { id }: { id: string }) {
              await hop()
              await tx.messages.create(id, { text: 'slow', author: 'alice', sentAtMs: 1 })
            },
          } as never,
        }) as never,
      },
    }
    const storage = dexieStorage({ name: 'hop', app, clock: handClock(), indexedDB: strictDisk().start(), IDBKeyRange })
    const core = await createReplicaCore({ app, storage, clock: handClock(), random: seededRandom(1), user: 'alice' })
    await core.apply(rangeOf(0, 1, [message(1, 'a', 'one')]))
    await expect(core.mutate('room:1', 'slow', { id: 'm' })).rejects.toMatchObject({ code: 'invalid' })
    expect(await core.pending()).toEqual([])
  })
})

describe('a step that fails', () => {
  /** One put of two rows: two requests, the commit, and the telling of it. */
  const STEPS = ['request', 'request', 'commit', 'complete']
  async function attempt(at: number, failure: Failure) {
    const disk = strictDisk()
    const engine = disk.start()
    const db = await open(engine)
    await put(db, [{ id: 'z' }])
    const from = engine.steps
    const kinds: string[] = []
    engine.fail = (step) => {
      kinds.push(step.kind)
      return step.at === from + at ? failure : undefined
    }
    const outcome = await Promise.race([put(db, [{ id: 'a' }, { id: 'b' }]), hops().then(() => 'silence')])
    engine.fail = undefined
    return { disk, engine, db, outcome, kinds, kept: rows(disk) }
  }

  it('leaves all of its transaction or nothing, and once it is committed all, whatever is told', async () => {
    const told: Record<Failure, readonly string[]> = {
      crash: ['silence', 'silence', 'silence', 'silence'],
      hang: ['silence', 'silence', 'silence', 'silence'],
      lost: ['abort UnknownError', 'abort UnknownError', 'abort UnknownError', 'abort UnknownError'],
      abort: ['abort AbortError', 'abort AbortError', 'abort AbortError', 'abort AbortError'],
      quota: ['abort QuotaExceededError', 'abort QuotaExceededError', 'abort QuotaExceededError', 'complete'],
    }
    for (const [failure, outcomes] of Object.entries(told))
      for (const [at, expected] of outcomes.entries()) {
        const { outcome, kinds, kept } = await attempt(at + 1, failure as Failure)
        expect([failure, at, outcome, kinds, kept]).toEqual([
          failure,
          at,
          expected,
          STEPS.slice(0, at + 1),
          at === STEPS.length - 1 ? 'a b z' : 'z',
        ])
      }
  })

  it('by a crash is the end of the process, and of no other', async () => {
    const { disk, engine, db } = await attempt(2, 'crash')
    expect(engine.dead).toBe(true)
    const steps = engine.steps
    void open(engine)
    expect(await Promise.race([put(db, [{ id: 'c' }]).catch(({ name }) => name), hops()])).toBe('InvalidStateError')
    expect(engine.steps).toBe(steps)
    expect(await put(await open(disk.start()), [{ id: 'd' }])).toBe('complete')
    expect(rows(disk)).toBe('d z')
  })

  it('by a hang holds up the next transaction until it is aborted', async () => {
    const disk = strictDisk()
    const engine = disk.start()
    const db = await open(engine)
    engine.fail = ({ kind }) => (kind === 'commit' ? 'hang' : undefined)
    const tx = db.transaction('rows', 'readwrite')
    tx.objectStore('rows').put({ id: 'a' })
    await hops()
    engine.fail = undefined
    const next = put(await open(disk.start()), [{ id: 'b' }])
    expect(await Promise.race([next, hops().then(() => 'waits')])).toBe('waits')
    tx.abort()
    expect([await next, rows(disk)]).toEqual(['complete', 'b'])
  })

  it('of a lost handle takes its other transactions with it', async () => {
    const { db, engine } = await attempt(1, 'lost')
    expect(() => db.transaction('rows')).toThrow(expect.objectContaining({ name: 'InvalidStateError' }))
    expect(await put(await open(engine), [{ id: 'c' }])).toBe('complete')
  })

  it('in an opening leaves a database that opens the next time', async () => {
    for (const failure of ['crash', 'lost', 'hang', 'abort', 'quota'] as const)
      for (let at = 1; at <= 6; at++) {
        const disk = strictDisk()
        const engine = disk.start()
        engine.fail = (step) => (step.at === at ? failure : undefined)
        const told = await Promise.race([
          open(engine).then(
            () => 'opened',
            ({ name }) => name,
          ),
          hops().then(() => 'silence'),
        ])
        // An upgrade is open whether it heard of its end or not; an index takes no room before there are rows.
        const opens = (failure === 'hang' && at === 5) || (failure === 'quota' && [3, 5].includes(at))
        const silent = failure === 'crash' || failure === 'hang'
        const expected = opens ? 'opened' : silent ? 'silence' : expect.stringMatching(/Error$/)
        expect([failure, at, told]).toEqual([failure, at, expected])
        // A page that hangs in an upgrade has to be reloaded.
        engine.crash()
        const db = await open(disk.start())
        expect([...db.transaction('rows').objectStore('rows').indexNames]).toEqual(['n'])
      }
  })
})

describe('a disk', () => {
  const start = async (disk = strictDisk()) => ({ disk, db: await open(disk.start()) })

  it('loses at power loss what nothing has flushed, newest first, and never what was flushed or lies before it', async () => {
    for (const [lost, left] of [
      [0, 'a b c d'],
      [1, 'a b c'],
      [undefined, 'a b'],
    ] as const) {
      const { disk, db } = await start()
      await put(db, [{ id: 'a' }])
      await put(db, [{ id: 'b' }], 'strict')
      await put(db, [{ id: 'c' }])
      await put(db, [{ id: 'd' }])
      expect([disk.unflushed, disk.commits]).toEqual([2, 5])
      disk.losePower(lost)
      expect(rows(disk)).toBe(left)
    }
  })

  it('is set back by commits, indexes with the rows', async () => {
    const { disk, db } = await start()
    await put(db, [{ id: 'a', n: 1 }], 'strict')
    await put(db, [{ id: 'a', n: 2 }], 'strict')
    disk.rollBack(1)
    const again = await open(disk.start())
    const byIndex = again.transaction('rows').objectStore('rows').index('n')
    expect([await done(byIndex.getAll(1)), await done(byIndex.getAll(2))]).toEqual([[{ id: 'a', n: 1 }], []])
  })

  it('is copied as it is committed, while a transaction is under way, which goes on', async () => {
    const { disk, db } = await start()
    await put(db, [{ id: 'a', n: 1 }])
    const tx = db.transaction('rows', 'readwrite')
    await done(tx.objectStore('rows').put({ id: 'b', n: 2 }))
    const copy = disk.clone()
    expect([rows(copy), rows(disk)]).toEqual(['a', 'a'])
    tx.objectStore('rows').delete('a')
    expect([await ended(tx), rows(disk), rows(copy)]).toEqual(['complete', 'b', 'a'])
    const copied = (await open(copy.start())).transaction('rows').objectStore('rows').index('n')
    expect(await done(copied.getAll())).toEqual([{ id: 'a', n: 1 }])
    disk.restore(copy)
    expect(rows(disk)).toBe('a')
  })

  it('that is cleared closes what is open by force, and is empty', async () => {
    const { disk, db } = await start()
    const told = new Promise((resolve) => {
      db.onclose = resolve
    })
    await put(db, [{ id: 'a' }], 'strict')
    disk.evict()
    await told
    expect(() => db.transaction('rows')).toThrow(expect.objectContaining({ name: 'InvalidStateError' }))
    expect(disk.dump('db')).toBe('{}')
    expect((await open(disk.start())).objectStoreNames.contains('rows')).toBe(true)
  })

  it('upgrades once the other handles are closed', async () => {
    const { disk, db } = await start()
    const opening = done(disk.start().open('db', 2))
    await new Promise((resolve) => {
      db.onversionchange = resolve
    })
    db.close()
    expect((await opening).version).toBe(2)
  })
})

it('handles that are not of a strict factory stay as they were', async () => {
  const { indexedDB } = await import('fake-indexeddb')
  const db = await open(indexedDB as unknown as StrictProcess)
  const tx = db.transaction('rows', 'readwrite')
  tx.objectStore('rows').put({ id: 'a' })
  expect(await ended(tx)).toBe('complete')
})
