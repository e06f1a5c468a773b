import { describe, expect, it } from 'vitest'
import { RecentReads } from './recent-reads.ts'

const rangeOf = (text: string) => ({ text }) as never

describe('ranges read lately', () => {
  it('answer who asks for the same while the space is in the state in which they were read', () => {
    const recent = new RecentReads(10, 1000)
    const range = recent.keep('a', '5 a 0 0', rangeOf('x'))
    expect(recent.get('a', '5 a 0 0')).toBe(range)
    expect(recent.get('b', '5 a 0 0')).toBeUndefined()
    expect(recent.get('a', '6 b 0 0')).toBeUndefined()
    expect(recent.get('a', '5 a 0 4')).toBeUndefined()
  })

  it('are as many as the bounds say, in number and in characters; the oldest use goes first', () => {
    const state = '1 a 0 0'
    const recent = new RecentReads(3, 100)
    for (const key of ['a', 'b', 'c']) recent.keep(key, state, rangeOf('x'.repeat(10)))
    recent.get('a', state)
    recent.keep('d', state, rangeOf('x'.repeat(10)))
    expect(['a', 'b', 'c', 'd'].map((key) => recent.get(key, state) !== undefined)).toEqual([true, false, true, true])
    recent.keep('e', state, rangeOf('x'.repeat(90)))
    expect([recent.get('a', state), recent.characters]).toEqual([undefined, 100])
    recent.keep('f', state, rangeOf('x'.repeat(1000)))
    expect(recent.characters).toBe(0)
  })
})
