import { BadRequestError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { type Numbered, numbered } from '../mutation.ts'
import { clientId } from '../names.ts'
import { boolean, checked, type Infer, list, number, object, objectOf, optional, type Schema, text } from '../schema.ts'
import { spaceId } from '../space-id.ts'
import type { FrameOf } from './frame.ts'
import { standings } from './standings.ts'

/** Seconds within which the next frame is promised [B4]. */
const nextS: Schema<number> = checked((s) => Number.isFinite(s) && (s as number) >= 1, 'no number of seconds')

/** First frame, within 10 s. `probe`: follows nothing, is no presence. */
export const hello = object({
  client: clientId,
  token: text,
  spaces: standings,
  nextS,
  app: text,
  probe: optional(boolean),
  labels: optional(objectOf(text, text)),
})
/** Follow more spaces, or state again where a copy stands. */
export const follow = object({ spaces: standings })
export const unfollow = object({ spaces: list(spaceId) })
const batch: Schema<Numbered[]> = (value, place) => {
  const mutations = list(numbered)(value, place)
  if (mutations.length > LIMITS.batch) throw new BadRequestError(`${place}: more than ${LIMITS.batch} mutations`)
  return mutations
}
/** A batch of mutations; `on` is the nonce of the one before its first, `""` before number 1 (§6). */
export const mutationBatch = object({ client: clientId, on: text, mutations: batch })
export type MutationBatch = Infer<typeof mutationBatch>
/** Expect my next frame within `nextS` seconds, and tell me your sum. */
export const clientBeat = object({ nextS })
/** A fresh token, in place. */
export const auth = object({ token: text })
const anything: Schema<unknown> = (value) => value
/** Something for a lane (§7). */
export const say = object({ space: spaceId, lane: text, n: number, body: anything })

/** All that a client can say, by `t`. */
export const clientFrames = { hello, follow, unfollow, mutate: mutationBatch, beat: clientBeat, auth, say }
export type ClientFrame = FrameOf<typeof clientFrames>
export type Hello = Extract<ClientFrame, { t: 'hello' }>
