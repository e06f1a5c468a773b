import * as v from 'valibot'
import type { JsonObject } from './json.ts'
import { isReserved } from './space-id.ts'

/** A document, or arguments, as they come out of JSON.parse; what stands in them is for the app's schemas. Source: protocol §2. */
export const jsonObject = v.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value) && !Object.keys(value).some(isReserved),
  'no JSON object',
)
