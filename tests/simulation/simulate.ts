import type { ForcedClasses } from './fault-classes.ts'
import { drawPlan } from './plan.ts'
import { type Outcome, run } from './run.ts'

/** One seed: five devices of three users with up to three tabs each, a hundred mutations, and whatever the seed lets go wrong. */
export function simulate(seed: number, forced: ForcedClasses = {}): Promise<Outcome> {
  return run(drawPlan(seed, forced))
}
