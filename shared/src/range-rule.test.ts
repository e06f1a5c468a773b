// Goal: the one rule, whatever arrives. Method: a server history with forks, ranges cut from it at will, copies that only judge.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { judge, type RangeEnds, standingAfter } from './range-rule.ts'
import type { Seal } from './seal.ts'
import { NOTHING, type Standing } from './standing.ts'
import { toVersion } from './version.ts'

const at = (version: number, seal = `0000000${version}`): Standing => ({ version: toVersion(version), seal: seal as Seal })
const range = (from: Standing, to: Standing, reset?: string): RangeEnds => ({
  from: from.version,
  on: from.seal,
  to: to.version,
  seal: to.seal,
  reset,
})

describe('the one rule', () => {
  it('[R1] a reset that refutes my seal replaces the copy', () => {
    expect(judge(at(9), { ...range(at(0), at(4)), on: at(9).seal, reset: 'history' })).toBe('reset')
  })

  it('[R1] a reset that refutes another seal is no reset for me', () => {
    expect(judge(at(9), { ...range(at(0), at(20)), on: at(7).seal, reset: 'history' })).toBe('lost')
    expect(judge(at(9), { ...range(at(0), at(4)), on: at(7).seal, reset: 'history' })).toBe('repeat')
  })

  it('[R2] a range that stands on my number and my seal is news', () => {
    expect(judge(at(3), range(at(3), at(5)))).toBe('news')
  })

  it('[R2] a range on my number and another seal is of another history: laundered seal', () => {
    expect(judge(at(2, 'aaaaaaaa'), range(at(2, 'bbbbbbbb'), at(3)))).toBe('lost')
  })

  it('[R3] what ends below my number, or at it with my seal, is a repeat', () => {
    expect(judge(at(5), range(at(1), at(4)))).toBe('repeat')
    expect(judge(at(5), range(at(1), at(5)))).toBe('repeat')
    expect(judge(at(5), range(at(1), at(5, 'ffffffff')))).toBe('lost')
  })

  it('[R4] a range that starts past my number means that something was lost', () => {
    expect(judge(at(5), range(at(6), at(8)))).toBe('lost')
  })

  it('[R4] [B7] a range that runs backwards, or leads to a number without a seal, is none: it would take the copy where it could not be stated', () => {
    expect(judge(at(5), range(at(5), at(3)))).toBe('lost')
    expect(judge(at(5), range(at(5), at(9, '')))).toBe('lost')
    expect(judge(NOTHING, range(at(0), at(9, '')))).toBe('lost')
    expect(judge(at(5), { ...range(at(0), at(9, '')), on: at(5).seal, reset: 'history' })).toBe('lost')
    expect(judge(NOTHING, range(at(0), at(0, '')))).toBe('news')
  })

  it('[R5] an empty range moves the number all the same', () => {
    expect(standingAfter(range(at(5), at(6)))).toEqual(at(6))
  })

  it('at version 0 any seal is good, for both ends', () => {
    expect(judge(NOTHING, range(at(0, '00000000'), at(2)))).toBe('news')
    expect(judge(at(0, '00000000'), range(at(0, ''), at(2)))).toBe('news')
    expect(judge(NOTHING, range(at(0, '00000000'), at(0, '00000000')))).toBe('news')
  })

  it('[R1 R2 R3 R4] a copy shows a prefix of one history, whatever is lost, repeated, reordered or forked', () => {
    // A history is a list of commit names; its seals depend on all of them. A fork shares a prefix and goes its own way.
    const histories = fc
      .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 6 }))
      .map(([shared, a, b]) => {
        const prefix = Array.from({ length: shared }, (_, n) => `c${n}`)
        return [
          [...prefix, ...Array.from({ length: a }, (_, n) => `a${n}`)],
          [...prefix, ...Array.from({ length: b }, (_, n) => `b${n}`)],
        ] as const
      })
    const cut = fc.record({ which: fc.integer({ min: 0, max: 1 }), from: fc.nat(12), length: fc.nat(6), reset: fc.boolean() })
    fc.assert(
      fc.property(histories, fc.array(cut, { maxLength: 40 }), (pair, cuts) => {
        const sealOf = (which: number, version: number) =>
          (version === 0 ? '00000000' : `${pair[which]?.slice(0, version).join('.')}`) as Seal
        let copy: Standing = NOTHING
        let holds: string[] = []
        for (const { which, from: wanted, length, reset } of cuts) {
          const history = pair[which as 0 | 1]
          const from = reset ? 0 : Math.min(wanted, history.length)
          const to = Math.min(history.length, reset ? history.length : from + length)
          const ends: RangeEnds = {
            from: toVersion(from),
            on: reset ? copy.seal : sealOf(which, from),
            to: toVersion(to),
            seal: sealOf(which, to),
            reset: reset ? 'history' : undefined,
          }
          const verdict = judge(copy, ends)
          if (verdict === 'reset') holds = history.slice(0, to)
          if (verdict === 'news') holds = [...holds, ...history.slice(from, to)]
          if (verdict === 'reset' || verdict === 'news') copy = standingAfter(ends)
          expect(holds).toHaveLength(copy.version)
          const prefixes = pair.map((whole) => whole.slice(0, copy.version).join('.'))
          expect(prefixes).toContain(holds.join('.'))
        }
      }),
      { numRuns: process.env.CI === undefined ? 300 : 5000 },
    )
  })
})
