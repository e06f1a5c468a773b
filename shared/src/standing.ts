import type { Seal } from './seal.ts'
import { type Version, ZERO } from './version.ts'

/** Where one copy of a space stands: all that the server needs to know. */
export interface Standing {
  readonly version: Version
  readonly seal: Seal
}

/** A copy that has nothing yet; `""` is how it is stated. */
export const NOTHING: Standing = { version: ZERO, seal: '' as Seal }
