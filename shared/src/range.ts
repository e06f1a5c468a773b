import * as v from 'valibot'
import { change } from './change.ts'
import { objectOf } from './json-object.ts'
import { isCollectionName } from './names.ts'
import { seal } from './seal.ts'
import { spaceId } from './space-id.ts'
import { isVersion, version } from './version.ts'

/** Number and nonce of the last mutation done for a client id; `[0,""]` when none is known. Source: protocol [M4]. */
export type Acked = [n: number, nonce: string]
export const acked = v.custom<Acked>(
  (pair) => Array.isArray(pair) && isVersion(pair[0]) && typeof pair[1] === 'string',
  'no number and nonce',
)

/** Why a copy's number no longer holds. Source: protocol [N1]. */
export type ResetReason = 'history' | 'rights' | 'horizon'
export const resetReason = v.custom<ResetReason>(
  (text) => text === 'history' || text === 'rights' || text === 'horizon',
  'no reason for a reset',
)

/** Collection to the version at or before which its documents were left out. Source: protocol [W1]. */
export const floors = objectOf(isCollectionName, version)

/**
 * All the changes that the reader may see in the commits after `from`, up to and including `to`. `on`: the seal of `from`;
 * `seal`: the seal of `to`. Source: protocol §1, §4.
 */
export const range = v.object({
  space: spaceId,
  from: version,
  on: seal,
  to: version,
  seal,
  head: version,
  changes: v.array(change),
  reset: v.optional(resetReason),
  compacted: v.optional(v.boolean()),
  floors: v.optional(floors),
  acked: v.optional(acked),
})
export type Range = v.InferOutput<typeof range>
