// What a watch tells, and when it ends. Method: a replica without network, on a storage in memory; another tab is another handle.
import { ForbiddenError } from '@tidemark/shared'
import { describe, expect, it, vi } from 'vitest'
import { memoryStorage } from '../replica/memory-storage.ts'
import type { ChangeListener, ReplicaStorage } from '../replica/storage.ts'
import { StorageError } from '../replica/storage-error.ts'
import { message, rangeOf } from '../testing/ranges.ts'
import { type Message, told, type WatchedRoom, watchedRoom } from '../testing/watched-room.ts'
import { anyOf, below, startsWith } from './conditions.ts'
import { READ_AGAIN_MS, READ_TRIES_MAX } from './mirror.ts'
import type { Snapshot } from './watch-api.ts'
import { LINGER_MS, LINGERING_MAX, WATCHES_EXPECTED_MAX } from './watches.ts'

const room = 'room:1'
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
const texts = (snapshot: Snapshot<Message> | undefined) => snapshot?.docs.map(({ text }) => text)
const pairs = (snapshot: Snapshot<Message> | undefined) =>
  snapshot?.docChanges.map(({ docId, queueType, dataType }) => `${docId} ${dataType}+${queueType}`)

/** A room with messages a, b and c. */
async function filled() {
  const storage = memoryStorage()
  const world = await watchedRoom(storage)
  await world.core.apply(rangeOf(0, 3, [message(1, 'a', 'one'), message(2, 'b', 'two'), message(3, 'c', 'three')]))
  return { ...world, storage, messages: world.of() }
}
const send = ({ core }: Pick<WatchedRoom, 'core'>, id: string, text = id) => core.mutate(room, 'send', { id, text })
const edit = ({ core }: Pick<WatchedRoom, 'core'>, id: string, text: string) => core.mutate(room, 'edit', { id, text })

