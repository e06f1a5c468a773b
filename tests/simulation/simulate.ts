import type { ForcedClasses } from './fault-classes.ts'
import { drawPlan, type Plan } from './plan.ts'
import { type Outcome, run } from './run.ts'
import { runOnDexie } from './run-on-dexie.ts'

/** What keeps the devices' data: memory, or Dexie on an IndexedDB as strict as a browser's. */
export const TIERS = { 1: (plan: Plan) => run(plan), 2: runOnDexie }
export type Tier = keyof typeof TIERS

/** One seed: five devices of three users with up to three tabs each, a hundred mutations, and whatever the seed lets go wrong. */
export function simulate(seed: number, forced: ForcedClasses = {}, tier: Tier = 1): Promise<Outcome> {
  return TIERS[tier](drawPlan(seed, forced))
}
