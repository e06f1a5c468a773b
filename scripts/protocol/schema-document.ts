import { createHash } from 'node:crypto'
import { PROTOCOL } from '../../shared/src/protocol-version.ts'
import { DEFINITIONS, type Definition, FRAMES, UNNAMED } from './definitions.ts'
import { type AnySchema, contentOf, type JsonSchema, toJsonSchema } from './to-json-schema.ts'

/** What the page names and this build does not have: it has no schema. */
const NOT_BUILT = 'note (§5, §8), the bodies of push (§8)'

const named = new Map(DEFINITIONS.flatMap(({ name, schema }) => (schema ? [[schema, name] as const] : [])))
const known = (schema: AnySchema): JsonSchema | undefined => {
  const name = named.get(schema)
  return name === undefined ? UNNAMED.get(schema) : { $ref: `#/$defs/${name}` }
}

/** `docs/protocol.schema.json`: every frame and body of the wire, from the schemas that our code reads with. */
export function schemaDocument(): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:tidemark:protocol:${PROTOCOL}`,
    title: `The Tidemark protocol, version ${PROTOCOL}`,
    description: [
      'Every frame of the live connection and every body of HTTP, by name under $defs; docs/protocol.md is the page that says what they mean.',
      'Written by `npm run protocol`, never by hand. Receivers ignore fields that they do not know, so no object here is closed.',
      'What no JSON Schema can say stands in the descriptions and on the page: bytes, depth, UTF-16 units, sums, order.',
      `Without a schema, because not built: ${NOT_BUILT}.`,
    ].join(' '),
    anyOf: Object.keys(FRAMES).map((direction) => ({ $ref: `#/$defs/${direction}` })),
    $defs: { ...Object.fromEntries(DEFINITIONS.map((definition) => [definition.name, writeDefinition(definition)])), ...writeFrames() },
  }
}

/** As it stands in the file. */
export function schemaText(): string {
  return `${JSON.stringify(schemaDocument(), null, 2)}\n`
}

/** 16 hex digits that change when what may be on the wire changes: not with descriptions, and not with the order in which things are written. */
export function wireHash(document: JsonSchema): string {
  return createHash('sha256')
    .update(JSON.stringify(bare(document.$defs, '$defs')))
    .digest('hex')
    .slice(0, 16)
}

/** Keywords whose lists mean the same in any order. */
const UNORDERED = ['required', 'enum', 'anyOf', 'allOf', 'oneOf']

/** A schema with neither descriptions nor order. */
function bare(value: unknown, keyword = 'schema'): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => bare(item))
    return UNORDERED.includes(keyword) ? items.sort(byText) : items
  }
  if (typeof value !== 'object' || value === null) return value
  // What stands in `properties` and `$defs` are names of the wire, of which one may be `description`.
  const names = keyword === 'properties' || keyword === '$defs'
  const entries = Object.entries(value).filter(([key]) => names || key !== 'description')
  return Object.fromEntries(entries.sort(byText).map(([key, item]) => [key, bare(item, names ? 'schema' : key)]))
}

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1
}

function writeDefinition({ name, says, schema, json, fields = {} }: Definition): JsonSchema {
  const content = json ?? contentOf(schema as AnySchema, name, known)
  const properties = { ...(content.properties as Record<string, JsonSchema> | undefined) }
  for (const [field, text] of Object.entries(fields)) {
    if (!Object.hasOwn(properties, field))
      throw new TypeError(`${name} has no field ${field}: take its line out of scripts/protocol/definitions.ts`)
    properties[field] = { ...properties[field], description: text }
  }
  return { description: says, ...content, ...(content.properties ? { properties } : {}) }
}

/** One definition a frame, and one for all of a direction. */
function writeFrames(): Record<string, JsonSchema> {
  const written: Record<string, JsonSchema> = {}
  for (const [direction, { schemas, says, frames }] of Object.entries(FRAMES)) {
    const sentences: Readonly<Record<string, string>> = frames
    const unsaid = Object.keys(schemas).filter((t) => sentences[t] === undefined)
    const unknown = Object.keys(sentences).filter((t) => schemas[t] === undefined)
    if (unsaid.length + unknown.length > 0)
      throw new TypeError(
        `${direction}: no sentence for ${unsaid.join()}, no frame for ${unknown.join()}: see scripts/protocol/definitions.ts`,
      )
    const names = Object.keys(schemas).map((t) => {
      const name = `${direction.replace('Frame', '')}${t.slice(0, 1).toUpperCase()}${t.slice(1)}Frame`
      written[name] = writeFrame(t, sentences[t] ?? '', toJsonSchema(schemas[t] as AnySchema, name, known))
      return name
    })
    written[direction] = { description: says, oneOf: names.map((name) => ({ $ref: `#/$defs/${name}` })) }
  }
  return written
}

function writeFrame(t: string, description: string, content: JsonSchema): JsonSchema {
  if ('$ref' in content) return { description, type: 'object', properties: { t: { const: t } }, required: ['t'], allOf: [content] }
  return {
    description,
    type: 'object',
    properties: { t: { const: t }, ...(content.properties as object) },
    required: ['t', ...(content.required as string[])],
  }
}