describe('what a watch tells', () => {
  it('the whole result first, then one batch a commit, with ids that rise by one', async () => {
    const { core, messages } = await filled()
    const seen = told<Message>()
    messages.watch(seen.listener)
    expect(seen.snapshots).toEqual([])
    await turn()
    await core.apply(rangeOf(3, 5, [message(4, 'd', 'four'), { v: 5, c: 'messages', id: 'a', del: true } as never]))
    await edit({ core }, 'b', 'two!')
    const [first, second, third] = seen.snapshots
    expect([first?.id, first?.type, texts(first), pairs(first)]).toEqual([
      0,
      'init',
      ['one', 'two', 'three'],
      ['a init+init', 'b init+init', 'c init+init'],
    ])
    expect([second?.id, second?.type, texts(second), pairs(second)]).toEqual([
      1,
      undefined,
      ['two', 'three', 'four'],
      ['a remove+dequeue', 'd add+enqueue'],
    ])
    expect([third?.id, texts(third), third?.docChanges[0]]).toMatchObject([
      2,
      ['two!', 'three', 'four'],
      { docId: 'b', dataType: 'update', queueType: 'update', updatedFields: { text: 'two!' }, removedFields: [] },
    ])
    expect(seen.snapshots.length).toBe(3)
  })

  it('before the mutation resolves, so that who waits for it sees it shown', async () => {
    const { core, messages } = await filled()
    const seen = told<Message>()
    messages.watch(seen.listener)
    await turn()
    await send({ core }, 'm')
    expect(texts(seen.snapshots.at(-1))).toEqual(['one', 'two', 'three', 'm'])
  })

  it('that a document was confirmed, as an update of no field', async () => {
    const { core, messages } = await filled()
    const seen = told<Message>()
    messages.watch(seen.listener)
    const { nonce } = await send({ core }, 'm')
    await core.settle([{ n: 1, nonce, in: { [room]: 4 } } as never])
    const sent = message(4, 'm', 'm', {
      o: nonce,
      put: { text: 'm', author: 'alice', sentAtMs: (await messages.doc('m').get())?.sentAtMs },
    })
    await core.apply(rangeOf(3, 4, [sent]))
    expect(seen.snapshots.at(-1)?.docChanges).toMatchObject([
      { docId: 'm', dataType: 'update', queueType: 'update', updatedFields: {}, removedFields: [], doc: { $p: 0, $v: 4 } },
    ])
  })

  it('what moved by the limit alone as `limit`, and what changed itself as that', async () => {
    const { core, messages } = await filled()
    const seen = told<Message>()
    messages.orderBy('text', 'asc').limit(2).watch(seen.listener)
    await turn()
    expect(texts(seen.snapshots[0])).toEqual(['one', 'three'])
    await edit({ core }, 'b', 'a two')
    expect([texts(seen.snapshots[1]), pairs(seen.snapshots[1])]).toEqual([
      ['a two', 'one'],
      ['b update+enqueue', 'c limit+dequeue'],
    ])
    await edit({ core }, 'b', 'z two')
    expect([texts(seen.snapshots[2]), pairs(seen.snapshots[2])]).toEqual([
      ['one', 'three'],
      ['b update+dequeue', 'c limit+enqueue'],
    ])
    await edit({ core }, 'b', 'zz two')
    expect(seen.snapshots.length).toBe(3)
  })

  it('a document of which no field stayed as replaced', async () => {
    const { core, messages } = await filled()
    const seen = told<Message>()
    messages.watch(seen.listener)
    await core.mutate(room, 'put', { c: 'messages', id: 'a', doc: { text: 'x', author: 'me', sentAtMs: 99 } })
    expect(pairs(seen.snapshots.at(-1))).toEqual(['a replace+update'])
  })

  it('what another tab commits, by reading just that', async () => {
    const { storage, messages, reads } = await filled()
    const seen = told<Message>()
    messages.watch(seen.listener)
    await turn()
    const other = await watchedRoom(storage.reopen(), { seed: 2 })
    await edit(other, 'b', 'from there')
    await turn()
    expect([texts(seen.snapshots.at(-1)), seen.snapshots.length]).toEqual([['one', 'from there', 'three'], 2])
    expect(reads).toEqual([3, 1])
  })

  it('what it missed as one batch, once it is told that anything may have changed', async () => {
    const storage = memoryStorage()
    const listeners: ChangeListener[] = []
    // A page that was put aside, or whose handle was lost, hears of nothing.
    const deaf: ReplicaStorage = {
      ...storage,
      onChange(listener) {
        listeners.push(listener)
        return storage.onChange((tables, own) => own && listener(tables, own))
      },
    }
    const here = await watchedRoom(deaf)
    await here.core.apply(rangeOf(0, 2, [message(1, 'a', 'one'), message(2, 'b', 'two')]))
    const seen = told<Message>()
    here.of().watch(seen.listener)
    await turn()
    const all = () => {
      for (const listener of listeners) listener(['copies', 'room_messages'], undefined, () => undefined)
    }
    all()
    await turn()
    const other = await watchedRoom(storage.reopen(), { seed: 2 })
    await edit(other, 'a', 'one!')
    await edit(other, 'a', 'one!!')
    await send(other, 'm')
    expect(seen.snapshots.length).toBe(1)
    all()
    await turn()
    expect([seen.snapshots.length, pairs(seen.snapshots[1]), texts(seen.snapshots[1])]).toEqual([
      2,
      ['a update+update', 'm add+enqueue'],
      ['one!!', 'two', 'm'],
    ])
  })

  it('of a list of 10,000 that one changed, by testing one document, and reading none, or one of another tab', async () => {
    const storage = memoryStorage()
    const here = await watchedRoom(storage)
    await here.core.apply(
      rangeOf(
        0,
        10_000,
        Array.from({ length: 10_000 }, (_, at) => message(at + 1, `m${at}`, `text ${at}`)),
      ),
    )
    let tested = 0
    const seen = told<Message>()
    const test = () => {
      tested++
      return true
    }
    here.of().filter(test).orderBy('text', 'desc').watch(seen.listener)
    await turn()
    expect([tested, here.reads]).toEqual([10_000, [10_000]])
    await edit(here, 'm77', 'zz')
    expect([tested, here.reads, texts(seen.snapshots[1])?.[0]]).toEqual([10_001, [10_000], 'zz'])
    const other = await watchedRoom(storage.reopen(), { seed: 2 })
    await edit(other, 'm78', 'zzz')
    await turn()
    expect([tested, here.reads, texts(seen.snapshots[2])?.[0]]).toEqual([10_002, [10_000, 1], 'zzz'])
  })

  it('the same object for a document that did not change, in all watches; and nobody can change it', async () => {
    const { core, messages } = await filled()
    const [all, two] = [told<Message>(), told<Message>()]
    messages.watch(all.listener)
    messages.where({ author: 'bob' }).orderBy('text', 'desc').watch(two.listener)
    await turn()
    await edit({ core }, 'b', 'two!')
    const [before, after] = all.snapshots
    expect(after?.docs[0]).toBe(before?.docs[0])
    expect(two.snapshots[1]?.docs.find(({ $id }) => $id === 'b')).toBe(after?.docs[1])
    expect(() => Object.assign(after?.docs[0] as object, { text: 'mine' })).toThrow(TypeError)
    expect(Object.isFrozen(after?.docs)).toBe(true)
  })

  it('a copy that takes the place of another by what differs between them', async () => {
    const { core, messages } = await filled()
    const seen = told<Message>()
    messages.watch(seen.listener)
    await turn()
    const [one, three, four] = [message(1, 'a', 'one'), message(4, 'c', 'three!', { b: 3 }), message(5, 'd', 'four')]
    await core.apply(rangeOf(0, 4, [one, three], { reset: 'horizon', on: 's3', seal: 't4', head: 5 }))
    await turn()
    expect(seen.snapshots.length).toBe(1)
    await core.apply(rangeOf(4, 5, [four], { on: 't4', seal: 't5' }))
    await turn()
    expect([texts(seen.snapshots.at(-1)), pairs(seen.snapshots.at(-1))]).toEqual([
      ['one', 'three!', 'four'],
      ['b remove+dequeue', 'c update+update', 'd add+enqueue'],
    ])
  })
})

