import * as v from 'valibot'
import type { Json, JsonObject } from './json.ts'
import { collectionName, documentId } from './names.ts'

const fields = v.record(v.string(), v.unknown()) as unknown as v.GenericSchema<unknown, JsonObject>
const lists = v.record(v.string(), v.array(v.unknown())) as unknown as v.GenericSchema<unknown, Record<string, readonly Json[]>>

/** Creates or replaces a document. */
export const putArgs = v.object({ c: collectionName, id: documentId, doc: fields })
/** Changes top-level fields of a document that exists. */
export const patchArgs = v.object({
  c: collectionName,
  id: documentId,
  set: v.optional(fields),
  unset: v.optional(v.array(v.string())),
  inc: v.optional(v.record(v.string(), v.pipe(v.number(), v.finite()))),
  append: v.optional(lists),
  remove: v.optional(lists),
})
/** Deletes a document; nothing happens where there is none. */
export const deleteArgs = v.object({ c: collectionName, id: documentId })

export type PutArgs = v.InferOutput<typeof putArgs>
export type PatchArgs = v.InferOutput<typeof patchArgs>
export type DeleteArgs = v.InferOutput<typeof deleteArgs>

/** The mutators that every kind has where its rules allow them. Source: protocol §6. */
export const BUILT_IN = { put: putArgs, patch: patchArgs, delete: deleteArgs } as const
export type BuiltIn = keyof typeof BUILT_IN

export function isBuiltIn(name: string): name is BuiltIn {
  return Object.hasOwn(BUILT_IN, name)
}
