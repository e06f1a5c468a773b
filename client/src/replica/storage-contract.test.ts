// Both storages are held to one suite; the browser's own IndexedDB to the same one in storage-contract.browser.test.ts.
import 'fake-indexeddb/auto'
import { describe, expect, it } from 'vitest'
import { chatApp } from '../testing/chat-app.ts'
import { handClock } from '../testing/hand-clock.ts'
import { dexieStorage } from './dexie-storage.ts'
import { memoryStorage } from './memory-storage.ts'
import { describeReplicaStorage } from './storage-contract-suite.ts'

const runner = { describe, expect, it }
let databases = 0

describeReplicaStorage('memory', runner, { open: async () => memoryStorage() })
describeReplicaStorage('Dexie on fake-indexeddb', runner, {
  open: async () => dexieStorage({ name: `contract ${databases++}`, app: chatApp, clock: handClock() }),
  pause: () => new Promise((resolve) => setTimeout(resolve, 20)),
})