describe('a query', () => {
  it('is answered by all its conditions, and by creation where it is not ordered', async () => {
    const { messages } = await filled()
    const find = async (query: { get(): Promise<readonly Message[]> }) => (await query.get()).map(({ text }) => text)
    expect(await find(messages.where({ text: startsWith('t') }))).toEqual(['two', 'three'])
    expect(await find(messages.where({ text: startsWith('t') }).where({ sentAtMs: below(3) }))).toEqual(['two'])
    expect(await find(messages.where({ $id: anyOf(['a', 'c']) }).filter(({ $v }) => $v > 1))).toEqual(['three'])
    expect(await find(messages.orderBy('author', 'asc').limit(1))).toEqual(['one'])
    expect(await find(messages.limit(0))).toEqual([])
    expect([(await messages.doc('b').get())?.text, await messages.doc('z').get()]).toEqual(['two', undefined])
  })

  it('that cannot be is told at once', async () => {
    const { messages } = await filled()
    expect(() => messages.limit(-1)).toThrow(/limit: -1/)
    expect(() => messages.where({ text: undefined } as never)).toThrow(/text is undefined/)
    expect(() => messages.where(undefined as never)).toThrow(/where: fields are needed/)
    for (const id of [undefined, null, '']) expect(() => messages.doc(id as never)).toThrow(/is no document id/)
    expect(() => messages.orderBy('' as never, 'asc')).toThrow(/no name of a field/)
    expect(() => messages.orderBy('text', 'up' as never)).toThrow(/neither asc nor desc/)
    expect(() => messages.watch({ onChange() {} } as never)).toThrow(/onError/)
  })

  it('goes on in the way of Dexie where it is asked so', async () => {
    const { messages } = await filled()
    expect([(messages as any).where('text'), (messages as any).orderBy('text')]).toEqual(['of Dexie', 'of Dexie'])
  })

  it('that is watched twice costs once', async () => {
    const { core, messages, reads } = await filled()
    let evaluated = 0
    const test = ({ text }: Message) => {
      evaluated++
      return text !== 'two'
    }
    const seen = [told<Message>(), told<Message>()]
    const queries = seen.map(({ listener }) => {
      const query = messages.filter(test)
      query.watch(listener)
      return query
    })
    const listed: number[] = []
    messages.filter(test).docs$.subscribe((docs) => listed.push(docs.length))
    await turn()
    expect([evaluated, reads, queries[0]?.key]).toEqual([3, [3], queries[1]?.key])
    await edit({ core }, 'a', 'one!')
    expect([evaluated, listed]).toEqual([4, [2, 2]])
    expect(seen[0]?.snapshots[1]).toBe(seen[1]?.snapshots[1])
    expect(queries[0]?.current).toBe(seen[0]?.snapshots[1])
  })
})

