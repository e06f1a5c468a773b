import { type Json, sameJson } from '@tidemark/shared'
import { type DocumentFields, isObject } from './field.ts'

export interface ChangedFields {
  readonly updatedFields: { readonly [path: string]: unknown }
  readonly removedFields: readonly string[]
}

/** Not the document's own. */
const KNOWN = ['$k', '$s', '$id', '$v', '$b', '$p']

/**
 * In which of its own fields a document differs: by path into objects, lists as a whole. undefined where it was replaced: it had two
 * fields or more, and none of them is as it was.
 */
export function changedFields(before: DocumentFields, after: DocumentFields): ChangedFields | undefined {
  const updatedFields: Record<string, unknown> = {}
  const removedFields: string[] = []
  const isSame = (a: unknown, b: unknown) => sameJson(a as Json, b as Json)
  function compare(a: { readonly [name: string]: unknown }, b: { readonly [name: string]: unknown }, prefix: string): void {
    for (const [name, value] of Object.entries(b)) {
      const old = Object.hasOwn(a, name) ? a[name] : undefined
      if ((!prefix && KNOWN.includes(name)) || isSame(old, value)) continue
      if (hasPaths(old) && hasPaths(value)) compare(old, value, `${prefix + name}.`)
      else updatedFields[prefix + name] = value
    }
    for (const name of Object.keys(a)) if (!Object.hasOwn(b, name)) removedFields.push(prefix + name)
  }
  compare(before, after, '')
  const fields = Object.keys(before).filter((name) => !KNOWN.includes(name))
  if (fields.length > 1 && !fields.some((name) => Object.hasOwn(after, name) && isSame(before[name], after[name]))) return undefined
  return { updatedFields: Object.freeze(updatedFields), removedFields: Object.freeze(removedFields) }
}

/** An object whose names can be told apart in a path. */
function hasPaths(value: unknown): value is { readonly [name: string]: unknown } {
  return isObject(value) && !Object.keys(value).some((name) => name.includes('.'))
}
