// Goal: the check that holds rules, tests and the list of what is not built together fails in every direction. Method: small pages,
// tests and lists; the real ones are held by `npm run check`.
import { describe, expect, it } from 'vitest'
import { faultsOf, quotedIn, rulesOf } from '../../scripts/protocol/rules.ts'

const PAGE = ['| [R9] | a row |', '[B9] A line, see [R9].', '- [N9] An item.', 'What [B9] says, in a line.'].join('\n')
const quotes = (...names: string[]) => new Map(names.map((name) => [name, 'x.test.ts']))
const allQuoted = quotes('R9', 'B9', 'N9')

describe('the check of rules', () => {
  it('knows a rule by the line, row or item that it begins', () => {
    expect(rulesOf(PAGE)).toEqual(['R9', 'B9', 'N9'])
  })

  it('reads quotes in titles alone: of tests and groups, with tables and over lines, not in comments, texts or skipped tests', () => {
    // Written with < and >, so that this file itself quotes none of it.
    const source = [
      "it('<R9> one', () {})",
      "describe('a group <B9>', () {})",
      "it.each([[1]])('<N9> %i', () {})",
      'it.each([1])(\n  "<N9 later> two",\n  () {})',
      "it(`<R9> <B9> it's two`, () {})",
      '// <C9> a comment',
      "const text = '<C9> a text'",
      "expect(x).toBe('<C9>')",
      "it.skip('<C9> three', () {})",
    ]
      .join('\n')
      .replaceAll('<', '[')
      .replaceAll('>', ']')
    expect(quotedIn(source)).toEqual(['R9', 'B9', 'N9', 'N9 later', 'R9', 'B9'])
  })

  it('finds nothing wrong where each rule has a test, or a reason', () => {
    expect(faultsOf(PAGE, allQuoted, [])).toEqual([])
    expect(faultsOf(PAGE, quotes('R9', 'B9'), [{ rule: 'N9', why: 'not yet' }])).toEqual([])
    expect(faultsOf(PAGE, allQuoted, [{ rule: 'B9', part: 'standby', why: 'not yet' }])).toEqual([])
  })

  it('finds a rule with neither test nor reason; the reason for a part is none for the rule', () => {
    expect(faultsOf(PAGE, quotes('R9', 'N9'), [])).toEqual([
      expect.stringContaining('[B9] stands in docs/protocol.md, and no test quotes it'),
    ])
    expect(faultsOf(PAGE, quotes('R9', 'N9'), [{ rule: 'B9', part: 'standby', why: 'not yet' }])).toHaveLength(1)
  })

  it('finds a reason that no longer holds, for a rule and for a part of one', () => {
    expect(faultsOf(PAGE, allQuoted, [{ rule: 'N9', why: 'not yet' }])).toEqual([
      '[N9] is listed as not built, and x.test.ts quotes it: take it off the list in scripts/protocol/rules.ts',
    ])
    const withPart = quotes('R9', 'B9', 'B9 standby', 'N9')
    expect(faultsOf(PAGE, withPart, [{ rule: 'B9', part: 'standby', why: 'not yet' }])).toEqual([
      expect.stringContaining('[B9 standby] is listed as not built'),
    ])
  })

  it('finds names that the page does not have: quoted, listed, or its own', () => {
    expect(faultsOf(PAGE, quotes('R9', 'B9', 'N9', 'N8', 'P9'), [])).toEqual([
      'x.test.ts quotes [N8], which docs/protocol.md does not have',
    ])
    expect(faultsOf(PAGE, allQuoted, [{ rule: 'Z9', why: 'not yet' }])).toEqual([expect.stringContaining('lists [Z9]')])
    expect(faultsOf(`${PAGE}\nas [Z9] says`, allQuoted, [])).toEqual([expect.stringContaining('[Z9] is named')])
  })
})
