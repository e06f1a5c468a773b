// Goal: nothing is lost, doubled, invented or out of order, whatever the network, the devices and the server do. Method: real client
// and real server code on one virtual clock and one seed; oracles look at every commit of every disk; the faults end, and everything
// must come right and be quiet. A failure prints its seed: npm run simulate -- --seeds 1 --from SEED
import { describe, expect, it } from 'vitest'
import { simulate } from './simulate.ts'

const SEEDS = process.env.CI === undefined ? 50 : 500
const FROM = Number(process.env.TIDEMARK_SEED_FROM ?? 1)
const SEEDS_TIMEOUT_MS = 600_000

describe('five devices, one server, and a world that fails', () => {
  it(`[P1 P2 P3 P4 P6 P7 P9] [M1] [W1] [W2] ${SEEDS} seeds hold at every step, come right and fall quiet`, {
    timeout: SEEDS_TIMEOUT_MS,
  }, async () => {
    let pages = 0
    for (let seed = FROM; seed < FROM + SEEDS; seed++) {
      const { failures, pagesTaken } = await simulate(seed)
      expect(failures, `seed ${seed}`).toEqual([])
      pages += pagesTaken
    }
    expect(pages, 'pages of older lines').toBeGreaterThan(SEEDS)
  })

  it('a seed that runs twice leaves the same trace', { timeout: SEEDS_TIMEOUT_MS }, async () => {
    for (const seed of [3, 77]) {
      const [first, second] = [await simulate(seed), await simulate(seed)]
      expect(first.steps).toBeGreaterThan(200)
      expect(second.traceHash, `seed ${seed}`).toBe(first.traceHash)
    }
    expect((await simulate(4)).traceHash).not.toBe((await simulate(5)).traceHash)
  })
})
