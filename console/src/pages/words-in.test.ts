import { expect, it } from 'vitest'
import { inParts, wordsIn } from './words-in.ts'

it('a pasted list is read as people write lists, each word once, and in parts that a mutation takes', () => {
  expect(wordsIn(' spam\r\nham, ham，广告、违禁;x\n\n', 64)).toEqual({ words: ['spam', 'ham', '广告', '违禁', 'x'], tooLong: 0 })
  expect(wordsIn(`${'x'.repeat(65)}\nok`, 64)).toEqual({ words: ['ok'], tooLong: 1 })
  expect(wordsIn(' \n', 64)).toEqual({ words: [], tooLong: 0 })
  const many = Array.from({ length: 1201 }, (_, n) => n)
  expect(inParts(many, 500).map((part) => part.length)).toEqual([500, 500, 201])
  expect(inParts([], 500)).toEqual([])
})
