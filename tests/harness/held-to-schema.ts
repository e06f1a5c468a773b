import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'

type Schema = { readonly [keyword: string]: unknown }

/** docs/protocol.schema.json as a third party finds it. */
export const published = JSON.parse(readFileSync(new URL('../../docs/protocol.schema.json', import.meta.url), 'utf8')) as Schema & {
  readonly $defs: Readonly<Record<string, Schema>>
}

/** A validator that nobody here wrote, over the published schema, for one of its `$defs`. */
export function validatorOf(schema: Schema = published): (name: string) => ValidateFunction {
  const ajv = new Ajv2020({ allErrors: true, strict: true, strictRequired: false, strictTypes: false, strictTuples: false })
  ajv.addSchema(schema, 'protocol')
  return (name) => ajv.getSchema(`protocol#/$defs/${name}`) ?? ajv.compile({ $ref: `protocol#/$defs/${name}` })
}

/** Codes with which an ack may refuse for good; no other one stands in an ack, and none of them ends a batch [M3]. */
const REFUSALS = ['invalid', 'rejected', 'forbidden', 'not-found', 'too-large', 'outcome-unknown']

/** What the ends of this build may say is narrower than what a receiver must take: no field that the schema does not know, no other code. */
function narrow(schema: typeof published): Schema {
  const $defs: Record<string, Schema> = {}
  for (const [name, definition] of Object.entries(schema.$defs)) $defs[name] = closed(definition)
  // A client sends nothing that is malformed on purpose.
  $defs.Numbered = { anyOf: [{ $ref: '#/$defs/Mutation' }, { $ref: '#/$defs/VoidMutation' }] }
  const { properties } = $defs.Error as { properties: Schema }
  $defs.Error = { ...$defs.Error, properties: { ...properties, code: { $ref: '#/$defs/ErrorCode' } } }
  $defs.Ack = { ...$defs.Ack, oneOf: [{ required: ['in'] }, { required: ['error'] }] }
  put($defs, 'Ack', 'error', { $ref: '#/$defs/Error', properties: { code: { enum: REFUSALS } } })
  for (const name of ['MutationAnswer', 'ServerAckFrame'])
    put($defs, name, 'error', { $ref: '#/$defs/Error', required: ['n'], properties: { code: { not: { enum: REFUSALS } } } })
  return { ...schema, $defs }
}

function put($defs: Record<string, Schema>, name: string, field: string, schema: Schema): void {
  $defs[name] = { ...$defs[name], properties: { ...($defs[name]?.properties as object), [field]: schema } }
}

/** An object with the properties of what it builds on, and no others. */
function closed({ allOf = [], ...definition }: Schema): Schema {
  if (definition.properties === undefined) return { ...definition, ...((allOf as unknown[]).length > 0 ? { allOf } : {}) }
  const bases = (allOf as { $ref: string }[]).map(({ $ref }) => published.$defs[$ref.slice('#/$defs/'.length)] as Schema)
  return {
    ...definition,
    properties: Object.assign({}, definition.properties, ...bases.map(({ properties }) => properties)),
    required: [definition, ...bases].flatMap(({ required }) => (required as string[] | undefined) ?? []),
    additionalProperties: false,
  }
}

const ofOurs = validatorOf(narrow(published))

/** Throws, with what came, where an end of ours said what the published schema does not know. */
export function hold(name: string, value: unknown): void {
  const validate = ofOurs(name)
  if (!validate(value))
    throw new Error(
      `no ${name} of docs/protocol.schema.json: ${JSON.stringify(validate.errors?.[0])} in ${JSON.stringify(value).slice(0, 1000)}`,
    )
}

const BODIES: readonly (readonly [method: string, path: RegExp, name: string])[] = [
  ['GET', /^\/v1\/spaces\/[^/]+\/changes(\?|$)/, 'Range'],
  ['GET', /^\/v1\/spaces\/[^/]+\/collections\/[^/]+\/older(\?|$)/, 'OlderPage'],
  ['POST', /^\/v1\/mutations$/, 'MutationAnswer'],
  ['POST', /^\/v1\/commits$/, 'CommitsAnswer'],
  ['POST', /^\/v1\/poll$/, 'PollAnswer'],
  ['GET', /^\/v1\/spaces\/[^/]+\/lanes\/[^/]+(\?|$)/, 'LaneRing'],
  ['GET', /^\/v1\/spaces\/[^/]+\/lanes\/[^/]+\/archive\/[^/]+$/, 'LanePage'],
  ['POST', /^\/v1\/spaces\/[^/]+\/lanes\/[^/]+$/, 'SaidAnswer'],
  ['POST', /^\/v1\/anonymous$/, 'AnonymousAnswer'],
]

/** Holds an answer of HTTP against what the published schema has for its route. */
export function holdAnswer(method: string, path: string, status: number, body: unknown): void {
  if (status >= 400) {
    if (path.startsWith('/v1/') && method !== 'HEAD') hold('ErrorBody', body)
    return
  }
  const name = BODIES.find(([of, route]) => of === method && route.test(path))?.[2]
  if (status === 200 && name !== undefined) hold(name, body)
}
