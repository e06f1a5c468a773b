// Goal: whatever server, network and pages do, what was said in a lane and taken is in one tick, nothing that is held back is seen by
// others, what is counted adds up, and nobody is shown a thing twice. Method: real pages, gateway, moderation, lanes and log on one
// virtual clock and one seed; a crash takes all but log and store. A failure prints its seed: npm run simulate:lanes -- --seeds 1 --from SEED
import { describe, expect, inject, it } from 'vitest'
import { simulateShow } from './run-show.ts'

const SEEDS = process.env.CI === undefined ? 12 : 200
const FROM = inject('seedFrom')
const TIMEOUT_MS = 300_000

describe('a show in a world that fails', () => {
  it(`[L1 L2 L3 L4] ${SEEDS} seeds add up, and show each thing once`, { timeout: TIMEOUT_MS }, async () => {
    let [items, cut] = [0, 0]
    for (let seed = FROM; seed < FROM + SEEDS; seed++) {
      const outcome = await simulateShow(seed)
      expect(outcome.failures, `seed ${seed}`).toEqual([])
      items += outcome.items
      cut += outcome.cut
    }
    expect(items, 'items of ticks').toBeGreaterThan(20 * SEEDS)
    expect(cut, 'what was cut').toBeGreaterThan(0)
  })

  it('a seed leaves the same trace when it runs again', { timeout: TIMEOUT_MS }, async () => {
    const tracesOf = async () => [(await simulateShow(3)).traceHash, (await simulateShow(4)).traceHash]
    const first = await tracesOf()
    expect(await tracesOf()).toEqual(first)
    expect(new Set(first).size).toBe(2)
  })
})
