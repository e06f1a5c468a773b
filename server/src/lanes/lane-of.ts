import { type App, kindOf, type LaneDefinition, NotFoundError, type SpaceId } from '@tidemark/shared'

/** The lane of that name in spaces of this kind; undefined where there is none. */
export function laneOf(app: App, space: SpaceId, lane: string): LaneDefinition | undefined {
  const kind = kindOf(space)
  const lanes = Object.hasOwn(app.spaces, kind) ? app.spaces[kind]?.lanes : undefined
  return lanes !== undefined && Object.hasOwn(lanes, lane) ? lanes[lane] : undefined
}

/** Of the name of a lane, in an error. */
const LANE_CHARACTERS_SHOWN = 64

/** Throws what tells that there is no such lane. */
export function noLane(lane: string): never {
  throw new NotFoundError(`lane ${String(lane).slice(0, LANE_CHARACTERS_SHOWN)}: this kind of space has no such lane`)
}
