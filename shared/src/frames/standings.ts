import * as v from 'valibot'
import { seal } from '../seal.ts'
import { spaceId } from '../space-id.ts'
import { version } from '../version.ts'

/** Where each copy stands: space to `[version, seal]`. */
export const standings = v.record(spaceId, v.tuple([version, seal]))
export type Standings = v.InferOutput<typeof standings>

/** Where the server stands: space to version. */
export const heads = v.record(spaceId, version)
export type Heads = v.InferOutput<typeof heads>
