import fc from 'fast-check'

type Schema = { readonly [keyword: string]: unknown }

/** What is wrong nearly everywhere, and JSON all the same. */
export const NOISE: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown[]>(null, true, -1, 0, 1.5, 2 ** 53, '', '1', '__proto__', 'constructor', 'a:prototype', [], {}, [0], [[]]),
  fc.jsonValue({ maxDepth: 2 }),
)
/** Of how many places one holds noise. */
const NOISE_ONE_IN = 40

/** Values that a JSON Schema means, now and then with noise in a place. `$defs`: what its references name. */
export function arbitraryOf($defs: Readonly<Record<string, Schema>>): (schema: Schema) => fc.Arbitrary<unknown> {
  const made = new Map<Schema, fc.Arbitrary<unknown>>()

  function of(schema: Schema): fc.Arbitrary<unknown> {
    const known = made.get(schema)
    if (known !== undefined) return known
    const noisy = fc.oneof({ weight: NOISE_ONE_IN - 1, arbitrary: meant(schema) }, { weight: 1, arbitrary: NOISE })
    made.set(schema, noisy)
    return noisy
  }

  const target = ($ref: unknown): Schema => $defs[String($ref).slice('#/$defs/'.length)] as Schema
  const list = (value: unknown): readonly Schema[] => (value as readonly Schema[] | undefined) ?? []

  function meant(schema: Schema): fc.Arbitrary<unknown> {
    const { $ref, anyOf, oneOf, allOf, type, pattern, minimum = 0, maximum = 1e6, properties } = schema
    if ($ref !== undefined) return of(target($ref))
    if ('const' in schema) return fc.constant(schema.const)
    if (schema.enum !== undefined) return fc.constantFrom(...(schema.enum as unknown[]))
    if (anyOf ?? oneOf) return fc.oneof(...list(anyOf ?? oneOf).map(of))
    if (properties !== undefined) {
      const own = record(schema)
      const bases = list(allOf).map((base) => of(base))
      return fc.tuple(own, ...bases).map((parts) => Object.assign({}, ...parts))
    }
    switch (type) {
      case 'string':
        return pattern === undefined ? fc.string({ maxLength: 8 }) : textOf(String(pattern))
      case 'boolean':
        return fc.boolean()
      case 'integer':
        return fc.oneof(fc.integer({ min: Number(minimum), max: 1e6 }), fc.constantFrom(minimum, maximum))
      case 'number':
        return fc.double({ min: Number(minimum), max: Number(maximum), noNaN: true, noDefaultInfinity: true })
      case 'array':
        return schema.prefixItems === undefined
          ? fc.array(of((schema.items as Schema | undefined) ?? {}), { maxLength: 3 })
          : fc.tuple(...list(schema.prefixItems).map(of))
      case 'object': {
        const value = schema.additionalProperties as Schema | undefined
        const name = (schema.propertyNames as Schema | undefined) ?? {}
        const key = (name.$ref === undefined ? fc.string({ maxLength: 8 }) : of(name)).map((text) =>
          typeof text === 'string' ? text : JSON.stringify(text),
        )
        return fc.dictionary(key, value === undefined ? fc.jsonValue({ maxDepth: 1 }) : of(value), { maxKeys: 3, noNullPrototype: true })
      }
      default:
        return fc.jsonValue({ maxDepth: 1 })
    }
  }

  /** The fields of an object, those that it need not have perhaps, and sometimes one more or one less. */
  function record({ properties, required }: Schema): fc.Arbitrary<object> {
    const fields = Object.fromEntries(Object.entries(properties as Record<string, Schema>).map(([name, field]) => [name, of(field)]))
    const names = (required as string[] | undefined) ?? []
    return fc
      .tuple(fc.record(fields, { requiredKeys: names, noNullPrototype: true }), fc.nat(NOISE_ONE_IN), NOISE)
      .map(([whole, dice, noise]) => {
        if (dice === 0) return { ...whole, laterField: noise }
        const gone = dice === 1 ? names[0] : undefined
        return Object.fromEntries(Object.entries(whole).filter(([name]) => name !== gone))
      })
  }

  return of
}

/** Texts of this pattern, texts that are nearly of it, and texts whose last part is as long as the pattern allows, or one longer. */
function textOf(pattern: string): fc.Arbitrary<string> {
  const fitting = fc.stringMatching(new RegExp(pattern, 'u'))
  const spoilt = fc.tuple(fitting, fc.nat(), fc.constantFrom(':', ' ', 'Ä', '\u0000', '~', 'g')).map(([text, at, more]) => {
    const place = at % (text.length + 1)
    return text.slice(0, place) + more + text.slice(place)
  })
  const bounds = [...pattern.matchAll(/(\d+)\}/g)].map(([, bound]) => Number(bound))
  if (bounds.length === 0) return fitting
  const longest = fc.tuple(fitting, fc.constantFrom(...bounds), fc.boolean()).map(([text, bound, over]) => {
    const start = text.search(/[^:_]*$/)
    return text.padEnd(start + bound + (over ? 1 : 0), text.slice(-1) || 'a')
  })
  return fc.oneof({ weight: 20, arbitrary: fitting }, { weight: 1, arbitrary: spoilt }, { weight: 1, arbitrary: longest })
}
