import { checked, type Infer, objectOf, type Schema } from '../schema.ts'
import { isSeal, type Seal } from '../seal.ts'
import { spaceId } from '../space-id.ts'
import { isVersion, type Version, version } from '../version.ts'

const standing: Schema<[Version, Seal]> = checked(
  (pair) => Array.isArray(pair) && isVersion(pair[0]) && isSeal(pair[1]),
  'no version and seal',
)
/** Where each copy stands: space to `[version, seal]`. */
export const standings = objectOf(spaceId, standing)
export type Standings = Infer<typeof standings>

/** Where the server stands: space to version. */
export const heads = objectOf(spaceId, version)
export type Heads = Infer<typeof heads>
