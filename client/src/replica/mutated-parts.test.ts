// What other tabs are told of a commit: which documents, where they are few. Method: the text that goes over the channel, and Dexie's own
// live queries over it.
import 'fake-indexeddb/auto'
import { liveQuery } from 'dexie'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { chatApp } from '../testing/chat-app.ts'
import { handClock } from '../testing/hand-clock.ts'
import { message, rangeOf } from '../testing/ranges.ts'
import { seededRandom } from '../testing/seeded-random.ts'
import { schemaOf } from './dexie-schema.ts'
import { type DexieStorage, dexieStorage } from './dexie-storage.ts'
import { everything, KEYS_NAMED_MAX, keysIn, mutatedParts, partsOfCopies } from './mutated-parts.ts'
import { createReplicaCore } from './replica-core.ts'
import { dexieTables } from './scope.ts'

const schema = schemaOf(chatApp)
const table = 'room_messages'
const put = (...keys: string[]) => ({ table, put: keys.map((key) => ({ $k: key })) })
/** As another tab gets it. */
const heard = (parts: object) => keysIn(structuredClone(parts) as never, 'db', table)
const points = (...keys: string[]) => keys.map((key) => ({ from: key, to: key }))

describe('another tab is told', () => {
  it('the keys of few documents, written or deleted', () => {
    expect(heard(mutatedParts('db', schema, [put('1 b', '1 a'), { table, delete: ['1 c'] }]))).toEqual(points('1 a', '1 b', '1 c'))
  })

  it('the copies of many, and of a range', () => {
    const many = Array.from({ length: KEYS_NAMED_MAX + 1 }, (_, at) => `1 ${at}`)
    expect(heard(mutatedParts('db', schema, [put(...many.slice(1))]))?.length).toBe(KEYS_NAMED_MAX)
    expect(heard(mutatedParts('db', schema, [put(...many)]))).toEqual([{ from: '1 ', to: '1!' }])
    expect(heard(mutatedParts('db', schema, [put('2 a'), { table, deleteRange: { from: '1 ', to: '1!' } }]))).toEqual([
      { from: '1 ', to: '1!' },
      { from: '2 a', to: '2 a' },
    ])
    expect(heard(partsOfCopies('db', schema, [table], [3]))).toEqual([{ from: '3 ', to: '3!' }])
  })

  it('nothing of which keys where anything may have changed', () => {
    expect(heard(everything())).toBeUndefined()
    expect(heard(mutatedParts('db', schema, [{ table, deleteRange: {} }]))).toBeUndefined()
  })
})

describe("Dexie's live queries", () => {
  const opened: DexieStorage[] = []
  afterEach(async () => {
    for (const storage of opened.splice(0)) await storage.close()
  })
  let databases = 0
  async function tab(name: string, seed: number) {
    const storage = dexieStorage({ name, app: chatApp, clock: handClock() })
    opened.push(storage)
    const core = await createReplicaCore({ app: chatApp, storage, clock: handClock(), random: seededRandom(seed), user: 'alice' })
    return { core, messages: dexieTables(storage, core).scope('room:1', 'messages') }
  }
  const turns = async () => {
    for (let turn = 0; turn < 30; turn++) await new Promise(setImmediate)
  }

  it('for one document look again when that one changes; others when any of the collection does, wherever it changes', async () => {
    const name = `parts ${databases++}`
    const [here, there] = [await tab(name, 1), await tab(name, 2)]
    await here.core.apply(rangeOf(0, 2, [message(1, 'a', 'one'), message(2, 'b', 'two')]))
    const looks = { a: 0, list: 0, ordered: 0, count: 0, keys: 0 }
    const watch = <T>(name: keyof typeof looks, query: () => Promise<T>) => {
      const seen: T[] = []
      const subscription = liveQuery(() => {
        looks[name]++
        return query()
      }).subscribe((value) => seen.push(value as T))
      return { seen, subscription }
    }
    const { messages } = here
    const watches = [
      watch('a', () => messages.get('a')),
      watch('list', () => messages.toArray()),
      watch('ordered', () => messages.orderBy('sentAtMs').toArray()),
      watch('count', () => messages.count()),
      watch('keys', () => messages.where('sentAtMs').above(0).primaryKeys()),
    ]
    await vi.waitFor(() => expect(watches.every(({ seen }) => seen.length > 0)).toBe(true))
    await turns()
    const looksSince = () => Object.fromEntries(Object.entries(looks).map(([name, count]) => [name, count - (first[name as 'a'] ?? 0)]))
    const first = { ...looks }
    await there.core.apply(rangeOf(2, 3, [{ v: 3, c: 'messages', id: 'b', set: { text: 'two!' } } as never]))
    await turns()
    await vi.waitFor(() => expect(looksSince()).toEqual({ a: 0, list: 1, ordered: 1, count: 1, keys: 1 }))
    await here.core.apply(rangeOf(3, 4, [{ v: 4, c: 'messages', id: 'a', del: true } as never]))
    await turns()
    await vi.waitFor(() => expect(looksSince()).toEqual({ a: 1, list: 2, ordered: 2, count: 2, keys: 2 }))
    const answers = () => watches.map(({ seen }) => seen.at(-1))
    await vi.waitFor(() => expect(answers()).toMatchObject([undefined, [{ text: 'two!' }], [{ text: 'two!' }], 1, ['1 b']]))
    // All of it is deleted, in all tabs.
    await there.core.erase(true)
    await turns()
    await vi.waitFor(() => expect(answers()).toEqual([undefined, [], [], 0, []]))
    for (const { subscription } of watches) subscription.unsubscribe()
  })
})