describe('the end of a watch', () => {
  it('close() can be called at any time, and any number of times, and nothing is told after it', async () => {
    const world = await filled()
    const { messages } = world
    const seen = Array.from({ length: 4 }, () => told<Message>())
    // Before anything was read.
    const early = messages.watch(seen[0]?.listener as never)
    early.close()
    early.close()
    // In the midst of what is told, its own and another's.
    const watches = [1, 2].map((at) =>
      messages.watch({
        onChange(snapshot) {
          seen[at]?.listener.onChange(snapshot)
          if (snapshot.id === 1) for (const watch of watches) watch.close()
        },
        onError: seen[at]?.listener.onError as never,
      }),
    )
    const last = messages.watch(seen[3]?.listener as never)
    await turn()
    await send(world, 'm')
    await send(world, 'n')
    // Between a commit and what is told of it.
    const sending = send(world, 'o')
    last.close()
    await sending
    world.watches.close()
    last.close()
    expect(seen.map(({ snapshots, errors }) => [snapshots.length, errors.length])).toEqual([
      [0, 0],
      [2, 0],
      [1, 0],
      [3, 0],
    ])
  })

  it('what fails in one is told to that one, and harms no other', async () => {
    const world = await filled()
    const { messages } = world
    const rethrown: unknown[] = []
    vi.stubGlobal('queueMicrotask', (task: () => void) => {
      try {
        task()
      } catch (error) {
        rethrown.push(error)
      }
    })
    const [broken, fine] = [told<Message>(), told<Message>()]
    const throws = (error: Error) => () => {
      throw error
    }
    messages.watch({ onChange: throws(new Error('mine')), onError: broken.listener.onError })
    messages.watch({ onChange: throws(new Error('mine')), onError: throws(new Error('even this')) })
    messages.filter(throws(new Error('filter')) as never).watch(broken.listener)
    messages.watch(fine.listener)
    await turn()
    await send(world, 'm')
    vi.unstubAllGlobals()
    expect(broken.errors.map(({ message }) => message).sort()).toEqual(['filter', 'mine'])
    expect(rethrown).toEqual([new Error('even this')])
    expect([fine.snapshots.length, fine.errors, broken.snapshots]).toEqual([2, [], []])
  })

  it('is told when the replica is closed, and to those who come afterwards; streams complete', async () => {
    const { messages, watches, clock } = await filled()
    const [before, after] = [told<Message>(), told<Message>()]
    const ends: string[] = []
    const end = { complete: () => ends.push('complete'), error: () => ends.push('error') }
    messages.watch(before.listener)
    messages.docs$.subscribe(end)
    messages.changes$.subscribe(end)
    messages.doc('a').$.subscribe(end)
    await turn()
    watches.close()
    messages.watch(after.listener)
    messages.docs$.subscribe(end)
    const got = messages.limit(1).get()
    clock.advance(0)
    await expect(got).rejects.toMatchObject({ code: 'unavailable' })
    expect([...before.errors, ...after.errors]).toMatchObject([{ code: 'unavailable' }, { code: 'unavailable' }])
    expect(ends).toEqual(['complete', 'complete', 'complete', 'complete'])
  })

  it('comes when the space is denied: its documents leave, then the reason is told', async () => {
    const { core, messages, watches, clock } = await filled()
    const turnOfPage = async () => {
      await turn()
      clock.advance(0)
    }
    const seen = told<Message>()
    messages.watch(seen.listener)
    const one = told<Message>()
    messages.doc('a').watch(one.listener)
    await turnOfPage()
    const denied = new ForbiddenError('no')
    watches.told({ [room]: { denied } })
    await turnOfPage()
    expect(seen.errors).toEqual([])
    await core.drop(room)
    await turnOfPage()
    expect([seen.snapshots.map(texts), seen.errors]).toEqual([[['one', 'two', 'three'], []], [denied]])
    expect([one.snapshots.map(texts), one.errors]).toEqual([[['one'], []], [denied]])
    // It is denied still, unless the app asks again.
    const late = told<Message>()
    messages.watch(late.listener)
    await turnOfPage()
    expect([late.snapshots.map(texts), late.errors]).toEqual([[[]], [denied]])
    const again = told<Message>()
    watches.opened(room)
    messages.watch(again.listener)
    watches.told({ [room]: { denied } })
    await turnOfPage()
    expect(again.errors).toEqual([])
    watches.told({ [room]: {} })
    watches.told({ [room]: { denied } })
    await turnOfPage()
    expect(again.errors).toEqual([denied])
  })

  it('comes when the storage does not heal for a minute; one that heals is waited for', async () => {
    const storage = memoryStorage()
    let isFailing = true
    const read: typeof storage.read = (tables, work) =>
      isFailing ? Promise.reject(new StorageError('failing', 'no')) : storage.read(tables, work)
    const world = await watchedRoom(storage, { read })
    await world.core.apply(rangeOf(0, 1, [message(1, 'a', 'one')]))
    const [healed, failed, broken] = [told<Message>(), told<Message>(), told<Message>()]
    world.of().watch(healed.listener)
    await turn()
    isFailing = false
    world.clock.advance(READ_AGAIN_MS)
    await turn()
    expect([texts(healed.snapshots[0]), healed.errors]).toEqual([['one'], []])

    isFailing = true
    world.of('counters').watch(failed.listener)
    for (let tries = 0; tries < READ_TRIES_MAX; tries++) {
      expect(failed.errors).toEqual([])
      await turn()
      world.clock.advance(READ_AGAIN_MS)
    }
    await turn()
    expect(failed.errors).toMatchObject([{ trouble: 'failing' }])

    const other = await watchedRoom(storage.reopen(), { read: () => Promise.reject(new TypeError('no such table')) })
    other.of().watch(broken.listener)
    await turn()
    expect(broken.errors).toMatchObject([{ name: 'TypeError' }])
  })

  it('comes once a turn of the page to who always asks again, so that the page lives on', async () => {
    const { core, messages, watches, clock } = await filled()
    let errors = 0
    function start(): void {
      messages.watch({
        onChange() {},
        onError() {
          // Else a page that never ends would be a test that never ends.
          if (++errors < 100) start()
        },
      })
    }
    start()
    await core.drop(room)
    watches.told({ [room]: { denied: new ForbiddenError('no') } })
    for (const expected of [0, 1, 2]) {
      await turn()
      expect(errors).toBe(expected)
      clock.advance(0)
    }
    watches.close()
    for (const expected of [4, 5]) {
      await turn()
      expect(errors).toBe(expected)
      clock.advance(0)
    }
  })

  it('may be answered by another watch at once, which begins anew', async () => {
    const storage = memoryStorage()
    let isBroken = true
    const read: typeof storage.read = (tables, work) =>
      isBroken ? Promise.reject(new TypeError('no such table')) : storage.read(tables, work)
    const world = await watchedRoom(storage, { read })
    await world.core.apply(rangeOf(0, 1, [message(1, 'a', 'one')]))
    const [again, other] = [told<Message>(), told<Message>()]
    world.of().watch({
      onChange() {},
      onError() {
        isBroken = false
        world.of().watch(again.listener)
      },
    })
    // What shares its documents ends with it.
    world.of().limit(1).watch(other.listener)
    await turn()
    expect([again.snapshots.map(texts), again.errors, other.errors]).toMatchObject([[['one']], [], [{ name: 'TypeError' }]])
  })
})

