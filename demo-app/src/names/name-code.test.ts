import { isSpaceId, isUserId } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { idOf, isNameId, nameOf, nameProblem, tidyName } from './name-code.ts'

const NAMES = [
  'alice',
  'Alice_2',
  'a.b~c-d',
  'x'.repeat(32),
  '小明',
  '三号码头',
  'two words',
  'a:b',
  'a/b',
  '~alice',
  'Zoë',
  '🌊',
  '水'.repeat(31),
]

describe('names of users and rooms', () => {
  it('are in any language, and their ids are what the protocol can carry', () => {
    for (const name of NAMES) {
      expect([name, nameProblem(name)]).toEqual([name, undefined])
      const id = idOf(name)
      expect([nameOf(id), isNameId(id), isSpaceId(`room:${id}`), isUserId(id)]).toEqual([name, true, true, true])
    }
    expect(new Set(NAMES.map(idOf)).size).toBe(NAMES.length)
    expect(idOf('alice')).toBe('alice')
    expect(idOf('小明')).toBe('~5bCP5piO')
  })

  it('are one name however they are typed', () => {
    expect(tidyName('  two \u00a0 words ')).toBe('two words')
    expect(tidyName('Zoe\u0308')).toBe('Zoë')
  })

  it('are not empty, not endless, and have nothing unseen in them', () => {
    expect(nameProblem('')).toBe('empty')
    for (const long of ['x'.repeat(33), '水'.repeat(32)]) expect(nameProblem(long)).toBe('too long')
    for (const unseen of ['a\u202eb', 'a\u200bb', 'a\nb', '\u0007', '\ud83d'])
      expect([unseen, nameProblem(unseen)]).toEqual([unseen, 'unseen'])
    expect(nameProblem('constructor')).toBe('reserved')
  })

  it('cannot be made to look like another one by an id that nobody was given', () => {
    const forged = ['~YWxpY2U', '~5bCP5piO5', '~ICBh', '~_w', '~gICA', idOf('a\u200bb')]
    for (const id of forged) expect(nameOf(id)).toBe(id)
  })
})
