// Goal: nothing is lost, doubled, invented or out of order, whatever the network and the processes do. Method: real client and real
// server code on one virtual clock and one seed; the faults end, and everything must come right. A failure prints its seed.
import { describe, expect, it } from 'vitest'
import { simulate } from './simulate.ts'

const SEEDS = process.env.CI === undefined ? 50 : 500
const SEEDS_TIMEOUT_MS = 600_000

describe('four devices, one server, and a world that fails', () => {
  it(`[P2 P4 P6 P9 P14] [W1] [W2] ${SEEDS} seeds converge, every operation took effect once or was refused, and windows hold what they say`, {
    timeout: SEEDS_TIMEOUT_MS,
  }, async () => {
    let pages = 0
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { failures, pagesTaken } = await simulate(seed)
      expect(failures, `seed ${seed}`).toEqual([])
      pages += pagesTaken
    }
    expect(pages, 'pages of older lines').toBeGreaterThan(SEEDS)
  })

  it('a seed that runs twice leaves the same trace', { timeout: SEEDS_TIMEOUT_MS }, async () => {
    for (const seed of [3, 77, 154]) {
      const [first, second] = [await simulate(seed), await simulate(seed)]
      expect(first.steps).toBeGreaterThan(200)
      expect(second.traceHash, `seed ${seed}`).toBe(first.traceHash)
    }
    expect((await simulate(4)).traceHash).not.toBe((await simulate(5)).traceHash)
  })
})
