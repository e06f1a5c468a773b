import * as v from 'valibot'
import { objectOf } from '../json-object.ts'
import { seal } from '../seal.ts'
import { isSpaceId } from '../space-id.ts'
import { version } from '../version.ts'

/** Where each copy stands: space to `[version, seal]`. */
export const standings = objectOf(isSpaceId, v.tuple([version, seal]))
export type Standings = v.InferOutput<typeof standings>
