import { BadRequestError, InvalidError } from './errors.ts'
import type { Json } from './json.ts'
import { fieldName, jsonObject } from './json-object.ts'
import { collectionName, documentId } from './names.ts'
import { checked, type Infer, list, number, object, objectOf, optional, text } from './schema.ts'

const lists = objectOf(fieldName, checked<readonly Json[]>(Array.isArray, 'no list'))

/** Creates or replaces a document. */
export const putArgs = object({ c: collectionName, id: documentId, doc: jsonObject })
/** Changes top-level fields of a document that exists. */
export const patchArgs = object({
  c: collectionName,
  id: documentId,
  set: optional(jsonObject),
  unset: optional(list(text)),
  inc: optional(objectOf(fieldName, number)),
  append: optional(lists),
  remove: optional(lists),
})
/** Deletes a document; nothing happens where there is none. */
export const deleteArgs = object({ c: collectionName, id: documentId })

export type PutArgs = Infer<typeof putArgs>
export type PatchArgs = Infer<typeof patchArgs>
export type DeleteArgs = Infer<typeof deleteArgs>

/** The mutators that every kind has where its rules allow them. Source: protocol §6. */
export const BUILT_IN = { put: putArgs, patch: patchArgs, delete: deleteArgs } as const
export type BuiltIn = keyof typeof BUILT_IN

export function isBuiltIn(name: string): name is BuiltIn {
  return Object.hasOwn(BUILT_IN, name)
}

/** The arguments of a built-in mutator. Throws InvalidError, which names the first place that is wrong. */
export function builtInArgs<N extends BuiltIn>(name: N, args: unknown): Infer<(typeof BUILT_IN)[N]> {
  try {
    return BUILT_IN[name](args, 'args') as Infer<(typeof BUILT_IN)[N]>
  } catch (error) {
    throw error instanceof BadRequestError ? new InvalidError(error.message) : error
  }
}
