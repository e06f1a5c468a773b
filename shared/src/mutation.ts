import { jsonObject } from './json-object.ts'
import { nonce } from './names.ts'
import { checked, type Infer, object, type Schema, text } from './schema.ts'
import { spaceId } from './space-id.ts'
import { isVersion } from './version.ts'

function isMutationNumber(n: unknown): boolean {
  return isVersion(n) && n > 0
}

/** 1, 2, 3 ... per client id, without gaps. */
export const mutationNumber: Schema<number> = checked(isMutationNumber, 'no mutation number')

/** What every item of a batch must have, so that it can be answered at all. A malformed rest is refused as `invalid` [M3]. */
export type Numbered = { readonly n: number; readonly nonce: string; readonly [field: string]: unknown }
export const numbered: Schema<Numbered> = (value, place) => {
  object({ n: mutationNumber, nonce })(value, place)
  return value as Numbered
}

/** A write by name and arguments: run here at once, run again on the server, which decides. Source: protocol §6. */
export const mutation = object({
  n: mutationNumber,
  nonce,
  space: spaceId,
  name: text,
  args: jsonObject,
  madeMs: checked<number>((ms) => Number.isFinite(ms) && (ms as number) >= 0, 'no time'),
})
export type Mutation = Infer<typeof mutation>

/** A refused one, offered again to a server that forgot it: recorded as refused, never run. Source: protocol [M5]. */
export const voidMutation = object({ n: mutationNumber, nonce, void: checked<true>((it) => it === true, 'not true') })
export type VoidMutation = Infer<typeof voidMutation>
