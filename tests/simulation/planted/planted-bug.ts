import type { FaultClass } from '../fault-classes.ts'
import type { LaneFault } from '../lanes/show-plan.ts'

/** A small mutation of the product that a simulation worth its name must find. */
export interface PlantedBug {
  readonly name: string
  /** From the project's root. */
  readonly file: string
  /** Stands in that file exactly once. */
  readonly find: string
  readonly replace: string
  /** Classes of faults that are on in each of its seeds, because it takes them all to show. */
  readonly classes?: readonly (FaultClass | LaneFault)[]
  /** It is looked for in shows, and not among documents. */
  readonly isOfLanes?: boolean
  /** The rule or promise that it breaks. */
  readonly rule: string
  /** What the product does with it. */
  readonly what: string
}

/** The text of the bug's file with the bug in it. Throws where the place is not there exactly once: a planted bug that applies no more is a defect. */
export function withBug({ name, file, find, replace }: PlantedBug, text: string): string {
  const places = text.split(find).length - 1
  if (places !== 1) throw new Error(`${name}: its place stands ${places} times in ${file}, must be once: ${find}`)
  return text.replace(find, () => replace)
}

/** A server or a device that does not have what it had. */
export const SET_BACK: readonly FaultClass[] = ['clone', 'rollback', 'restore']

/** A server that forgets, and devices that come back after it or begin anew. */
export const TRIMMED: readonly FaultClass[] = ['trim', 'eviction']
