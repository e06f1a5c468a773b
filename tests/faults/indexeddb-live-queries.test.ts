// Goal: whatever happens to IndexedDB under what an app reads, its live queries end up telling what is there, and never end. Method: a
// mutation and a range while live queries look on, as an app subscribes to them; once for each step of the engine and each failure at it.
import {
  chatApp,
  createReplicaCore,
  dexieStorage,
  dexieTables,
  type HandClock,
  handClock,
  message,
  rangeOf,
  seededRandom,
} from '@tidemark/client/testing'
import { Dexie, liveQuery } from 'dexie'
import { IDBKeyRange, indexedDB } from 'fake-indexeddb'
import { from } from 'rxjs'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { type Failure, type StrictProcess, strictDisk } from '../harness/strict-indexeddb.ts'

/** Longer than any deadline of a storage, in ms. */
const DEADLINE_MS = 15_000
/** Deadlines that may pass, one after the other, before everything is told. */
const DEADLINES = 4
const room = 'room:1'
let databases = 0

beforeAll(() => {
  // Live queries do nothing where there is no IndexedDB.
  Dexie.dependencies.indexedDB = indexedDB
  // Dexie tells the console of every handle that it lost.
  vi.spyOn(console, 'warn').mockImplementation(() => {})
})

interface Screen {
  readonly engine: StrictProcess
  readonly clock: HandClock
  readonly ended: unknown[]
  /** What each live query told last. */
  readonly shows: { list?: string; count?: number; first?: string | undefined }
  act(): void
  close(): Promise<void>
}

async function openScreen(): Promise<Screen> {
  const engine = strictDisk().start()
  const clock = handClock()
  const storage = dexieStorage({ name: `screen ${++databases}`, app: chatApp, clock, indexedDB: engine, IDBKeyRange })
  const core = await createReplicaCore({ app: chatApp, storage, clock: handClock(), random: seededRandom(1), user: 'alice' })
  await core.apply(rangeOf(0, 1, [message(1, 'a', 'one')]))
  const messages = dexieTables(storage, core).scope(room, 'messages')
  const shows: Screen['shows'] = {}
  const ended: unknown[] = []
  const queries = {
    list: async () => (await messages.toArray()).map((row) => (row as unknown as { text: string }).text).join(' '),
    count: () => messages.count(),
    first: async () => ((await messages.get('a')) as unknown as { text: string } | undefined)?.text,
  }
  const subscriptions = Object.entries(queries).map(([name, query]) =>
    from(liveQuery<unknown>(query)).subscribe({
      next: (told) => void Object.assign(shows, { [name]: told }),
      error: (error) => void ended.push(error),
    }),
  )
  await turns()
  return {
    engine,
    clock,
    ended,
    shows,
    act() {
      core.apply(rangeOf(1, 2, [{ v: 2, c: 'messages', id: 'a', set: { text: 'ONE' } } as never])).catch(() => {})
      core.mutate(room, 'send', { id: 'm', text: 'mine' }).catch(() => {})
    },
    async close() {
      for (const subscription of subscriptions) subscription.unsubscribe()
      await core.close()
    },
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 150; turn++) await new Promise((resolve) => setImmediate(resolve))
  // Live queries begin with a timer.
  await new Promise((resolve) => setTimeout(resolve, 0))
  for (let turn = 0; turn < 150; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** Runs it with one failure; without one it counts the steps. */
async function play(failure?: Failure, at = 0): Promise<{ steps: number; shows: Screen['shows']; ended: unknown[] }> {
  const { engine, clock, ended, shows, act, close } = await openScreen()
  const before = engine.steps
  engine.fail = (step) => (step.at === before + at ? failure : undefined)
  act()
  await turns()
  const steps = engine.steps - before
  for (let deadline = 0; failure && deadline < DEADLINES; deadline++) {
    clock.advance(DEADLINE_MS)
    await turns()
  }
  await close()
  return { steps, shows, ended }
}

describe('live queries at every step of the engine', () => {
  it.each(['lost', 'hang', 'abort'] as const)('%s: they tell what is there in the end, and go on', async (failure) => {
    const { steps, shows } = await play()
    expect(shows).toEqual({ list: 'ONE mine', count: 2, first: 'ONE' })
    expect(steps).toBeGreaterThan(15)
    for (let at = 1; at <= steps; at++) {
      const struck = await play(failure, at)
      expect([at, struck.ended, struck.shows]).toEqual([at, [], shows])
    }
  })
})
