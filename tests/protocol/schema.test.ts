// Goal: docs/protocol.schema.json is true: it says of any text what our own reading says. Method: every schema that is exported must be in it;
// generated values are judged by our parser and by a validator that nobody here wrote, and both must agree, yes or no.
import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { DEFINITIONS, FRAMES } from '../../scripts/protocol/definitions.ts'
import { contentOf } from '../../scripts/protocol/to-json-schema.ts'
import { hold, published, validatorOf } from '../harness/held-to-schema.ts'
import { arbitraryOf, NOISE } from './arbitrary-of.ts'

const RUNS = process.env.CI ? 2000 : 500
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** Schemas of what is kept, not said; and what others are made of. */
const NOT_OF_THE_WIRE = ['apiKeyRecord', 'any', 'yes']
const validate = validatorOf()
const generated = arbitraryOf(published.$defs)

/** Every schema with its name in $defs, frames with their `t`. */
const schemas: (readonly [name: string, schema: v.GenericSchema])[] = [
  ...DEFINITIONS.flatMap(({ name, schema }) => (schema === undefined ? [] : [[name, schema as v.GenericSchema] as const])),
  ...Object.entries(FRAMES).flatMap(([direction, { schemas: frames }]) =>
    Object.entries(frames).map(([t, schema]) => {
      const name = `${direction.replace('Frame', '')}${t.slice(0, 1).toUpperCase()}${t.slice(1)}Frame`
      return [name, v.intersect([v.looseObject({ t: v.literal(t) }), schema as v.GenericSchema])] as const
    }),
  ),
]

/** Where JSON Schema cannot follow, as the descriptions say, or where our reading is looser than it says. */
const isKnownGap = (name: string, text: string): boolean =>
  // UTF-16 units where JSON Schema counts code points.
  /[\ud800-\udbff][\udc00-\udfff]/.test(text) ||
  // A list passes for an object that requires no field.
  (['Limits', 'CommitEnd'].includes(name) && text.startsWith('[')) ||
  (name === 'CommitsAnswer' && /[[,]\[/.test(text)) ||
  /"limits":\[/.test(text)

describe('the published schema', () => {
  it('is one that a strict validator takes, each definition of it', () => {
    for (const name of Object.keys(published.$defs)) expect(validate(name)).toBeTypeOf('function')
  })

  it('has every schema that shared/ and the server read with', async () => {
    const files = globSync(['shared/src/**/*.ts', 'server/src/**/*.ts'], { cwd: ROOT, exclude: ['**/*.test.ts', 'server/src/main.ts'] })
    const written = new Set<unknown>([
      ...DEFINITIONS.map(({ schema }) => schema),
      ...Object.values(FRAMES).flatMap(({ schemas: frames }) => Object.values(frames)),
    ])
    const missing: string[] = []
    for (const file of files) {
      const module = (await import(`${ROOT}/${file}`)) as Record<string, { readonly kind?: unknown } | undefined>
      for (const [name, value] of Object.entries(module))
        if (value?.kind === 'schema' && !written.has(value) && !NOT_OF_THE_WIRE.includes(name))
          missing.push(`${name} of ${file} has no definition in scripts/protocol/definitions.ts`)
    }
    expect(missing).toEqual([])
    expect(files.length).toBeGreaterThan(100)
  })

  it('is never written without what it cannot express: a custom schema without JSON Schema is an error that names the place', () => {
    const inner = v.object({ times: v.array(v.custom(() => true)) })
    expect(() => contentOf(inner, 'Frame', () => undefined)).toThrow('Frame.times.[]: no JSON Schema for a schema of type custom')
    const bounded = v.object({ text: v.pipe(v.string(), v.trim()) })
    expect(() => contentOf(bounded, 'Frame', () => undefined)).toThrow('Frame.text: no JSON Schema for trim')
  })

  it.each(schemas)('says of any %s what our own reading says', (name, schema) => {
    const theirs = validate(name)
    const values = fc.oneof({ weight: 6, arbitrary: generated(published.$defs[name] ?? {}) }, { weight: 1, arbitrary: NOISE })
    const seen = { yes: 0, no: 0 }
    fc.assert(
      fc.property(values, (value) => {
        const text = JSON.stringify(value)
        fc.pre(!isKnownGap(name, text))
        const read: unknown = JSON.parse(text)
        const ours = v.is(schema, read)
        seen[ours ? 'yes' : 'no']++
        expect(theirs(read), `${text} is ${ours ? 'one' : 'none'} of ours`).toBe(ours)
      }),
      { numRuns: RUNS, maxSkipsPerRun: 10_000 },
    )
    expect(Math.min(seen.yes, seen.no), 'both answers come often enough to mean something').toBeGreaterThan(RUNS / 100)
  })

  it('[M3] holds an ack to be done or refused for good, and what stops a batch to be neither and to name where', () => {
    const at = { n: 1, nonce: '9f86d08188c0ffee' }
    const error = (code: string, more = {}) => ({ code, message: 'no', retryable: false, ...more })
    const answer = (ack: object, stop?: object) => ({ acks: [{ ...at, ...ack }], ...(stop === undefined ? {} : { error: stop }) })
    for (const good of [answer({ in: {} }), answer({ error: error('rejected') }), answer({ in: {} }, error('out-of-order', { n: 2 }))])
      expect(() => hold('MutationAnswer', good)).not.toThrow()
    for (const bad of [
      answer({}),
      answer({ in: {}, error: error('rejected') }),
      answer({ error: error('unavailable') }),
      answer({ in: {} }, error('rejected', { n: 2 })),
      answer({ in: {} }, error('internal')),
    ]) {
      expect(() => hold('MutationAnswer', bad), JSON.stringify(bad)).toThrow('no MutationAnswer')
      expect(() => hold('ServerFrame', { t: 'ack', client: 'c', ...bad }), JSON.stringify(bad)).toThrow('no ServerFrame')
    }
  })

  it('holds a server closer than a receiver: no field and no code that it does not know', () => {
    const beat = { t: 'beat', nowMs: 1, sum: 1 }
    const error = { code: 'forbidden', message: 'no', retryable: false }
    expect(() => hold('ServerFrame', beat)).not.toThrow()
    expect(() => hold('ServerFrame', { t: 'error', error })).not.toThrow()
    expect(() => hold('ServerFrame', { ...beat, mood: 'good' })).toThrow('no ServerFrame')
    expect(() => hold('ServerFrame', { t: 'error', error: { ...error, code: 'moody' } })).toThrow('no ServerFrame')
    expect(validate('ServerFrame')({ ...beat, mood: 'good' })).toBe(true)
    expect(validate('ServerFrame')({ t: 'error', error: { ...error, code: 'moody' } })).toBe(true)
  })
})
