import type { JsonObject } from './json.ts'
import { checked, type Schema } from './schema.ts'
import { isReserved } from './space-id.ts'

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Object.keys(value).some(isReserved)
}

/** A document, or arguments, as they come out of JSON.parse; what stands in them is for the app's schemas. Source: protocol §2. */
export const jsonObject: Schema<JsonObject> = checked(isJsonObject, 'no JSON object, or one with a reserved key')
/** The name of a top-level field. */
export const fieldName: Schema<string> = checked((name) => typeof name === 'string' && !isReserved(name), 'a reserved key')
