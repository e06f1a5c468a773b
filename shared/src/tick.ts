import * as v from 'valibot'
import { isCollectionName } from './names.ts'
import { spaceId } from './space-id.ts'
import { any, yes } from './yes.ts'

/** A lane's name: like a collection's. */
export const laneName = v.custom<string>(isCollectionName, 'no lane name')

/** 1 to 64 of A-Z a-z 0-9 _ -: of an item, chosen by who says it, so that said twice it is said once; or made by the server. */
export function isItemId(text: unknown): text is string {
  return typeof text === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(text)
}
export const itemId = v.custom<string>(isItemId, 'no id of an item')

/** One thing that was said: by whom, when by the server's clock in ms since the epoch, and how many times within its tick where more than once. */
export const laneItem = v.object({
  id: itemId,
  by: v.string(),
  atMs: v.number(),
  body: any,
  count: v.optional(v.number()),
  /** Said by whoever runs the space, to all: never sampled away. */
  announcement: v.optional(yes),
})
export type LaneItem<Body = unknown> = Omit<v.InferOutput<typeof laneItem>, 'body'> & { readonly body: Body }

/**
 * What was said within one tick, in the server's order. `tick`: its start in ms since the epoch, which only grows in a lane; `cut`: how many
 * were sampled away; `late`: it was merged after its time; `cleared`: what was said before it is to go from screens. Source: protocol §7.
 */
export const tick = v.object({
  tick: v.number(),
  items: v.array(laneItem),
  cut: v.number(),
  late: v.optional(yes),
  cleared: v.optional(yes),
})
export type Tick = v.InferOutput<typeof tick>

/** How a lane runs now; admins may change it. */
export const laneState = v.object({ tickMs: v.number(), cap: v.number(), stopped: v.optional(yes) })
export type LaneState = v.InferOutput<typeof laneState>

/** Answer to GET /v1/spaces/{space}/lanes/{lane}: how it runs, and the ticks of its ring after `since`, the oldest first. */
export const laneRing = v.object({ space: spaceId, lane: laneName, ...laneState.entries, ticks: v.array(tick) })
export type LaneRing = v.InferOutput<typeof laneRing>

/** Body of POST to the same path; it is answered with `saidAnswer`. */
export const sayBody = v.object({ id: v.optional(itemId), body: v.unknown() })
export const saidAnswer = v.object({ id: itemId })

/** Answer to GET /v1/spaces/{space}/lanes/{lane}/archive/{from}: the ticks of one minute, `from` to `to`; it never changes once `whole`. */
export const lanePage = v.object({
  space: spaceId,
  lane: laneName,
  from: v.number(),
  to: v.number(),
  whole: v.boolean(),
  ticks: v.array(tick),
})
export type LanePage = v.InferOutput<typeof lanePage>
/** Length of such a page, in ms. */
export const LANE_PAGE_MS = 60_000

/** Body of the one item of PRESENCE_LANE. */
export const presence = v.object({ online: v.number(), users: v.optional(v.array(v.string())) })
export type Presence = v.InferOutput<typeof presence>
