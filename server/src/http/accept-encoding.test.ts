import { describe, expect, it } from 'vitest'
import { negotiated } from './accept-encoding.ts'

describe('Accept-Encoding', () => {
  it.each([
    [undefined, undefined],
    ['', undefined],
    ['identity', undefined],
    ['gzip', 'gzip'],
    ['GZIP', 'gzip'],
    ['x-gzip', 'gzip'],
    ['deflate', undefined],
    ['gzip, deflate, br, zstd', 'zstd'],
    ['gzip, deflate, br', 'br'],
    ['gzip;q=1, br;q=0.5', 'gzip'],
    ['gzip;q=0.5,br;q=0.9,zstd;q=0.1', 'br'],
    ['zstd;q=0, br;q=0, gzip', 'gzip'],
    ['gzip;q=0', undefined],
    ['*', 'zstd'],
    ['*;q=0', undefined],
    ['zstd;q=0, *', 'br'],
    ['gzip;q=0.4, *;q=0.2', 'gzip'],
    ['identity;q=1, gzip;q=0.5', undefined],
    ['identity;q=0, gzip;q=0.001', 'gzip'],
    ['gzip ; q=0.8', 'gzip'],
    ['gzip;q=nonsense, br;q=0.2', 'br'],
    ['gzip;q=-1', undefined],
    [';;;,,,', undefined],
    [`${'a,'.repeat(100_000)}gzip`, undefined],
  ])('case %#: %.40s: %s', (header, encoding) => {
    expect(negotiated(header)).toBe(encoding)
  })
})
