import 'fake-indexeddb/auto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareValues } from './value-order.ts'

describe('the order of values', () => {
  it('is that of IndexedDB, for what can be a key there', () => {
    const key: fc.Arbitrary<number | string | unknown[]> = fc.letrec((tie) => ({
      key: fc.oneof(
        { maxDepth: 3 },
        fc.double({ noNaN: true }),
        fc.integer({ min: -2, max: 2 }),
        fc.string({ unit: fc.constantFrom('a', 'b', '\u{ffff}', '\u{1f30a}', '\ud83c'), maxLength: 3 }),
        tie('list'),
      ),
      list: fc.array(tie('key'), { maxLength: 3 }),
    })).key as never
    fc.assert(fc.property(key, key, (a, b) => Math.sign(compareValues(a, b)) === indexedDB.cmp(a, b)))
  })

  it('is total: missing, null, booleans, numbers, texts, lists, objects', () => {
    const inOrder = [undefined, null, false, true, -1, 0, 1.5, '', '1', 'a', 'ab', [], [undefined], [1], [1, 0], ['a'], [[]], {}]
    for (const [at, a] of inOrder.entries())
      for (const [other, b] of inOrder.entries()) expect(Math.sign(compareValues(a, b)), JSON.stringify([a, b])).toBe(Math.sign(at - other))
    expect(compareValues({ a: 1 }, { b: 2 })).toBe(0)
  })
})
