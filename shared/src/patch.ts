import { InvalidError } from './errors.ts'
import { sameJson } from './json.ts'
import type { Json, JsonObject } from './json-object.ts'

/** What the built-in `patch` does to top-level fields; each part only where it is given. Source: protocol §6. */
export interface Patch {
  readonly set?: JsonObject | undefined
  readonly unset?: readonly string[] | undefined
  /** Adds to numbers; a field that is missing counts from 0. */
  readonly inc?: Readonly<Record<string, number>> | undefined
  /** Adds the values at the end of lists; a field that is missing starts as an empty list. */
  readonly append?: Readonly<Record<string, readonly Json[]>> | undefined
  /** Takes every equal value out of lists. */
  readonly remove?: Readonly<Record<string, readonly Json[]>> | undefined
}

/** What a patch came to: final values, so that applying it twice is applying it once. */
export interface Delta {
  readonly set: JsonObject
  readonly unset: readonly string[]
}

/**
 * Runs a patch on a document: set, inc, append, remove, unset, in this order. Returns only what really changed.
 * Throws InvalidError where a field is not of the type that the operation needs.
 */
export function deltaOf(doc: JsonObject, patch: Patch): Delta {
  // Without a prototype: a field may be called toString.
  const after: Record<string, Json> = { __proto__: null, ...doc, ...patch.set }
  for (const [field, by] of Object.entries(patch.inc ?? {})) {
    const value = Object.hasOwn(after, field) ? after[field] : 0
    if (typeof value !== 'number' || typeof by !== 'number') throw new InvalidError(`inc: ${field} is not a number`)
    const sum = value + by
    if (!Number.isFinite(sum)) throw new InvalidError(`inc: ${field} would leave the range of numbers`)
    after[field] = sum
  }
  for (const [field, values] of Object.entries(patch.append ?? {})) after[field] = [...listOf(after, field, 'append'), ...values]
  for (const [field, values] of Object.entries(patch.remove ?? {})) {
    after[field] = listOf(after, field, 'remove').filter((item) => !values.some((value) => sameJson(item, value)))
  }
  for (const field of patch.unset ?? []) delete after[field]

  const changed = ([field, value]: [string, Json]) => !Object.hasOwn(doc, field) || !sameJson(doc[field] as Json, value)
  const set = Object.fromEntries(Object.entries(after).filter(changed))
  return { set, unset: Object.keys(doc).filter((field) => !Object.hasOwn(after, field)) }
}

/** The document after a delta; the one before stays as it is. */
export function withDelta(
  doc: JsonObject,
  { set, unset = [] }: { readonly set: JsonObject; readonly unset?: readonly string[] | undefined },
): JsonObject {
  const after: Record<string, Json> = { ...doc, ...set }
  for (const field of unset) delete after[field]
  return after
}

function listOf(doc: Record<string, Json>, field: string, operation: string): readonly Json[] {
  const value = Object.hasOwn(doc, field) ? doc[field] : []
  if (!Array.isArray(value)) throw new InvalidError(`${operation}: ${field} is not a list`)
  return value
}