describe('what nobody watches any more', () => {
  it('is kept up to date for a while, for who comes back, and then forgotten', async () => {
    const { core, messages, reads, clock } = await filled()
    const seen = told<Message>()
    messages.watch(seen.listener).close()
    await turn()
    expect(reads).toEqual([3])
    clock.advance(LINGER_MS - 1)
    await edit({ core }, 'a', 'one!')
    const watch = messages.watch(seen.listener)
    expect(messages.current?.docs.length).toBe(3)
    await turn()
    clock.advance(LINGER_MS)
    await edit({ core }, 'a', 'one!!')
    expect([seen.snapshots.map((snapshot) => texts(snapshot)?.[0]), reads]).toEqual([['one!', 'one!!'], [3]])
    watch.close()
    clock.advance(LINGER_MS)
    expect(messages.current).toBeUndefined()
    messages.watch(seen.listener)
    await turn()
    expect(reads).toEqual([3, 3])
  })

  it('is forgotten sooner where there is too much of it, what was left first at first', async () => {
    const { messages } = await filled()
    const query = (count: number) => messages.limit(count)
    for (let count = 0; count < LINGERING_MAX; count++) query(count).watch(told<Message>().listener).close()
    query(0).watch(told<Message>().listener).close()
    await turn()
    expect(query(1).current?.docs.length).toBe(1)
    query(LINGERING_MAX).watch(told<Message>().listener).close()
    expect([query(1), query(2), query(0)].map(({ current }) => current?.docs.length)).toEqual([undefined, 2, 0])
  })

  it('is named in development: when the replica is closed, and when there are very many of one question', async () => {
    const { messages, watches, warnings } = await filled()
    const seen = told<Message>()
    messages.docs$.subscribe()
    for (let count = 0; count < WATCHES_EXPECTED_MAX; count++) messages.limit(1).watch(seen.listener)
    expect(warnings).toEqual([])
    messages.limit(1).watch(seen.listener)
    expect(warnings[0]).toMatch(/101 watches of one question/)
    watches.close()
    expect(warnings.length).toBe(2)
    expect(warnings[1]).toMatch(/closed while these watches were open:\n.*messages/)
    expect(warnings[1]).toMatch(/watch\.test\.ts/)
  })
})

