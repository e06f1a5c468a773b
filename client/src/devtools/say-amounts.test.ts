import { describe, expect, it } from 'vitest'
import { sayBytes, saySpan } from './say-amounts.ts'

describe('amounts in words', () => {
  it('bytes have two or three digits and a unit', () => {
    expect([0, 812, 1000, 9949, 9951, 123_456, 999_600, 4_200_000, 3.1e9].map(sayBytes)).toEqual([
      '0 B',
      '812 B',
      '1.0 kB',
      '9.9 kB',
      '10 kB',
      '123 kB',
      '1.0 MB',
      '4.2 MB',
      '3.1 GB',
    ])
  })

  it('spans are as exact as anybody reads them', () => {
    const s = 1000
    expect([0, 499, 12 * s, 99 * s, 100 * s, 120 * s, 900 * s, 3600 * s, 7500 * s, 100 * 3600 * s].map(saySpan)).toEqual([
      'now',
      'now',
      '12 s',
      '99 s',
      '1 min 40 s',
      '2 min',
      '15 min',
      '1 h',
      '2 h 5 min',
      '4 d',
    ])
  })
})
