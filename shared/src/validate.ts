import type { StandardSchemaV1 } from '@standard-schema/spec'
import { InvalidError } from './errors.ts'
import { faultIn } from './fault-in.ts'
import { toJsonObject } from './json.ts'
import type { JsonObject } from './json-object.ts'

/**
 * What a schema makes of a value, as JSON. Throws InvalidError that names the first field at fault (those
 * that begin with `$`, where a replica keeps what it knows of a document, always are); TypeError for a schema
 * that validates asynchronously, which no transaction can wait for.
 */
export function validate(schema: StandardSchemaV1, value: unknown, place: string): JsonObject {
  const result = schema['~standard'].validate(value)
  if (result instanceof Promise) throw new TypeError(`the schema of ${place} validates asynchronously: give one that does not`)
  if (result.issues) throw new InvalidError(faultIn(place, result.issues))
  const json = toJsonObject(result.value, place)
  for (const field of Object.keys(json))
    if (field.startsWith('$')) throw new InvalidError(`${place}.${field}: fields that begin with $ are the replica's own`)
  return json
}