describe('one document', () => {
  it('is read alone, unless its collection is watched; then it is the same object', async () => {
    const { core, messages, reads } = await filled()
    const alone: (Message | undefined)[] = []
    messages.doc('b').$.subscribe((doc) => alone.push(doc))
    const missing: unknown[] = []
    messages.doc('m').$.subscribe((doc) => missing.push(doc))
    await turn()
    expect(reads).toEqual([1, 0])
    messages.docs$.subscribe()
    await turn()
    const among: (Message | undefined)[] = []
    messages.doc('c').$.subscribe((doc) => among.push(doc))
    await turn()
    await edit({ core }, 'b', 'two!')
    await send({ core }, 'm')
    await edit({ core }, 'c', 'three!')
    expect(reads).toEqual([1, 0, 3])
    expect(alone.map((doc) => doc?.text)).toEqual(['two', 'two!'])
    expect(missing).toMatchObject([undefined, { text: 'm' }])
    expect(among[1]).toBe(messages.current?.docs[2])
  })
})

describe('changes$', () => {
  it('tells batches of changes, and nothing of what is there already', async () => {
    const { core, messages } = await filled()
    const batches: string[][] = []
    const subscription = messages.changes$.subscribe((changes) =>
      batches.push(changes.map(({ docId, dataType }) => `${docId} ${dataType}`)),
    )
    await turn()
    await send({ core }, 'm')
    await edit({ core }, 'a', 'one!')
    subscription.unsubscribe()
    await edit({ core }, 'a', 'one!!')
    expect(batches).toEqual([['m add'], ['a update']])
  })
})
