import { expect, it } from 'vitest'
import { pathOf, roundTop } from './scale.ts'

it('an axis ends at a round number that holds the highest', () => {
  expect([0, 1, 1.2, 3, 5, 6, 11, 99, 100, 2001].map(roundTop)).toEqual([1, 1, 2, 5, 5, 10, 20, 100, 100, 5000])
})

it('a line runs through its points, and stays in its box', () => {
  const points = [
    { atMs: 0, value: 0 },
    { atMs: 50, value: 5 },
    { atMs: 100, value: 30 },
  ]
  expect(pathOf(points, 0, 100, 10, 200, 40)).toBe('M0 40L100 20L200 0')
  expect(pathOf([], 0, 100, 10, 200, 40)).toBe('')
  expect(pathOf([{ atMs: 7, value: 1 }], 7, 7, 1, 200, 40)).toBe('M0 0')
})
