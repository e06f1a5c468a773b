// Goal: nobody changes the wire without a word. Method: the last line of docs/protocol-history.md is held against the schemas that
// both ends read with, and against the numbers that the handshake uses.
import { readFileSync } from 'node:fs'
import { PROTOCOL, PROTOCOL_SERVED_FROM } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { schemaDocument, wireHash } from '../../scripts/protocol/schema-document.ts'
import type { JsonSchema } from '../../scripts/protocol/to-json-schema.ts'

const PAGE = 'docs/protocol-history.md'
const lines = readFileSync(new URL(`../../${PAGE}`, import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => /^\| \d/.test(line))
  .map((line) => {
    const [date = '', protocol, servedFrom, what = '', hash = ''] = line
      .split('|')
      .slice(1)
      .map((cell) => cell.trim())
    return { date, protocol: Number(protocol), servedFrom: Number(servedFrom), what, hash }
  })
const last = lines.at(-1)

describe('the history of the wire', () => {
  it('ends with the hash of all schemas', () => {
    const hash = wireHash(schemaDocument())
    expect(
      last?.hash,
      [
        `The wire changed: its schemas have the hash ${hash}, and the last line of ${PAGE} says ${last?.hash}.`,
        'If nothing on the wire was meant to change, find what did: `npm run protocol && git diff docs/protocol.schema.json`.',
        'Else decide whether an older end misreads it. If so, take the next PROTOCOL in shared/src/protocol-version.ts, and say in',
        'PROTOCOL_SERVED_FROM which ones a server still serves. Then add a line at the end of the history:',
        `| date | ${PROTOCOL} | ${PROTOCOL_SERVED_FROM} | what changed | ${hash} |`,
      ].join('\n'),
    ).toBe(hash)
  })

  it('ends with the numbers of this build', () => {
    expect([last?.protocol, last?.servedFrom], `${PAGE} and shared/src/protocol-version.ts name other numbers`).toEqual([
      PROTOCOL,
      PROTOCOL_SERVED_FROM,
    ])
  })

  it('never goes back, and says something in each line', () => {
    expect(lines.length).toBeGreaterThan(0)
    for (const [at, { date, protocol, servedFrom, what, hash }] of lines.entries()) {
      expect(what.length).toBeGreaterThan(10)
      expect(date).toMatch(/^\d{4}-\d\d-\d\d$/)
      expect(hash).toMatch(/^[0-9a-f]{16}$/)
      expect(servedFrom).toBeLessThanOrEqual(protocol)
      const before = lines[at - 1]
      if (before === undefined) continue
      expect(date >= before.date && protocol >= before.protocol && servedFrom >= before.servedFrom, `the line of ${date} goes back`).toBe(
        true,
      )
    }
  })

  it('has a hash that knows what is said, and neither words about it nor the order of its parts', () => {
    const { $defs } = schemaDocument() as { $defs: Record<string, JsonSchema> }
    const hash = wireHash({ $defs })
    const withAck = (ack: JsonSchema) => wireHash({ $defs: { ...$defs, Ack: { ...$defs.Ack, ...ack } } })
    const { properties, required } = $defs.Ack as { properties: JsonSchema; required: string[] }
    expect(withAck({ description: 'otherwise' })).toBe(hash)
    expect(withAck({ required: [...required].reverse(), properties: Object.fromEntries(Object.entries(properties).reverse()) })).toBe(hash)
    expect(wireHash({ $defs: Object.fromEntries(Object.entries($defs).reverse()) })).toBe(hash)
    expect(withAck({ required: ['n'] })).not.toBe(hash)
    expect(withAck({ properties: { ...properties, description: { type: 'string' } } })).not.toBe(hash)
    expect(withAck({ properties: { ...properties, n: { type: 'integer' } } })).not.toBe(hash)
  })
})
