import type { ScriptedWorld } from '../cases/scripted-world.ts'
import type { Tab } from '../cases/tab.ts'

/** What a history is played on. */
export interface Stage {
  readonly world: ScriptedWorld
  readonly tabs: readonly Tab[]
  /** Everything that is in the way ends. */
  heal(): void
}

/** One thing that may happen, as data: a history is a list of these names. */
export interface Step<S extends Stage> {
  readonly name: string
  /** False where it would change nothing, or where a history has enough of it. */
  can(stage: S, before: readonly string[]): boolean
  run(stage: S): Promise<unknown>
  /** True where it takes away what was kept: a backup put in its place. */
  readonly isLossy: boolean
}

/** A world small enough to play everything that can happen in it. */
export interface Model<S extends Stage = Stage> {
  readonly name: string
  begin(): Promise<S>
  readonly steps: readonly Step<S>[]
}

export type Can<S extends Stage> = Step<S>['can']

export function stepsOf<S extends Stage>() {
  const step = (name: string, run: Step<S>['run'], can: Can<S> = () => true, isLossy = false): Step<S> => ({ name, run, can, isLossy })
  /** One that a history has once at most. */
  const once = (name: string, run: Step<S>['run'], can: Can<S> = () => true, isLossy = false): Step<S> =>
    step(name, run, (stage, before) => !before.includes(name) && can(stage, before), isLossy)
  return { step, once }
}
