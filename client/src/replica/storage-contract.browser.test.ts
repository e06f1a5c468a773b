// The suite of storage-contract.test.ts on a real engine, whose transactions end when nothing is asked of them.
import { describe, expect, it } from 'vitest'
import { chatApp } from '../testing/chat-app.ts'
import { handClock } from '../testing/hand-clock.ts'
import { dexieStorage } from './dexie-storage.ts'
import { describeReplicaStorage } from './storage-contract-suite.ts'

describeReplicaStorage(
  'Dexie in a browser',
  { describe, expect, it },
  {
    open: async () => dexieStorage({ name: `contract ${crypto.randomUUID()}`, app: chatApp, clock: handClock() }),
    pause: () => new Promise((resolve) => setTimeout(resolve, 20)),
  },
)
