import { dexieDisk } from './dexie-disk.ts'
import type { Plan } from './plan.ts'
import { type Outcome, run } from './run.ts'
import { withVirtualTasks } from './virtual-tasks.ts'

/** Runs a plan with Dexie on the strict IndexedDB under every device. Where disks are slow, each step of the engine takes time. */
export function runOnDexie(plan: Plan): Promise<Outcome> {
  const stepMs = plan.devices.some(({ slownessMs }) => slownessMs > 0) ? 1 : 0
  return withVirtualTasks(stepMs, (onto) =>
    run(plan, (_, scheduler) => {
      onto(scheduler)
      return dexieDisk()
    }),
  )
}
