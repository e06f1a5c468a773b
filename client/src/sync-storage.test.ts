// Goal: what a device's own storage fails at is never taken for an answer of the server. Method: the real machines in virtual time, over
// copies and an outbox of which one step fails a few times.
import { describe, expect, it } from 'vitest'
import { StorageError } from './replica/storage-error.ts'
import type { FakeReplica } from './testing/fake-replica.ts'
import { syncWorld } from './testing/sync-world.ts'

const settle = () => new Promise<void>((resolve) => setImmediate(resolve))
const room = 'room:1'
const STEPS = ['settle', 'batch', 'standings', 'apply'] as const
const ERRORS = {
  'its storage is silent': new StorageError('stalled', 'silent'),
  'its storage is full': new StorageError('full', 'no room'),
  'it fails': new TypeError('x is not a function'),
}

/** Makes one step of the replica fail so many times from now on. */
function failNext(replica: FakeReplica, step: (typeof STEPS)[number], times: number, error: Error): void {
  const works = replica[step] as (...args: unknown[]) => Promise<never>
  let left = times
  Object.assign(replica, { [step]: (...args: unknown[]) => (left-- > 0 ? Promise.reject(error) : works(...args)) })
}

describe.each(Object.entries(ERRORS))('a device that says of itself: %s', (_, error) => {
  it.each(STEPS)('at %s refuses nothing and loses nothing: each mutation is done once, and the copy reaches the head', async (step) => {
    const { time, server, replica, sync, phase, atHead } = await syncWorld(settle)
    sync.want(room)
    await time.run(3000)
    for (let n = 0; n < 5; n++) replica.append(room)
    failNext(replica, step, 3, error)
    server.commit(room)
    await time.run(1000)
    expect(replica.pending.length + server.done.length).toBeGreaterThanOrEqual(5)
    await time.run(180_000)
    expect([replica.pending, server.done, phase()]).toEqual([[], [1, 2, 3, 4, 5], 'live'])
    atHead()
  })
})
