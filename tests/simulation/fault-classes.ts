import type { SeededRandom } from './seeded-random.ts'

/** Everything that can go wrong in a simulated world, by class. */
export const FAULT_CLASSES = [
  'delay',
  'loss',
  'repeat',
  'reorder',
  'cut',
  'wrong-answer',
  'token-expiry',
  'token-failure',
  'server-kill',
  'device-crash',
  'eviction',
  'offline',
] as const
export type FaultClass = (typeof FAULT_CLASSES)[number]

/** Classes that a run is told to have, or to do without; the rest is drawn. */
export interface ForcedClasses {
  readonly on?: ReadonlySet<FaultClass>
  readonly off?: ReadonlySet<FaultClass>
}

/** Swarm testing (Groce et al., 2012): each class is off in half of the seeds, so that none hides behind another. */
export function drawClasses(random: SeededRandom, { on, off }: ForcedClasses): Set<FaultClass> {
  return new Set(
    FAULT_CLASSES.filter((name) => {
      const drawn = random.chance(0.5)
      return (drawn || on?.has(name) === true) && off?.has(name) !== true
    }),
  )
}
