import { playOut } from './history.ts'
import type { Model, Stage } from './model.ts'

export interface Explored {
  readonly histories: number
  readonly failures: readonly { readonly steps: readonly string[]; readonly message: string }[]
}

/** Plays every history of up to `depth` steps, the shortest first; what fails is not made longer. `skips` leaves steps out, by name. */
export async function explore<S extends Stage>(
  model: Model<S>,
  depth: number,
  skips: (step: string) => boolean = () => false,
): Promise<Explored> {
  const failures: Explored['failures'][number][] = []
  let histories = 0
  for (let level: readonly (readonly string[])[] = [[]]; level.length > 0; ) {
    const longer: (readonly string[])[] = []
    for (const steps of level) {
      histories++
      try {
        const following = await playOut(model, steps)
        if (steps.length < depth) for (const step of following) if (!skips(step)) longer.push([...steps, step])
      } catch (error) {
        failures.push({ steps, message: error instanceof Error ? error.message : String(error) })
      }
    }
    level = longer
  }
  return { histories, failures }
}
