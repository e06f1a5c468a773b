// The suite of watch-suite.ts in memory, and on Dexie over fake-indexeddb; in a real engine: watch.browser.test.ts.
import 'fake-indexeddb/auto'
import { describe, expect, it } from 'vitest'
import { dexieStorage } from '../replica/dexie-storage.ts'
import { type MemoryStorage, memoryStorage } from '../replica/memory-storage.ts'
import type { ReplicaStorage } from '../replica/storage.ts'
import { handClock } from '../testing/hand-clock.ts'
import { describeWatch, notesApp } from './watch-suite.ts'

const isQuick = process.env.CI === undefined
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
const tabs = (own: ReplicaStorage, other: ReplicaStorage) => ({
  own,
  other,
  close: async () => void (await Promise.all([own.close(), other.close()])),
})

describeWatch(
  'memory',
  { describe, expect, it },
  {
    turn,
    rounds: isQuick ? 60 : 1000,
    async open() {
      const storage = memoryStorage()
      return tabs(storage, storage.reopen())
    },
  },
)

/** Tells tables alone of what others change. */
const withoutKeys = (storage: MemoryStorage): ReplicaStorage => ({
  ...storage,
  onChange: (listener) => storage.onChange((tables, own) => listener(tables, own)),
})
describeWatch(
  'a storage that does not tell what others changed',
  { describe, expect, it },
  {
    turn,
    rounds: isQuick ? 45 : 300,
    async open() {
      const storage = memoryStorage()
      return tabs(withoutKeys(storage), storage.reopen())
    },
  },
)

let databases = 0
describeWatch(
  'Dexie',
  { describe, expect, it },
  {
    turn,
    rounds: isQuick ? 20 : 150,
    async open() {
      const name = `watch ${databases++}`
      const open = () => dexieStorage({ name, app: notesApp, clock: handClock() })
      return tabs(open(), open())
    },
  },
)
