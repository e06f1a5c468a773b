import { filter, firstValueFrom } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { fixedBeat } from './connection/beat-policy.ts'
import { NO_HINTS } from './connection/hints.ts'
import { createReplica } from './create-replica.ts'
import { memoryStorage } from './replica/memory-storage.ts'
import { openCore } from './replica/model/open-core.ts'
import { chatApp } from './testing/chat-app.ts'
import { handClock } from './testing/hand-clock.ts'
import { message, rangeOf } from './testing/ranges.ts'
import { seededRandom } from './testing/seeded-random.ts'

/** A replica of alice's that nobody answers. */
function alone(storage = memoryStorage()) {
  return createReplica({
    app: chatApp,
    user: 'alice',
    token: () => 'good',
    storage,
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

describe('status$', () => {
  it('tells that a copy is `partial` while its run is not over [C2], and of an old one that is shown while another is built [R6]', async () => {
    const storage = memoryStorage()
    const { core } = await openCore({ storage })
    await core.apply(rangeOf(0, 3, [message(3, 'c', 'three')], { compacted: true, seal: 'x5~0', head: 5, floors: { messages: 2 } }))
    const replica = await alone(storage.reopen())
    const room = replica.space('room:1')
    const told = async (told: object) =>
      expect(await firstValueFrom(replica.status$.pipe(filter(({ spaces }) => (spaces['room:1']?.version ?? 0) > 0)))).toMatchObject({
        spaces: { 'room:1': told },
      })
    await told({ version: 3, partial: true, floors: { messages: 2 } })
    await core.apply(rangeOf(3, 5, [], { compacted: true, on: 'x5~0' }))
    await new Promise(setImmediate)
    await told({ version: 5, partial: false })
    await core.apply(rangeOf(0, 4, [], { reset: 'history', on: 's5', seal: 't4', head: 9 }))
    await new Promise(setImmediate)
    await told({ version: 5, partial: true })
    room.close()
    await replica.close()
  })
})

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
