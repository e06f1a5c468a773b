// One bug, or none, planted in this process alone, and seeds until one of them fails. Tells its parent what it does by messages.
import type { ForcedClasses } from '../fault-classes.ts'
import type { ForcedFaults } from '../lanes/show-plan.ts'
import { plant } from './plant.ts'
import type { PlantedBug } from './planted-bug.ts'

/** What this process is told to do. */
export interface HuntOrder {
  /** undefined: the product as it is. */
  readonly bug: PlantedBug | undefined
  readonly classes: readonly string[]
  readonly isOfLanes: boolean
  readonly from: number
  readonly seeds: number
}

/** What this process says. */
export type HuntMessage =
  | { readonly type: 'begun'; readonly seed: number }
  | { readonly type: 'found'; readonly seed: number; readonly oracle: string; readonly message: string }
  | { readonly type: 'not found' }

const { bug, classes, isOfLanes, from, seeds } = JSON.parse(process.argv[2] ?? '') as HuntOrder
const isLoaded = bug && plant(bug)
const on = new Set(classes)
const simulate = isOfLanes
  ? await import('../lanes/run-show.ts').then(
      ({ simulateShow }) =>
        (seed: number) =>
          simulateShow(seed, { on } as ForcedFaults),
    )
  : await import('../simulate.ts').then(
      ({ simulate }) =>
        (seed: number) =>
          simulate(seed, { on } as ForcedClasses),
    )
if (isLoaded?.() === false) throw new Error(`${bug?.name}: nothing loads ${bug?.file}`)

const say = (message: HuntMessage) => process.send?.(message)

async function hunt(): Promise<HuntMessage> {
  for (let seed = from; seed < from + seeds; seed++) {
    say({ type: 'begun', seed })
    const [failure] = (await simulate(seed)).failures
    if (failure !== undefined) return { type: 'found', seed, ...failure }
  }
  return { type: 'not found' }
}

say(await hunt())
process.disconnect?.()
