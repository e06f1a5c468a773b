import * as v from 'valibot'
import { isReserved } from './space-id.ts'

export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export type JsonObject = { readonly [key: string]: Json }

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Object.keys(value).some(isReserved)
}

/** A document, or arguments, as they come out of JSON.parse; what stands in them is for the app's schemas. Source: protocol §2. */
export const jsonObject = v.custom<JsonObject>(isJsonObject, 'no JSON object')

/** For objectOf: any key that is not reserved. */
export const anyField = () => true

/**
 * An object of which every key is a name of that sort, and every value passes. A reserved key never does, where valibot's `record` drops it.
 * `needed` is what a person reads where it is not.
 */
export function objectOf<T>(
  isName: (key: string) => boolean,
  value: v.GenericSchema<unknown, T>,
  needed = 'no such object',
): v.GenericSchema<unknown, Record<string, T>> {
  return v.custom<Record<string, T>>(
    (object) => isJsonObject(object) && Object.entries(object).every(([key, item]) => isName(key) && v.is(value, item)),
    needed,
  )
}
