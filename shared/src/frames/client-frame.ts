import * as v from 'valibot'
import { LIMITS } from '../limits.ts'
import { numbered } from '../mutation.ts'
import { clientId } from '../names.ts'
import { spaceId } from '../space-id.ts'
import { standings } from './standings.ts'

/** Seconds within which the next frame is promised [B4]. */
const nextS = v.pipe(v.number(), v.minValue(1))

/** First frame, within 10 s. `probe`: follows nothing, is no presence. */
export const hello = v.object({
  t: v.literal('hello'),
  client: clientId,
  token: v.string(),
  spaces: standings,
  nextS,
  app: v.string(),
  probe: v.optional(v.boolean()),
  labels: v.optional(v.record(v.string(), v.string())),
})
/** Follow more spaces, or state again where a copy stands. */
export const follow = v.object({ t: v.literal('follow'), spaces: standings })
export const unfollow = v.object({ t: v.literal('unfollow'), spaces: v.array(spaceId) })
/** A batch of mutations; `on` is the nonce of the one before its first, `""` before number 1 (§6). */
export const mutationBatch = v.object({ client: clientId, on: v.string(), mutations: v.pipe(v.array(numbered), v.maxLength(LIMITS.batch)) })
export type MutationBatch = v.InferOutput<typeof mutationBatch>
export const mutate = v.object({ t: v.literal('mutate'), ...mutationBatch.entries })
/** Expect my next frame within `nextS` seconds, and tell me your sum. */
export const clientBeat = v.object({ t: v.literal('beat'), nextS })
/** A fresh token, in place. */
export const auth = v.object({ t: v.literal('auth'), token: v.string() })
/** Something for a lane (§7). */
export const say = v.object({ t: v.literal('say'), space: spaceId, lane: v.string(), n: v.number(), body: v.unknown() })

/** All that a client can say. */
export const clientFrame = v.variant('t', [hello, follow, unfollow, mutate, clientBeat, auth, say])
export type ClientFrame = v.InferOutput<typeof clientFrame>
export type Hello = v.InferOutput<typeof hello>
