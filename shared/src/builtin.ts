import * as v from 'valibot'
import { anyField, type Json, jsonObject, objectOf } from './json-object.ts'
import { collectionName, documentId } from './names.ts'

/** Field to the items that `append` or `remove` names. */
export const lists = objectOf(anyField, v.custom<readonly Json[]>(Array.isArray), 'each field needs a list of items')
/** Field to what `inc` adds. */
export const increments = objectOf(anyField, v.number(), 'each field needs a number')

/** Creates or replaces a document. */
export const putArgs = v.object({ c: collectionName, id: documentId, doc: jsonObject })
/** Changes top-level fields of a document that exists. */
export const patchArgs = v.object({
  c: collectionName,
  id: documentId,
  set: v.optional(jsonObject),
  unset: v.optional(v.array(v.string())),
  inc: v.optional(increments),
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
