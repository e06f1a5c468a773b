import type { ClientFrame } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { handClock } from '../testing/hand-clock.ts'
import { browserPace } from './browser-pace.ts'

/** A tab that is connected, and whose probes live. */
function tab(clock = handClock()) {
  const pace = browserPace(clock)({
    transport: {
      connect(events) {
        queueMicrotask(() => events.opened())
        return { endpoint: 'https://server', send: () => queueMicrotask(() => events.frame('an answer')), close() {} }
      },
      request: () => Promise.reject(new Error('no requests here')),
    },
    clock,
    inFront: false,
    sentAtMs: clock.monotonicMs(),
    hello: () => ({ t: 'beat', nextS: 1 }) as ClientFrame,
    isOfPath: () => true,
    changed() {},
  })
  const tell = (type: 'promised' | 'heard') => pace.tell({ type }, clock.monotonicMs())
  pace.tell({ type: 'opened', kind: 'wifi', endpoint: 'https://server', moved: false }, clock.monotonicMs())
  return { clock, pace, tell }
}

describe('the beat of a page', () => {
  it('is there again in the next session, from a database of the device', async () => {
    const first = tab()
    await expect.poll(async () => (await indexedDB.databases()).map(({ name }) => name)).toContain('tidemark-device')
    for (let beat = 0; beat < 10; beat++) {
      first.tell('promised')
      first.tell('heard')
      await new Promise((resolve) => setTimeout(resolve))
      first.clock.advance(first.pace.beatAtMs - first.clock.monotonicMs())
    }
    expect(first.pace.intervalMs).toBeGreaterThan(100_000)
    const next = tab(first.clock)
    await expect.poll(() => next.pace.intervalMs).toBe(first.pace.intervalMs)
  })
})
