import { describe, expect, it } from 'vitest'
import type { Disk } from './disk.ts'
import { memoryDisk } from './memory-disk.ts'
import { drawPlan, type Plan } from './plan.ts'
import { run } from './run.ts'
import { shrink } from './shrink.ts'

/** A disk that takes a flush for done where it was not. */
function forgetful(): Disk {
  const disk = memoryDisk()
  return {
    ...disk,
    rows: disk.rows,
    losePower() {
      disk.losePower()
      disk.rollBack(20)
    },
  }
}

describe('a failing plan', () => {
  it('is made smaller while it fails by the same oracle, and what is left fails again from its own text', { timeout: 60_000 }, async () => {
    const plan = drawPlan(1, { on: new Set(['power-loss']) })
    const runForgetful = (smaller: Plan) => run(smaller, forgetful)
    expect((await runForgetful(plan)).failures[0]).toMatchObject({ oracle: 'saved' })
    expect((await run(plan)).failures).toEqual([])
    let runs = 0
    const smallest = await shrink(plan, { run: runForgetful, oracle: 'saved', isTime: () => runs++ < 150 })
    expect(smallest.steps.length).toBeLessThan(8)
    expect(smallest.devices.length).toBeLessThan(3)
    const replayed = await runForgetful(JSON.parse(JSON.stringify(smallest)) as Plan)
    expect(replayed.failures[0]).toMatchObject({ oracle: 'saved' })
    expect((await run(smallest)).failures).toEqual([])
  })
})
