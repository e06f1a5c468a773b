import * as v from 'valibot'
import { wireError } from '../errors.ts'
import { mutationNumber } from '../mutation-number.ts'
import { acked, range } from '../range.ts'
import { spaceId } from '../space-id.ts'
import { itemId, laneName, laneState, tick } from '../tick.ts'
import { version } from '../version.ts'
import type { FrameOf } from './frame.ts'
import { heads } from './heads.ts'

/** Bounds that differ from the protocol's defaults. */
export const limits = v.object({
  spaces: v.optional(v.number()),
  batch: v.optional(v.number()),
  bytes: v.optional(v.number()),
  nextS: v.optional(v.number()),
})

/** Answer to hello: from here on its spaces are followed. */
export const welcome = v.object({ user: v.string(), nowMs: v.number(), heads, acked, limits: v.optional(limits) })
/** Answer to follow, before its ranges. */
export const headsFrame = v.object({ heads, acked: v.optional(acked) })
/** Too much to push: this ends the follow of that space; pull it, then follow it again. */
export const behind = v.object({ space: spaceId, head: version })
/** One mutation's end: done at the versions `in`, or refused with `error`. Final. */
export const ack = v.object({ n: mutationNumber, nonce: v.string(), in: v.optional(heads), error: v.optional(wireError) })
export type Ack = v.InferOutput<typeof ack>
/** Answer to a batch: what ended, and at most one error that names where it stopped [M3]. */
export const mutationAnswer = v.object({ acks: v.array(ack), error: v.optional(wireError) })
export type MutationAnswer = v.InferOutput<typeof mutationAnswer>
export const ackFrame = v.object({ client: v.string(), ...mutationAnswer.entries })
/** After whatever ranges this connection lacks; `sum` as in [B1]. */
export const serverBeat = v.object({ nowMs: v.number(), sum: v.number() })
/** Not, or no longer, allowed (or not now: `unavailable`); this ends the follow. */
export const denied = v.object({ space: spaceId, error: wireError })
export const twoTimes = v.custom<[number, number]>(
  (pair) => Array.isArray(pair) && pair.length === 2 && pair.every(Number.isFinite),
  'not two times',
)
/** Reconnect at a random moment between the two. */
export const goaway = v.object({ afterMs: twoTimes, error: v.optional(wireError) })
export const errorFrame = v.object({ error: wireError })
export const said = v.object({ n: v.number(), id: v.optional(itemId), error: v.optional(wireError) })
/** How a followed lane runs, before its first tick and when that changes (§7). */
export const laneFrame = v.object({ space: spaceId, lane: laneName, ...laneState.entries })
export const tickFrame = v.object({ space: spaceId, lane: laneName, ...tick.entries })

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
  lane: laneFrame,
  tick: tickFrame,
}
export type ServerFrame = FrameOf<typeof serverFrames>
export type RangeFrame = Extract<ServerFrame, { t: 'range' }>
