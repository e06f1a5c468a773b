// Resets, runs and windows of several pages, with a crash after each, in both storages; in a real engine in resume.browser.test.ts.
import 'fake-indexeddb/auto'
import { describe, expect, it } from 'vitest'
import { chatApp } from '../testing/chat-app.ts'
import { handClock } from '../testing/hand-clock.ts'
import { dexieStorage } from './dexie-storage.ts'
import { memoryStorage } from './memory-storage.ts'
import { describeResuming } from './resume-suite.ts'

const runner = { describe, expect, it }
let databases = 0

describeResuming('memory', runner, () => {
  let storage = memoryStorage()
  return {
    open: async () => storage,
    async crash() {
      storage.crash()
      storage = storage.reopen()
    },
  }
})
describeResuming('Dexie on fake-indexeddb', runner, () => {
  const name = `resume ${databases++}`
  return { open: async () => dexieStorage({ name, app: chatApp, clock: handClock() }), crash: (storage) => storage.close() }
})
