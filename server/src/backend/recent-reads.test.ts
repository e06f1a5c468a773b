import { describe, expect, it } from 'vitest'
import { RecentReads } from './recent-reads.ts'

describe('ranges read lately', () => {
  it('answer who asks for the same while the space is in the state in which they were read', () => {
    const recent = new RecentReads(10, 1000)
    const range = recent.keep('a', '5 a 0 0', { text: 'x' } as never)
    expect(recent.get('a', '5 a 0 0')).toBe(range)
    expect(recent.get('b', '5 a 0 0')).toBeUndefined()
    expect(recent.get('a', '6 b 0 0')).toBeUndefined()
    expect(recent.get('a', '5 a 0 4')).toBeUndefined()
  })
})
