import { mutationNumber } from '../mutation.ts'
import { acked, range } from '../range.ts'
import { checked, type Infer, list, number, object, optional, type Schema, text } from '../schema.ts'
import { spaceId } from '../space-id.ts'
import { version } from '../version.ts'
import { wireError } from '../wire-error.ts'
import type { FrameOf } from './frame.ts'
import { heads } from './standings.ts'

/** Bounds that differ from the protocol's defaults. */
const limits = object({
  spaces: optional(number),
  batch: optional(number),
  bytes: optional(number),
  nextS: optional(number),
})

/** Answer to hello: from here on its spaces are followed. */
export const welcome = object({ user: text, nowMs: number, heads, acked, limits: optional(limits) })
/** Answer to follow, before its ranges. */
export const headsFrame = object({ heads, acked: optional(acked) })
/** Too much to push: this ends the follow of that space; pull it, then follow it again. */
export const behind = object({ space: spaceId, head: version })
/** One mutation's end: done at the versions `in`, or refused with `error`. Final. */
export const ack = object({ n: mutationNumber, nonce: text, in: optional(heads), error: optional(wireError) })
export type Ack = Infer<typeof ack>
/** Answer to a batch: what ended, and at most one error that names where it stopped [M3]. */
const answer = { acks: list(ack), error: optional(wireError) }
export const mutationAnswer = object(answer)
export type MutationAnswer = Infer<typeof mutationAnswer>
export const ackFrame = object({ client: text, ...answer })
/** After whatever ranges this connection lacks; `sum` as in [B1]. */
export const serverBeat = object({ nowMs: number, sum: number })
/** Not, or no longer, allowed (or not now: `unavailable`); this ends the follow. */
export const denied = object({ space: spaceId, error: wireError })
const twoTimes: Schema<[number, number]> = checked(
  (pair) => Array.isArray(pair) && pair.length === 2 && pair.every(Number.isFinite),
  'not two times',
)
/** Reconnect at a random moment between the two. */
export const goaway = object({ afterMs: twoTimes, error: optional(wireError) })
export const errorFrame = object({ error: wireError })
export const said = object({ n: number, error: optional(wireError) })

/** All that a server can say, by `t`; a frame of another `t` is ignored by a client. */
export const serverFrames = {
  welcome,
  heads: headsFrame,
  range,
  behind,
  ack: ackFrame,
  beat: serverBeat,
  denied,
  goaway,
  error: errorFrame,
  said,
}
export type ServerFrame = FrameOf<typeof serverFrames>
export type RangeFrame = Extract<ServerFrame, { t: 'range' }>
