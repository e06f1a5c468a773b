import * as v from 'valibot'
import { anyField, objectOf } from '../json-object.ts'
import { LIMITS } from '../limits.ts'
import { numbered } from '../mutation.ts'
import { isClientId } from '../names.ts'
import { spaceId } from '../space-id.ts'
import { itemId } from '../tick.ts'
import type { FrameOf } from './frame.ts'
import { laneNames, lanesStated } from './lanes-stated.ts'
import { standings } from './standings.ts'

export const clientId = v.custom<string>(isClientId, 'no client id')
/** Seconds within which the next frame is promised [B4]. */
const nextS = v.pipe(v.number(), v.minValue(1))

export const labels = objectOf(anyField, v.string())

/** First frame, within 10 s. `probe`: follows nothing, is no presence. */
export const hello = v.object({
  client: clientId,
  token: v.string(),
  spaces: standings,
  lanes: v.optional(lanesStated),
  nextS,
  app: v.string(),
  probe: v.optional(v.boolean()),
  labels: v.optional(labels),
})
/** Follow more spaces, or state again where a copy stands. */
export const follow = v.object({ spaces: standings, lanes: v.optional(lanesStated) })
export const unfollow = v.object({ spaces: v.array(spaceId), lanes: v.optional(laneNames) })
/** A batch of mutations; `on` is the nonce of the one before its first, `""` before number 1 (§6). */
export const mutationBatch = v.object({ client: clientId, on: v.string(), mutations: v.pipe(v.array(numbered), v.maxLength(LIMITS.batch)) })
export type MutationBatch = v.InferOutput<typeof mutationBatch>
/** Expect my next frame within `nextS` seconds, and tell me your sum. */
export const clientBeat = v.object({ nextS })
/** A fresh token, in place. */
export const auth = v.object({ token: v.string() })
/** Something for a lane (§7). */
export const say = v.object({
  space: spaceId,
  lane: v.string(),
  n: v.pipe(v.number(), v.finite()),
  id: v.optional(itemId),
  body: v.unknown(),
})

/** All that a client can say, by `t`. */
export const clientFrames = { hello, follow, unfollow, mutate: mutationBatch, beat: clientBeat, auth, say }
export type ClientFrame = FrameOf<typeof clientFrames>
export type Hello = Extract<ClientFrame, { t: 'hello' }>
