import * as v from 'valibot'
import { jsonObject } from './json-object.ts'
import { mutationNumber } from './mutation-number.ts'
import { nonce } from './names.ts'
import { spaceId } from './space-id.ts'

/** What every item of a batch must have, so that it can be answered at all. A malformed rest is refused as `invalid` [M3]. */
export const numbered = v.custom<Numbered>((item) => v.is(v.object({ n: mutationNumber, nonce }), item), 'no number and nonce')
export interface Numbered {
  readonly n: number
  readonly nonce: string
  readonly [field: string]: unknown
}

/** A write by name and arguments: run here at once, run again on the server, which decides. Source: protocol §6. */
export const mutation = v.object({
  n: mutationNumber,
  nonce,
  space: spaceId,
  name: v.string(),
  args: jsonObject,
  madeMs: v.pipe(v.number(), v.minValue(0)),
})
export type Mutation = v.InferOutput<typeof mutation>

/** A refused one, offered again to a server that forgot it: recorded as refused, never run. Source: protocol [M5]. */
export const voidMutation = v.object({ n: mutationNumber, nonce, void: v.literal(true) })
export type VoidMutation = v.InferOutput<typeof voidMutation>
