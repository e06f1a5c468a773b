import { describe, expect, it } from 'vitest'
import { fixedBeat } from './connection/beat-policy.ts'
import { NO_HINTS } from './connection/hints.ts'
import { createReplica } from './create-replica.ts'
import { memoryStorage } from './replica/memory-storage.ts'
import { chatApp } from './testing/chat-app.ts'
import { handClock } from './testing/hand-clock.ts'
import { seededRandom } from './testing/seeded-random.ts'

/** A replica of alice's that nobody answers. */
function alone() {
  return createReplica({
    app: chatApp,
    user: 'alice',
    token: () => 'good',
    storage: memoryStorage(),
    durable: true,
    tables: () => ({ scope: () => ({}) as never, table: () => undefined, close() {} }),
    transport: { connect: () => ({ send() {}, close() {} }), request: () => Promise.reject(new Error('no network')) },
    clock: handClock(),
    random: seededRandom(1),
    lifecycle: NO_HINTS,
    network: NO_HINTS,
    beat: fixedBeat,
  })
}

describe('settled()', () => {
  it('resolves at once where nothing is pending', async () => {
    const replica = await alone()
    await replica.settled()
    await replica.close()
  })

  it('waits for what has just been saved, whatever was told last, and says so when the replica is closed', async () => {
    const replica = await alone()
    await replica.space('room:1').mutate.put({ c: 'messages', id: 'm', doc: { text: 'hi', author: 'alice', sentAtMs: 1 } })
    let ended = false
    const settled = replica.settled().finally(() => {
      ended = true
    })
    settled.catch(() => {})
    await new Promise(setImmediate)
    expect(ended).toBe(false)
    await replica.close()
    await expect(settled).rejects.toMatchObject({ code: 'unavailable' })
  })
})
