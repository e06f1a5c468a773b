import type { LanePlace } from './lane-engine.ts'

/** One text for one lane. None of its parts has a blank in it. */
export function laneKey({ tenant, space, lane }: LanePlace): string {
  return `${tenant} ${space} ${lane}`
}
