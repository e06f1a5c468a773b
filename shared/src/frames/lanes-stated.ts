import * as v from 'valibot'
import { objectOf } from '../json-object.ts'
import { isCollectionName } from '../names.ts'
import { isSpaceId } from '../space-id.ts'
import { laneName } from '../tick.ts'

/** By space and lane, the last tick that a client has; 0: none. */
export const lanesStated = objectOf(isSpaceId, objectOf(isCollectionName, v.pipe(v.number(), v.finite(), v.minValue(0))))
export type LanesStated = v.InferOutput<typeof lanesStated>
/** By space, some of its lanes. */
export const laneNames = objectOf(isSpaceId, v.array(laneName))
