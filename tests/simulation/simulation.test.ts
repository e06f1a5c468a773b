// Goal: nothing is lost, doubled, invented or out of order, whatever the network, the devices and the server do. Method: real client
// and real server code on one virtual clock and one seed; oracles look at every commit of every disk; the faults end, and everything
// must come right and be quiet. A failure prints its seed: npm run simulate -- --seeds 1 --from SEED
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, inject, it } from 'vitest'
import { simulate } from './simulate.ts'

const SEEDS = process.env.CI === undefined ? 30 : 500
const FROM = inject('seedFrom')
const SEEDS_TIMEOUT_MS = 600_000

const execute = promisify(execFile)

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

  it('a seed leaves the same trace when it runs again, in this process or in another', { timeout: SEEDS_TIMEOUT_MS }, async () => {
    const seeds = [7, 8, 9]
    const traces = async () => {
      const hashes: string[] = []
      for (const seed of seeds) hashes.push((await simulate(seed)).traceHash)
      return hashes
    }
    const first = await traces()
    expect(await traces()).toEqual(first)
    expect(new Set(first).size).toBe(seeds.length)
    const { stdout } = await execute(process.execPath, [
      '--conditions=@tidemark/source',
      fileURLToPath(new URL('./main.ts', import.meta.url)),
      `--from=${seeds[0]}`,
      `--seeds=${seeds.length}`,
    ])
    expect(stdout).toContain(`traces ${createHash('sha256').update(first.join('')).digest('hex').slice(0, 16)},`)
  })
})
