// What an app reads, over Dexie on fake-indexeddb: the right copy, live, and never for writing.
import 'fake-indexeddb/auto'
import { Dexie, liveQuery } from 'dexie'
import { afterEach, describe, expect, it } from 'vitest'
import { chatApp } from '../testing/chat-app.ts'
import { handClock } from '../testing/hand-clock.ts'
import { message, rangeOf } from '../testing/ranges.ts'
import { seededRandom } from '../testing/seeded-random.ts'
import { dexieStorage } from './dexie-storage.ts'
import { createReplicaCore, type ReplicaCore } from './replica-core.ts'
import { dexieTables } from './scope.ts'

let databases = 0
const opened: ReplicaCore[] = []
afterEach(async () => {
  for (const core of opened.splice(0)) await core.close()
})

async function open(name = `scope ${databases++}`) {
  const clock = handClock()
  const storage = dexieStorage({ name, app: chatApp, clock })
  const core = await createReplicaCore({ app: chatApp, storage, clock, random: seededRandom(databases), user: 'alice' })
  opened.push(core)
  const tables = dexieTables(storage, core)
  return { core, storage, tables, messages: tables.scope('room:1', 'messages') as any, clock, name }
}
/** All results of a live query, as texts. */
function watch(query: () => Promise<any[]>) {
  const seen: string[][] = []
  const subscription = liveQuery(query).subscribe({ next: (rows) => void seen.push(rows.map((row) => `${row.text}${row.$p ? '?' : ''}`)) })
  return {
    seen,
    end: () => subscription.unsubscribe(),
    until: async (texts: string[]) => {
      for (let tries = 0; JSON.stringify(seen.at(-1)) !== JSON.stringify(texts); tries++) {
        if (tries > 100) throw new Error(`seen ${JSON.stringify(seen)}, never ${JSON.stringify(texts)}`)
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    },
  }
}

describe('a scope', () => {
  it('reads one collection of one space, by creation', async () => {
    const { core, messages } = await open()
    await core.apply(rangeOf(0, 2, [message(1, 'b', 'one'), message(2, 'a', 'two')]))
    await core.apply({ ...rangeOf(0, 1, [message(1, 'x', 'elsewhere')]), space: 'room:2' })
    await core.mutate('room:1', 'send', { id: 'm', text: 'mine' })
    expect((await messages.toArray()).map((row: any) => row.text)).toEqual(['one', 'two', 'mine'])
    expect(await messages.count()).toBe(3)
    expect(await messages.get('b')).toMatchObject({ text: 'one', $id: 'b', $v: 1, $b: 1, $p: 0 })
    expect(await messages.get('x')).toBe(undefined)
    expect((await messages.where('sentAtMs').above(1).toArray()).map((row: any) => row.text)).toEqual(['two', 'mine'])
    expect((await messages.where('sentAtMs').between(1, 2).toArray()).map((row: any) => row.text)).toEqual(['one'])
    expect((await messages.where('sentAtMs').belowOrEqual(2).toArray()).length).toBe(2)
    expect((await messages.where('$p').equals(1).toArray()).map((row: any) => row.text)).toEqual(['mine'])
    expect((await messages.orderBy('$v').reverse().limit(1).toArray())[0].text).toBe('mine')
  })

  it('names the remedy for a field without an index, and for a collection that does not exist', async () => {
    const { messages, tables } = await open()
    expect(() => messages.where('author')).toThrow(/declare it in the collection's indexes/)
    expect(() => tables.scope('room:1', 'nothing')).toThrow(/no collection room.nothing/)
  })

  it('is live: ranges, mutations and confirmations show', async () => {
    const { core, messages } = await open()
    const watched = watch(() => messages.where('sentAtMs').above(0).toArray())
    await watched.until([])
    await core.apply(rangeOf(0, 1, [message(1, 'a', 'one')]))
    await watched.until(['one'])
    const { nonce } = await core.mutate('room:1', 'send', { id: 'm', text: 'mine' })
    await watched.until(['one', 'mine?'])
    await core.apply(rangeOf(1, 2, [{ ...message(2, 'm', 'mine'), o: nonce }]))
    await watched.until(['mine', 'one'].reverse())
    watched.end()
  })

  it('shows the new copy when one takes the place of the old', async () => {
    const { core, messages } = await open()
    await core.apply(rangeOf(0, 1, [message(1, 'a', 'old')]))
    const watched = watch(() => messages.toArray())
    const one = watch(async () => [await messages.get('a')].filter(Boolean))
    await watched.until(['old'])
    await core.apply(rangeOf(0, 1, [message(1, 'a', 'new')], { reset: 'history', on: 's1', seal: 't1' }))
    await watched.until(['new'])
    await one.until(['new'])
    await core.drop('room:1')
    await watched.until([])
    await one.until([])
    watched.end()
    one.end()
  })

  it('is live across tabs, also when the other tab swaps the copy', async () => {
    const here = await open()
    const there = await open(here.name)
    const watched = watch(() => here.messages.toArray())
    await there.core.apply(rangeOf(0, 1, [message(1, 'a', 'one')]))
    await watched.until(['one'])
    await there.core.apply(rangeOf(0, 1, [message(1, 'a', 'two')], { reset: 'history', on: 's1', seal: 't1' }))
    await watched.until(['two'])
    expect(here.core.shownAs('room:1')).toBe(there.core.shownAs('room:1'))
    watched.end()
  })

  it('a query of one room is not woken by another room', async () => {
    const { core, messages } = await open()
    await core.apply(rangeOf(0, 1, [message(1, 'a', 'one')]))
    await core.apply({ ...rangeOf(0, 1, [message(1, 'a', 'other')]), space: 'room:2' })
    const watched = watch(() => messages.where('sentAtMs').above(0).toArray())
    await watched.until(['one'])
    await core.apply({ ...rangeOf(1, 2, [message(2, 'b', 'other')]), space: 'room:2' })
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(watched.seen.length).toBe(1)
    watched.end()
  })
})

describe('writing through Dexie', () => {
  it('is refused with the remedy, whichever way it goes', async () => {
    const { core, messages, tables, storage } = await open()
    await core.apply(rangeOf(0, 1, [message(1, 'a', 'one')]))
    const table = tables.table('room', 'messages') as any
    const ways: (() => PromiseLike<unknown>)[] = [
      () => table.put({ $k: '1 x', $s: 1 }),
      () => table.add({ $k: '1 x', $s: 1 }),
      () => table.bulkPut([{ $k: '1 x' }]),
      () => table.update('1 a', { text: 'changed' }),
      () => table.delete('1 a'),
      () => table.clear(),
      () => table.toCollection().modify({ text: 'changed' }),
      () => messages.toCollection().delete(),
      () => messages.where('sentAtMs').above(0).modify({ text: 'changed' }),
      () => storage.db.table('outbox').clear(),
    ]
    for (const way of ways) await expect(way()).rejects.toThrow(/use space.mutate/)
    expect((await messages.toArray()).map((row: any) => row.text)).toEqual(['one'])
  })

  it('tables of the app in another database are its own', async () => {
    await open()
    const other = new Dexie(`drafts ${databases++}`)
    other.version(1).stores({ drafts: 'id' })
    await other.table('drafts').put({ id: 1 })
    expect(await other.table('drafts').count()).toBe(1)
    other.close()
  })
})
