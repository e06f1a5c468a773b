// Goal: the one number of a beat is never doubted without cause, and tells at once what was lost. Method: a server whose space moves
// fifty times a second while devices beat every second; and one that loses a single range and then says nothing more.
import type { BeatPolicy } from '@tidemark/client/testing'
import { describe, expect, it } from 'vitest'
import { drawPlan, FAIR, type Plan, TOKENS_FOR_EVER } from './plan.ts'
import { newNode } from './scheduler.ts'
import { seededRandom } from './seeded-random.ts'
import type { SimulatedApp } from './simulated-app.ts'
import { World } from './world.ts'

const BUSY_MS = process.env.CI === undefined ? 30_000 : 600_000
const COMMIT_EVERY_MS = 20
const BEAT_MS = 1000
const SETTLE_MS = 5000

const everySecond: BeatPolicy = {
  intervalMs: BEAT_MS,
  promisedS: 2,
  timeoutMs: 10_000,
}

/** A world in which nothing goes wrong, of as many devices. */
function fairPlan(devices: number): Plan {
  const plan = drawPlan(1)
  const server = { flushMsMax: 2, throws: 0, hints: 0 }
  const plain = { tabs: 1, skewMs: 0, slownessMs: 0, pageChanges: 0 }
  return {
    ...plan,
    classes: [],
    network: FAIR,
    tokens: TOKENS_FOR_EVER,
    server,
    steps: [],
    devices: plan.devices.slice(0, devices).map((device) => ({ ...device, ...plain })),
  }
}

/** A backend of the app's writes to the hall. */
function commit(world: World, count: number): void {
  const { commit } = world.host.server as unknown as import('@tidemark/server').SyncServer<SimulatedApp>
  void commit('hall:c', (tx) => tx.tallies.put('all', { count, operations: [] }))
}

const numbersOf = (world: World) =>
  [...world.devices.values()].map(({ watch }) => watch.copies().find(({ space }) => space === 'hall:c')?.version)

describe('beats', () => {
  it(`[B1] fifty commits a second and a beat a second for ${BUSY_MS / 60_000} min: no number is ever doubted`, {
    timeout: 600_000,
  }, async () => {
    const world = new World(fairPlan(2), undefined, everySecond)
    const { scheduler, network } = world
    world.begin()
    await scheduler.run(SETTLE_MS)
    network.frames.clear()
    const backend = newNode('backend')
    const commits = BUSY_MS / COMMIT_EVERY_MS
    const write = (count: number) => {
      commit(world, count)
      if (count < commits) scheduler.at(backend, COMMIT_EVERY_MS, 'commit', () => write(count + 1))
    }
    write(1)
    await scheduler.run(SETTLE_MS + BUSY_MS + SETTLE_MS)
    world.end()
    expect(world.failures).toEqual([])
    expect(numbersOf(world)).toEqual([commits, commits])
    expect([...network.frames.keys()].sort()).toEqual(['client beat', 'server beat', 'server range'])
    expect(network.frames.get('client beat')).toBeGreaterThan((2 * BUSY_MS) / BEAT_MS - 10)
  })

  it.each([1, 2, 3])('[B1] a range that is swallowed (%s) is found by the next beat', async (at) => {
    const world = new World(fairPlan(3), undefined, everySecond)
    const { scheduler, network } = world
    world.begin()
    await scheduler.run(SETTLE_MS + seededRandom(at).between(0, BEAT_MS))
    let swallowed = 0
    network.swallows = (frame) => frame.includes('"range"') && frame.includes('"hall:c"') && swallowed++ < at
    network.frames.clear()
    commit(world, 1)
    await scheduler.run(scheduler.nowMs + BEAT_MS + 500)
    world.end()
    expect(swallowed).toBeGreaterThanOrEqual(at)
    expect(network.frames.get('client follow')).toBe(at)
    expect(numbersOf(world)).toEqual([1, 1, 1])
    expect(world.failures).toEqual([])
  })
})
