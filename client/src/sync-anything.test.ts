import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fixedBeat } from './connection/beat-policy.ts'
import { type Faults, NO_FAULTS } from './testing/fake-server.ts'
import { syncWorld } from './testing/sync-world.ts'

// The real machines and their driver, over copies and a server that are numbers alone, in virtual time.

const settle = () => new Promise<void>((resolve) => setImmediate(resolve))
const world = (seed?: number, token?: () => string | Promise<string>) => syncWorld(settle, seed, token)
const BEAT_MS = fixedBeat.intervalMs

describe('whatever the network does', () => {
  const rate = fc.constantFrom(0, 0, 0.05, 0.3)
  const step = fc.oneof(
    fc.record({
      do: fc.constantFrom('commit', 'silent', 'append', 'want', 'release', 'cut', 'kill', 'restore', 'hide', 'forbid', 'allow'),
      space: fc.integer({ min: 1, max: 3 }),
    }),
    fc.record({ do: fc.constant('wait' as const), space: fc.integer({ min: 1, max: 40_000 }) }),
  )
  const faults = fc.record({ lose: rate, repeat: rate, loseUp: rate, cut: fc.constantFrom(0, 0.02), behind: rate, http: rate })

  it('every copy reaches the head and every mutation is done once when it heals', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), faults, fc.array(step, { maxLength: 40 }), async (seed, rates: Faults, steps) => {
        const { time, server, sync, replica, atHead, listeners } = await world(seed)
        const wanted = new Set<string>()
        let appended = 0
        server.faults = rates
        for (const { do: what, space: number } of steps) {
          const space = `room:${number}`
          if (what === 'commit') server.commit(space)
          else if (what === 'silent') server.commit(space, false)
          else if (what === 'append') {
            appended++
            replica.append(space)
          } else if (what === 'want') sync.want(wanted.add(space) && space)
          else if (what === 'release') wanted.delete(space) && sync.release(space)
          else if (what === 'cut') server.cut()
          else if (what === 'kill') server.cut(true)
          else if (what === 'restore') server.restore(space, Math.floor(server.stand(space).version / 2))
          else if (what === 'hide') listeners.life('hide')
          else if (what === 'forbid') server.deny(space, { code: 'forbidden', message: 'no', retryable: false })
          else if (what === 'allow') server.deny(space, undefined)
          else await time.run(number)
          await time.run(7)
        }
        server.faults = NO_FAULTS
        for (const space of ['room:1', 'room:2', 'room:3']) server.deny(space, undefined)
        listeners.life('show')
        await time.run(100)
        for (const space of wanted) sync.want(space)
        // A connection that is dead without a word costs a beat and its timeout, an unanswered batch its deadline.
        await time.run(2 * BEAT_MS + 60_000)
        for (const space of wanted) atHead(space)
        expect(replica.pending).toEqual([])
        expect(server.done).toEqual(Array.from({ length: appended }, (_, at) => at + 1))
        await sync.close()
      }),
      { numRuns: process.env.CI ? 300 : 60 },
    )
  })
})
