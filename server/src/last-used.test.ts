import { describe, expect, it } from 'vitest'
import { LastUsed } from './last-used.ts'

describe('what was used last', () => {
  it('is as much as the bounds say, in number and in size; the oldest use goes first', () => {
    const kept = new LastUsed<string>(3, 100, (text) => text.length)
    for (const key of ['a', 'b', 'c']) kept.keep(key, 'x'.repeat(10))
    kept.get('a')
    kept.keep('d', 'x'.repeat(10))
    expect(['a', 'b', 'c', 'd'].map((key) => kept.get(key) !== undefined)).toEqual([true, false, true, true])
    kept.keep('e', 'x'.repeat(90))
    expect([kept.get('a'), kept.size]).toEqual([undefined, 100])
    kept.keep('f', 'x'.repeat(1000))
    expect(kept.size).toBe(0)
  })

  it('counts what takes the place of another once', () => {
    const kept = new LastUsed<string>(3, 100, (text) => text.length)
    kept.keep('a', 'x'.repeat(60))
    kept.keep('a', 'x'.repeat(70))
    expect([kept.get('a')?.length, kept.size]).toEqual([70, 70])
  })
})
