import { expect, it } from 'vitest'
import { sameValue } from './same-value.ts'

const error = new Error('x')
it.each<[unknown, unknown, boolean]>([
  [1, 1, true],
  [Number.NaN, Number.NaN, true],
  [1, '1', false],
  [null, {}, false],
  [{ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }, true],
  [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
  [{ a: undefined }, {}, false],
  [[1], { 0: 1 }, false],
  [[1, 2], [1], false],
  [{ error }, { error }, true],
  [new Error('x'), new Error('x'), false],
  [new Map(), new Map(), false],
])('%j and %j: %s', (a, b, same) => {
  expect(sameValue(a, b)).toBe(same)
  expect(sameValue(b, a)).toBe(same)
})
