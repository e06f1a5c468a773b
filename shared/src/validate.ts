import type { StandardSchemaV1 } from '@standard-schema/spec'
import { InvalidError } from './errors.ts'
import { faultIn } from './fault-in.ts'
import { toJson, toJsonObject } from './json.ts'
import type { Json, JsonObject } from './json-object.ts'

/** What a schema makes of a value, as JSON. Throws InvalidError that names the first field at fault; TypeError for a schema that validates asynchronously. */
export function validateJson(schema: StandardSchemaV1, value: unknown, place: string): Json {
  return toJson(outputOf(schema, value, place), place)
}

/**
 * The same for a document: an object whose fields do not begin with `$`, where a replica keeps what it knows of a document. No transaction
 * can wait for a schema that validates asynchronously.
 */
export function validate(schema: StandardSchemaV1, value: unknown, place: string): JsonObject {
  const json = toJsonObject(outputOf(schema, value, place), place)
  for (const field of Object.keys(json))
    if (field.startsWith('$')) throw new InvalidError(`${place}.${field}: fields that begin with $ are the replica's own`)
  return json
}

function outputOf(schema: StandardSchemaV1, value: unknown, place: string): unknown {
  const result = schema['~standard'].validate(value)
  if (result instanceof Promise) throw new TypeError(`the schema of ${place} validates asynchronously: give one that does not`)
  if (result.issues) throw new InvalidError(faultIn(place, result.issues))
  return result.value
}
