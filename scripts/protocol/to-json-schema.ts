/** A JSON Schema, draft 2020-12. */
export type JsonSchema = { readonly [keyword: string]: unknown }
/** A schema of valibot, as much of it as is read here. */
export interface AnySchema {
  readonly type: string
}

/**
 * What a schema of ours says, as JSON Schema. `known` gives what takes the place of a schema: a reference where it has a name, and the
 * JSON Schema of a custom one, which no reading of its code could tell. Throws a TypeError, naming the place, for what it cannot write:
 * nothing is left out in silence. Objects stay open: receivers ignore fields that they do not know (protocol §5).
 */
export function toJsonSchema(schema: AnySchema, place: string, known: (schema: AnySchema) => JsonSchema | undefined): JsonSchema {
  return known(schema) ?? contentOf(schema, place, known)
}

/** As toJsonSchema, for the schema that has the name itself. */
export function contentOf(schema: AnySchema, place: string, known: (schema: AnySchema) => JsonSchema | undefined): JsonSchema {
  const inner = (part: unknown, name: string) => toJsonSchema(part as AnySchema, `${place}.${name}`, known)
  const it = schema as Parts
  const written = ((): JsonSchema => {
    switch (it.type) {
      case 'string':
      case 'number':
      case 'boolean':
        return { type: it.type }
      case 'unknown':
        return {}
      case 'literal':
        return { const: it.literal }
      case 'optional':
        return inner(it.wrapped, '?')
      case 'array':
        return { type: 'array', items: inner(it.item, '[]') }
      case 'tuple':
        return {
          type: 'array',
          prefixItems: (it.items ?? []).map((item, at) => inner(item, String(at))),
          minItems: it.items?.length,
        }
      case 'record':
        return { type: 'object', propertyNames: inner(it.key, 'key'), additionalProperties: inner(it.value, 'value') }
      case 'object':
      case 'strict_object':
      case 'loose_object': {
        const entries = Object.entries(it.entries ?? {})
        return {
          type: 'object',
          properties: Object.fromEntries(entries.map(([name, entry]) => [name, inner(entry, name)])),
          required: entries.filter(([, entry]) => entry.type !== 'optional').map(([name]) => name),
          ...(it.type === 'strict_object' ? { additionalProperties: false } : {}),
        }
      }
      default:
        throw new TypeError(`${place}: no JSON Schema for a schema of type ${it.type}. Give it one in scripts/protocol/definitions.ts.`)
    }
  })()
  return Object.assign(written, ...(it.pipe ?? []).slice(1).map((action) => bound(action, place)))
}

function bound({ type, requirement }: Action, place: string): JsonSchema {
  switch (type) {
    case 'min_value':
      return { minimum: requirement }
    case 'max_value':
      return { maximum: requirement }
    case 'min_length':
      return { minItems: requirement }
    case 'max_length':
      return { maxItems: requirement }
    case 'integer':
      return { type: 'integer' }
    // What JSON writes is finite; only a reader's double is not (1e400).
    case 'finite':
      return {}
    default:
      throw new TypeError(`${place}: no JSON Schema for ${type}. Teach scripts/protocol/to-json-schema.ts.`)
  }
}

interface Action {
  readonly type: string
  readonly requirement?: unknown
}

interface Parts extends AnySchema {
  readonly literal?: unknown
  readonly wrapped?: unknown
  readonly item?: unknown
  readonly items?: readonly unknown[]
  readonly key?: unknown
  readonly value?: unknown
  readonly entries?: Readonly<Record<string, Parts>>
  readonly pipe?: readonly Action[]
}
