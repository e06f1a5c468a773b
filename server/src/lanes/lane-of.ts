import { type App, kindOf, type LaneDefinition, type SpaceId } from '@tidemark/shared'

/** The lane of that name in spaces of this kind; undefined where there is none. */
export function laneOf(app: App, space: SpaceId, lane: string): LaneDefinition | undefined {
  const kind = kindOf(space)
  const lanes = Object.hasOwn(app.spaces, kind) ? app.spaces[kind]?.lanes : undefined
  return lanes !== undefined && Object.hasOwn(lanes, lane) ? lanes[lane] : undefined
}
