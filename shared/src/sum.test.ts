import { describe, expect, it } from 'vitest'
import type { Seal } from './seal.ts'
import type { Standing } from './standing.ts'
import { sumOf } from './sum.ts'
import { toVersion } from './version.ts'

const at = (version: number, seal: string): Standing => ({ version: toVersion(version), seal: seal as Seal })

describe('[B1] one number for all spaces', () => {
  it('adds version, 1 and the first 8 hex digits of each seal', () => {
    expect(sumOf([at(164, '9f3a01c2'), at(20, '0000000f-rights~0.1.2')])).toBe(164 + 1 + 0x9f3a01c2 + 20 + 1 + 15)
  })

  it('a follow that got lost at version 0 changes the sum', () => {
    expect(sumOf([at(0, '00000000')])).not.toBe(sumOf([]))
  })

  it('sums that cancel in their versions differ by their seals', () => {
    expect(sumOf([at(2, 'aaaaaaaa'), at(1, 'bbbbbbbb')])).not.toBe(sumOf([at(1, 'cccccccc'), at(2, 'dddddddd')]))
  })

  it('version 0 counts the same under each of its seals', () => {
    expect(sumOf([at(0, '')])).toBe(sumOf([at(0, '00000000')]))
  })
})
