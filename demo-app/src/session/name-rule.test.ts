import { describe, expect, it } from 'vitest'
import { NAME_RULE, nameProblem } from './name-rule.ts'

describe('names of users and rooms', () => {
  it('are what a space id can carry', () => {
    for (const name of ['alice', 'Alice_2', 'a.b~c-d', 'x'.repeat(32)]) expect(nameProblem(name)).toBeUndefined()
  })

  it('are explained when they are not', () => {
    expect(nameProblem('')).toMatch(/first/)
    for (const name of ['two words', '小明', 'a:b', 'a/b', 'x'.repeat(33)]) expect(nameProblem(name)).toBe(NAME_RULE)
    expect(nameProblem('constructor')).toMatch(/another name/)
  })
})
