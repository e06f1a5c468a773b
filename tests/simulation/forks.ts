import type { FaultClass } from './fault-classes.ts'
import type { DevicePlan, Step } from './plan.ts'
import type { SeededRandom } from './seeded-random.ts'

/** From the backup to the last write of a device that was set back since, in ms. */
const STORY_MS = 14_000
const COMMITS_BACK_MAX = 12

/**
 * A device that makes mutations, is set back or copied, and makes others: what it had done stands under a former client id, of which no
 * welcome tells anything. Then the server is set back to before all of it, and only its answers say what it has no longer [M3] [M5].
 */
export function forks(random: SeededRandom, devices: readonly DevicePlan[], classes: ReadonlySet<FaultClass>, chaosMs: number): Step[] {
  const steps: Step[] = []
  const beginsMs = random.between(0, chaosMs - STORY_MS)
  const device = random.pick(devices).name
  const write = (by: string, fromMs: number, toMs: number, times: number) => {
    for (let count = 0; count < times; count++) {
      const place = { device: by, tab: 0, space: random.pick(['room:a', 'room:b', 'hall:c'] as const) }
      const args = { operation: `of a fork ${by} ${steps.length}` }
      steps.push({ atMs: beginsMs + random.between(fromMs, toMs), do: 'mutate', ...place, name: 'count', args })
    }
  }

  steps.push({ atMs: beginsMs, do: 'backup' })
  write(device, 100, 3000, random.between(2, 5))
  const forkedMs = beginsMs + random.between(3500, 5000)
  const others = [device]
  if (classes.has('clone') && (!classes.has('rollback') || random.chance(0.5))) {
    steps.push({ atMs: forkedMs, do: 'clone', device, as: 'device 5' })
    others.push('device 5')
  } else {
    steps.push({ atMs: forkedMs, do: 'roll back', device, commits: random.between(1, COMMITS_BACK_MAX) })
    steps.push({ atMs: forkedMs + 100, do: 'start', device, tabs: 1 })
  }
  for (const by of others) write(by, 5500, 8500, random.between(1, 3))
  const restoredMs = beginsMs + random.between(9000, 11_000)
  steps.push({ atMs: restoredMs, do: 'restore', living: random.chance(0.5) }, { atMs: restoredMs + 500, do: 'start server' })
  if (random.chance(0.5)) for (const by of others) write(by, 12_000, STORY_MS, 1)
  return steps
}
