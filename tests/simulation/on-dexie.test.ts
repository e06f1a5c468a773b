// Goal and method of simulation.test.ts, with the client's own storage under every device: Dexie, on an IndexedDB as strict as a
// browser's. A failure prints its seed: npm run simulate -- --tier 2 --seeds 1 --from SEED
import { beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { simulate } from './simulate.ts'

const SEEDS = process.env.CI === undefined ? 4 : 60
const FROM = inject('seedFrom')
const SEEDS_TIMEOUT_MS = 600_000

// Dexie tells the console of every handle that it lost.
beforeAll(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}))

describe('five devices with IndexedDB, one server, and a world that fails', () => {
  it(`[P1 P2 P3 P4 P6 P7 P9] ${SEEDS} seeds hold at every step, come right, and every live query was told; twice, the same`, {
    timeout: SEEDS_TIMEOUT_MS,
  }, async () => {
    const traces: string[] = []
    for (let seed = FROM; seed < FROM + SEEDS; seed++) {
      const { failures, traceHash } = await simulate(seed, {}, 2)
      expect(failures, `seed ${seed}`).toEqual([])
      traces.push(traceHash)
    }
    expect(new Set(traces).size).toBe(SEEDS)
    // A seed that runs twice leaves the same trace.
    expect((await simulate(FROM, {}, 2)).traceHash).toBe(traces[0])
  })
})
