import { InvalidError, TooLargeError } from './errors.ts'
import { isJsonObject, type Json, type JsonObject } from './json-object.ts'
import { DOCUMENT_BYTES_MAX, DOCUMENT_DEPTH_MAX } from './limits.ts'
import { utf8Bytes } from './measure.ts'
import { isReserved } from './space-id.ts'

/**
 * A deep copy of `value` that is what JSON will make of it, so that what an app wrote is what every end reads.
 * Throws InvalidError, naming the place, for whatever would not come back as it went: `undefined`, NaN, infinities, Date and
 * other class instances, functions, bigint, reserved keys, cycles and depth over 64. -0 becomes 0.
 */
export function toJson(value: unknown, place: string, depth = 0): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (Number.isFinite(value)) return (value as number) + 0
  if (typeof value !== 'object') {
    const what = typeof value === 'number' || value === undefined ? value : `a ${typeof value}`
    throw new InvalidError(`${place} is ${what}, which JSON cannot write: leave it out`)
  }
  if (depth >= DOCUMENT_DEPTH_MAX) throw new InvalidError(`${place} is nested deeper than ${DOCUMENT_DEPTH_MAX} levels, or in a circle`)
  if (Array.isArray(value)) return Array.from(value, (item, at) => toJson(item, `${place}[${at}]`, depth + 1))
  const parent = Object.getPrototypeOf(value)
  if (parent && Object.getPrototypeOf(parent))
    throw new InvalidError(`${place} is a ${parent.constructor?.name}: give plain JSON (a time as a number of ms)`)
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      if (isReserved(key)) throw new InvalidError(`${place} has the reserved key ${key}`)
      return [key, toJson(item, `${place}.${key}`, depth + 1)]
    }),
  )
}

/** toJson for what must be an object of at most 256 KiB: a document, or the arguments of a mutator. */
export function toJsonObject(value: unknown, place: string): JsonObject {
  const json = toJson(value, place)
  if (!isJsonObject(json)) throw new InvalidError(`${place} must be a JSON object`)
  const bytes = utf8Bytes(JSON.stringify(json))
  if (bytes > DOCUMENT_BYTES_MAX)
    throw new TooLargeError(`${place} has ${bytes} bytes, ${DOCUMENT_BYTES_MAX} are allowed: split it into several documents`)
  return json
}

/** True when two JSON values are equal, whatever the order of their keys. */
export function sameJson(a: Json, b: Json): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Array.isArray(a) !== Array.isArray(b)) return false
  const left = Object.entries(a)
  return (
    left.length === Object.keys(b).length &&
    left.every(([key, item]) => Object.hasOwn(b, key) && sameJson(item, (b as JsonObject)[key] as Json))
  )
}
