import type * as v from 'valibot'
import { objectOf } from '../json-object.ts'
import { isSpaceId } from '../space-id.ts'
import { version } from '../version.ts'

/** Where the server stands: space to version. */
export const heads = objectOf(isSpaceId, version)
export type Heads = v.InferOutput<typeof heads>
