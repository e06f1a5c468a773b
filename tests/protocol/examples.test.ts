// Goal: what docs/protocol.md shows is what docs/protocol.schema.json says. Method: every example of the page, its placeholders filled,
// goes through a validator that nobody here wrote. An example that is shown and known to no line here is an error, and the reverse.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { published, validatorOf } from '../harness/held-to-schema.ts'

const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8')
const validate = validatorOf()

/** What an example shows that is not a frame, by how it begins: the name of its definition, or why it has none. */
const BODIES: readonly (readonly [begins: string, name: string | { readonly none: string }])[] = [
  ['{"v":165,', 'Change'],
  ['{"v":166,', 'Change'],
  ['{"v":167,', 'Change'],
  ['{"space":"room:42","from":120,', 'Range'],
  ['{"client","on","mutations":', 'MutationBatch'],
  ['{"docs":', 'OlderPage'],
  ['{"n":7,"nonce":"9f86d08188c0ffee","space":', 'Mutation'],
  ['{"n","nonce","void":true}', 'VoidMutation'],
  ['{"error":{"code":', 'ErrorBody'],
  ['{"spaces":1000,', 'Limits'],
  ['{"commits":[{"key":', 'CommitsBody'],
  ['{"commits":[{"in":', 'CommitsAnswer'],
  ['{"commits":[...]}', { none: 'the body is shown in §6' }],
  ['{...hello, "waitS":25}', 'PollBody'],
  ['{"space":"live:1","lane":"danmu","tickMs":', 'LaneRing'],
  ['{"space":"live:1","lane":"danmu","from":', 'LanePage'],
  ['{"id":"k3Jx"?,', 'SayBody'],
  ['{"id":"k3Jx"}', 'SaidAnswer'],
  ['{"online":12,', 'Presence'],
  ['{"token":', 'AnonymousAnswer'],
  ['{"t":"note",', { none: 'push is not built' }],
  ['{"device":"c_...","note":', { none: 'push is not built' }],
  ['{"devices":', { none: 'push is not built' }],
  ['{"online":n,', { none: 'push is not built' }],
  ['{...}', { none: 'push is not built' }],
]

const RANGE = '"space":"room:42","from":1,"on":"77ab12f0","to":2,"seal":"9f3a01c2","head":2,"changes":[]'
const HELLO = '"client":"c_AAAAAAAAAAAAAAAAAAAAAA","spaces":{},"nextS":60,"app":"1"'
/** A value for each name that the page writes without one. */
const VALUES: Readonly<Record<string, string>> = {
  client: '"c_AAAAAAAAAAAAAAAAAAAAAA"',
  on: '""',
  v: '97',
  c: '"messages"',
  id: '"m1"',
  put: '{}',
  b: '55',
  n: '7',
  nonce: '"9f86d08188c0ffee"',
  by: '"bob"',
}

/** An example as JSON: names without a value get one, dots stand for what fits there, a question mark for what may be left out. */
function filled(example: string): unknown {
  const text = example
    .replace('...range body', RANGE)
    .replace('...hello', HELLO)
    .replace(/(?<=[{,])"(\w+)"(?=[,}])/g, (_, name) => `"${name}":${VALUES[name] ?? '0'}`)
    .replaceAll('"c_..."', VALUES.client ?? '')
    .replace(/"error":\{\.\.\./g, '"error":{"code":"invalid","message":"no"')
    .replaceAll('}...]', '}]')
    .replaceAll(',...]', ']')
    .replaceAll('[...]', '[]')
    .replaceAll('{...}', '{}')
    .replace(/:\.\.\.(?=[,}])/g, ':1')
    .replace(/\?(?=\s*[,}])/g, '')
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Error(`an example of docs/protocol.md that this test cannot fill: ${example} became ${text}`, { cause })
  }
}

/** Every JSON object of the page, in code of a line or of a block, with the direction that its part of the page is about. */
function examplesOf(text: string): { readonly shown: string; readonly direction: string }[] {
  const blocks = [...text.matchAll(/^```\n([^`]*)^```/gm)].flatMap(({ 1: block = '', index }) =>
    block
      .replaceAll('\n ', ' ')
      .split('\n')
      .map((line) => ({ shown: line.replace(/ {2,}[^"]*$/, ''), index })),
  )
  const spans = [...text.replace(/^```\n[^`]*^```/gm, (block) => ' '.repeat(block.length)).matchAll(/`(?:[^`{]* )?(\{[^`]*\})`/g)]
  return [...blocks, ...spans.map(({ 1: shown = '', index }) => ({ shown, index }))]
    .filter(({ shown }) => /^\{["{.]/.test(shown))
    .map(({ shown, index }) => ({ shown, direction: index < text.indexOf('Server to client:') ? 'ClientFrame' : 'ServerFrame' }))
}

const examples = examplesOf(page)

describe('an example of the page', () => {
  it.each(examples)('$shown', ({ shown, direction }) => {
    const known = BODIES.find(([begins]) => shown.startsWith(begins))?.[1]
    const isFrame = shown.startsWith('{"t":')
    expect(known !== undefined || isFrame, 'give it a line in BODIES: the definition it shows, or why it has none').toBe(true)
    if (typeof known === 'object') {
      // Its reason holds as long as the schema knows no such frame.
      const t = /^\{"t":"(\w+)"/.exec(shown)?.[1]
      if (t !== undefined) expect(JSON.stringify(published)).not.toContain(`"const":"${t}"`)
      return
    }
    const check = validate(known ?? direction)
    expect(check(filled(shown)), JSON.stringify(check.errors)).toBe(true)
  })

  it('is there for every line of this test, and for every frame that the schema has', () => {
    const unused = BODIES.filter(([begins]) => !examples.some(({ shown }) => shown.startsWith(begins)))
    expect(unused).toEqual([])
    for (const direction of ['ClientFrame', 'ServerFrame']) {
      const { oneOf } = published.$defs[direction] as { oneOf: { $ref: string }[] }
      for (const { $ref } of oneOf) {
        const { properties } = published.$defs[$ref.slice('#/$defs/'.length)] as { properties: { t: { const: string } } }
        const t = properties.t.const
        const shown = examples.some((example) => example.direction === direction && example.shown.startsWith(`{"t":"${t}"`))
        expect(shown, `docs/protocol.md shows no ${t} of ${direction}`).toBe(true)
      }
    }
  })

  it.each([
    ['put', 'PutArgs'],
    ['patch', 'PatchArgs'],
    ['delete', 'DeleteArgs'],
  ])('the arguments of the built-in %s are those of %s', (mutator, name) => {
    const listed = new RegExp(`\`${mutator} \\{([^}]*)\\}\``).exec(page)?.[1]?.split(',') ?? []
    const { properties, required } = published.$defs[name] as { properties: object; required: string[] }
    expect(listed.map((field) => field.replace('?', '')).sort()).toEqual(Object.keys(properties).sort())
    expect(listed.filter((field) => !field.endsWith('?')).sort()).toEqual([...required].sort())
  })

  it('of an error code is one of the table, and the table has every one, with its status', () => {
    const rows = [...page.matchAll(/`([a-z-]+)`[^|]*\| (\d{3}) \|/g)].map(([, code, status]) => `${code} ${status}`)
    const { description, enum: codes } = published.$defs.ErrorCode as { description: string; enum: string[] }
    expect(rows.sort()).toEqual([...description.matchAll(/([a-z-]+) (\d{3})/g)].map(([pair]) => pair).sort())
    expect(rows.map((row) => row.split(' ')[0])).toEqual([...codes].sort())
  })
})
