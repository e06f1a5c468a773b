import type { SeededRandom } from '../seeded-random.ts'
import { playOut } from './history.ts'
import type { Model, Stage } from './model.ts'

export interface Failure {
  readonly steps: readonly string[]
  readonly message: string
}

export interface Explored {
  readonly histories: number
  readonly failures: readonly Failure[]
}

/** In a walk a step may come again once it is so many steps ago. */
const REMEMBERED_STEPS = 4

/** Plays every history of up to `depth` steps, the shortest first; what fails is not made longer. `skips` leaves steps out, by name. */
export async function explore<S extends Stage>(
  model: Model<S>,
  depth: number,
  skips: (step: string) => boolean = () => false,
): Promise<Explored> {
  const failures: Failure[] = []
  let histories = 0
  for (let level: readonly (readonly string[])[] = [[]]; level.length > 0; ) {
    const longer: (readonly string[])[] = []
    for (const steps of level) {
      histories++
      const played = await play(model, steps)
      if ('message' in played) failures.push(played)
      else if (steps.length < depth) for (const step of played.following) if (!skips(step)) longer.push([...steps, step])
    }
    level = longer
  }
  return { histories, failures }
}

/** Plays `walks` histories of `length` steps that chance chooses; of one that fails every step is left out that it does not need. */
export async function wander<S extends Stage>(
  model: Model<S>,
  random: SeededRandom,
  { walks, length, skips = () => false }: { readonly walks: number; readonly length: number; readonly skips?: (step: string) => boolean },
): Promise<Explored> {
  const failures: Failure[] = []
  for (let walk = 0; walk < walks; walk++) {
    const stage = await model.begin()
    const steps: string[] = []
    while (steps.length < length) {
      const recent = steps.slice(-REMEMBERED_STEPS)
      const step = random.pick(model.steps.filter(({ name, can }) => !skips(name) && can(stage, recent)))
      steps.push(step.name)
      await step.run(stage)
      await stage.world.pass(20)
    }
    const played = await play(model, steps)
    if ('message' in played) failures.push(await shrunk(model, played))
  }
  return { histories: walks, failures }
}

async function shrunk<S extends Stage>(model: Model<S>, failure: Failure): Promise<Failure> {
  for (const at of failure.steps.keys()) {
    const played = await play(model, failure.steps.toSpliced(at, 1))
    if ('message' in played) return shrunk(model, played)
  }
  return failure
}

async function play<S extends Stage>(
  model: Model<S>,
  steps: readonly string[],
): Promise<Failure | { readonly following: readonly string[] }> {
  try {
    return { following: await playOut(model, steps) }
  } catch (error) {
    return { steps, message: error instanceof Error ? error.message : String(error) }
  }
}
