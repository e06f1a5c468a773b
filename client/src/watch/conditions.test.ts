import { describe, expect, it } from 'vitest'
import type { Condition } from './condition.ts'
import {
  above,
  aboveOrEqual,
  anyOf,
  below,
  belowOrEqual,
  between,
  equals,
  exists,
  includes,
  noneOf,
  not,
  startsWith,
} from './conditions.ts'

const VALUES = [undefined, null, false, true, 0, 1, 2, '', '1', 'ab', [1], { a: 1 }] as const
const names = VALUES.map((value) => (value === undefined ? 'missing' : JSON.stringify(value)))
/** The values for which it holds. */
const of = (condition: Condition<any>) => names.filter((_, at) => condition.holds(VALUES[at] as never)).join(' ')

describe('a condition', () => {
  it('holds for what it names, and compares only what is of one kind', () => {
    expect({
      'equals 1': of(equals(1)),
      'equals null': of(equals(null)),
      'equals an object': of(equals({ a: 1 })),
      'above 1': of(above(1)),
      'above or equal 1': of(aboveOrEqual(1)),
      'below 1': of(below(1)),
      'below or equal 1': of(belowOrEqual(1)),
      'below a text': of(below('2')),
      'between 0 and 2': of(between(0, 2)),
      'between, with its end alone': of(between(0, 2, false, true)),
      'starts with': of(startsWith('a')),
      'any of': of(anyOf([1, null, 'ab'])),
      'none of': of(noneOf([1, null, 'ab'])),
      'not 1': of(not(1)),
      'not null': of(not(null)),
      'not above 1': of(not(above(1))),
      exists: of(exists()),
      'not there': of(not(exists())),
      includes: of(includes(1)),
    }).toEqual({
      'equals 1': '1',
      'equals null': 'null',
      'equals an object': '{"a":1}',
      'above 1': '2',
      'above or equal 1': '1 2',
      'below 1': '0',
      'below or equal 1': '0 1',
      'below a text': '"" "1"',
      'between 0 and 2': '0 1',
      'between, with its end alone': '1 2',
      'starts with': '"ab"',
      'any of': 'null 1 "ab"',
      'none of': 'missing false true 0 2 "" "1" [1] {"a":1}',
      'not 1': 'missing null false true 0 2 "" "1" "ab" [1] {"a":1}',
      'not null': 'missing false true 0 1 2 "" "1" "ab" [1] {"a":1}',
      'not above 1': 'missing null false true 0 1 "" "1" "ab" [1] {"a":1}',
      exists: 'null false true 0 1 2 "" "1" "ab" [1] {"a":1}',
      'not there': 'missing',
      includes: '[1]',
    })
  })

  it('has a key that says all that it asks', () => {
    const all = [
      above(1),
      above('1'),
      above(Number.NEGATIVE_INFINITY),
      above(Number.POSITIVE_INFINITY),
      above(Number.NaN),
      above('Infinity'),
      below(1),
      between(1, 2),
      between(1, 2, false),
      between(1, 2, true, true),
      anyOf([1]),
      anyOf([null]),
      anyOf([undefined]),
      anyOf([[1]]),
      not(anyOf([1])),
      equals([1]),
      exists(),
      includes(1),
      startsWith('1'),
    ]
    expect(new Set(all.map(({ key }) => key)).size).toBe(all.length)
    expect(between(1, 2).key).toBe(between(1, 2).key)
  })
})
