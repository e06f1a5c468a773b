import type { StandardSchemaV1 } from '@standard-schema/spec'
import { InvalidError } from './errors.ts'
import { type JsonObject, toJsonObject } from './json.ts'

/**
 * What a schema makes of a value, as JSON. Throws InvalidError that names the first field at fault; TypeError for a schema
 * that validates asynchronously, which no transaction can wait for.
 */
export function validate(schema: StandardSchemaV1, value: unknown, place: string): JsonObject {
  const result = schema['~standard'].validate(value)
  if (result instanceof Promise) throw new TypeError(`the schema of ${place} validates asynchronously: give one that does not`)
  if (result.issues === undefined) return toJsonObject(result.value, place)
  const [issue] = result.issues
  const path = (issue?.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
  throw new InvalidError(`${place}${path === '' ? '' : `.${path}`}: ${issue?.message ?? 'fails its schema'}`)
}
