// The suite of watch-suite.ts in memory, and on Dexie over fake-indexeddb; in a real engine: watch.browser.test.ts.
import 'fake-indexeddb/auto'
import { describe, expect, it } from 'vitest'
import { dexieStorage } from '../replica/dexie-storage.ts'
import { type MemoryStorage, memoryStorage } from '../replica/memory-storage.ts'
import type { ReplicaStorage } from '../replica/storage.ts'
import { handClock } from '../testing/hand-clock.ts'
import { describeWatch, notesApp } from './watch-suite.ts'

const isQuick = process.env.CI === undefined
/** Machines may be busy. */
const runner = { describe, expect, it: (name: string, body: () => Promise<void>) => it(name, body, 120_000) }
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
const tabs = (own: ReplicaStorage, other: ReplicaStorage) => ({
  own,
  other,
  close: async () => void (await Promise.all([own.close(), other.close()])),
})

describeWatch('memory', runner, {
  turn,
  rounds: isQuick ? 25 : 400,
  async open() {
    const storage = memoryStorage()
    return tabs(storage, storage.reopen())
  },
})

/** What was read comes late: others, and this tab, have written more by then. */
const slow =
  ({ read }: ReplicaStorage): ReplicaStorage['read'] =>
  async (tables, work) => {
    const found = await read(tables, work)
    for (let turns = 0; turns < 3; turns++) await turn()
    return found
  }
describeWatch('a storage that is slow to read', runner, {
  // Until what is being read has come: results that are right by accident would be taken for the last ones.
  async turn() {
    for (let turns = 0; turns < 8; turns++) await turn()
  },
  rounds: isQuick ? 20 : 200,
  async open() {
    const storage = memoryStorage()
    return { ...tabs(storage, storage.reopen()), read: slow(storage) }
  },
})

/** Tells tables alone of what others change. */
const withoutKeys = (storage: MemoryStorage): ReplicaStorage => ({
  ...storage,
  onChange: (listener) => storage.onChange((tables, own) => listener(tables, own)),
})
describeWatch('a storage that does not tell what others changed', runner, {
  turn,
  rounds: isQuick ? 20 : 100,
  async open() {
    const storage = memoryStorage()
    return tabs(withoutKeys(storage), storage.reopen())
  },
})

let databases = 0
describeWatch('Dexie', runner, {
  turn,
  rounds: isQuick ? 15 : 60,
  async open() {
    const name = `watch ${databases++}`
    const open = () => dexieStorage({ name, app: notesApp, clock: handClock() })
    return tabs(open(), open())
  },
})
