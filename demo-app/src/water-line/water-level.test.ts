import { describe, expect, it } from 'vitest'
import { levelOf, tideOf } from './water-level.ts'

describe('the water line', () => {
  it('is calm at the head, and rises below it', () => {
    expect(tideOf('live', 165, 165, false)).toBe('calm')
    expect(tideOf('live', 160, 165, false)).toBe('rising')
    expect(tideOf('catching up', 0, 165, false)).toBe('rising')
  })

  it('is dashed offline, still while connecting, stalled when attempts fail or access is denied', () => {
    expect(tideOf('offline', 1, 9, false)).toBe('dashed')
    expect(tideOf('greeting', 1, 9, false)).toBe('still')
    expect(tideOf('waiting', 9, 9, false)).toBe('stalled')
    expect(tideOf('live', 9, 9, true)).toBe('stalled')
  })

  it('stands as high as the share of the known history that is here', () => {
    expect(levelOf(0, 0)).toBe(1)
    expect(levelOf(40, 160)).toBe(0.25)
    expect(levelOf(10, 3)).toBe(1)
  })
})
