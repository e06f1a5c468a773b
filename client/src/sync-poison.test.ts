import { describe, expect, it } from 'vitest'
import { syncWorld } from './testing/sync-world.ts'

// What a server says of a mutator that threw reaches the device as `internal`, ten minutes long. Here: how often it is tried again.

const settle = () => new Promise<void>((resolve) => setImmediate(resolve))
const POISON_MS = 600_000
const POISON_FAILURES = 5

describe('[M7] a mutation that the server cannot run', () => {
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    it(`is tried often enough to be given up within half a minute after the ten, and what is behind it is sent at once (seed ${seed})`, async () => {
      const { server, replica, sync, time } = await syncWorld(settle, seed)
      await time.run(1000)
      server.refuseBatches = { code: 'internal', message: 'The mutator failed.', retryable: true }
      for (let made = 0; made < 150; made++) replica.append('room:1')
      await time.run(1000)
      const tries = () => server.heard.filter(({ t }) => t === 'mutate').length
      const firstMs = time.monotonicMs()
      expect(tries()).toBeGreaterThan(0)

      await time.run(POISON_MS)
      expect(tries()).toBeGreaterThan(POISON_FAILURES)
      // No storm either: on average not more than one in eight seconds.
      expect(tries()).toBeLessThan(POISON_MS / 8_000)
      const before = tries()
      while (tries() === before) await time.run(100)
      expect(time.monotonicMs() - firstMs).toBeLessThan(POISON_MS + 31_000)

      server.refuseBatches = undefined
      await time.run(31_000)
      expect(replica.pending).toEqual([])
      expect(server.done).toEqual(Array.from({ length: 150 }, (_, at) => at + 1))
      await sync.close()
    })
  }
})
