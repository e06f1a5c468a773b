import { change } from './change.ts'
import { collectionName } from './names.ts'
import { boolean, checked, type Infer, list, object, objectOf, optional, type Schema } from './schema.ts'
import { seal } from './seal.ts'
import { spaceId } from './space-id.ts'
import { isVersion, version } from './version.ts'

/** Number and nonce of the last mutation done for a client id; `[0,""]` when none is known. Source: protocol [M4]. */
export type Acked = [n: number, nonce: string]
export const acked: Schema<Acked> = checked(
  (pair) => Array.isArray(pair) && isVersion(pair[0]) && typeof pair[1] === 'string',
  'no number and nonce',
)

/** Why a copy's number no longer holds. Source: protocol [N1]. */
export type ResetReason = 'history' | 'rights' | 'horizon'
const resetReason: Schema<ResetReason> = checked((it) => it === 'history' || it === 'rights' || it === 'horizon', 'no reason for a reset')

/**
 * All the changes that the reader may see in the commits after `from`, up to and including `to`. `on`: the seal of `from`;
 * `seal`: the seal of `to`. Source: protocol §1, §4.
 */
export const range = object({
  space: spaceId,
  from: version,
  on: seal,
  to: version,
  seal,
  head: version,
  changes: list(change),
  reset: optional(resetReason),
  compacted: optional(boolean),
  floors: optional(objectOf(collectionName, version)),
  acked: optional(acked),
})
export type Range = Infer<typeof range>
