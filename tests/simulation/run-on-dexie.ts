import { dexieDisk } from './dexie-disk.ts'
import type { Plan } from './plan.ts'
import { type Outcome, run } from './run.ts'
import { withVirtualTasks } from './virtual-tasks.ts'

/** Databases of this process: each has a name of its own, because Dexie wakes by name. */
let databases = 0

/** Runs a plan with Dexie on the strict IndexedDB under every device. */
export function runOnDexie(plan: Plan): Promise<Outcome> {
  return withVirtualTasks((onto) =>
    run(plan, (name, scheduler) => {
      onto(scheduler)
      return dexieDisk(`${name} ${++databases}`)
    }),
  )
}
