import { describe, expect, it } from 'vitest'
import { asWords, bytes, counted, inUnit, span } from './units.ts'

describe('numbers in words', () => {
  it('are read at a glance, with their units', () => {
    expect([bytes(0), bytes(1023), bytes(1536), bytes(8 * 1_048_576)]).toEqual(['0 B', '1,023 B', '1.5 kB', '8 MB'])
    expect([span(400), span(59_000), span(90_000), span(7_200_000), span(3 * 86_400_000)]).toEqual(['0 s', '59 s', '2 min', '2 h', '3 d'])
    expect([counted(1, 'user'), counted(1200, 'user'), counted(0, 'copy', 'copies')]).toEqual(['1 user', '1,200 users', '0 copies'])
  })

  it('of a limit are in the unit that its name bears', () => {
    const limits = {
      stillMs: 300_000,
      gatherMs: 10,
      tickMsMax: 60_000,
      bufferedBytesMax: 1_048_576,
      bytes: 1_048_576,
      hellosPerS: 1000,
      nextS: 3600,
      spaces: 1000,
    }
    expect(Object.entries(limits).map(([name, limit]) => `${asWords(name)}: ${inUnit(name, limit)}`)).toEqual([
      'still: 5 min',
      'gather: 10 ms',
      'tick max: 1 min',
      'buffered bytes max: 1 MB',
      'bytes: 1 MB',
      'hellos: 1,000 a second',
      'next: 3,600 s',
      'spaces: 1,000',
    ])
  })
})
