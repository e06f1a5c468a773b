import fc from 'fast-check'
import { describe, expect, inject, it } from 'vitest'
import { seedFrom } from './seed-from.ts'

describe('where every drawing of a test run begins', () => {
  it('is 1, or the number that is said, or any', () => {
    expect([seedFrom(undefined), seedFrom(''), seedFrom('9001'), seedFrom('0')]).toEqual([1, 1, 9001, 0])
    const any = Array.from({ length: 20 }, () => seedFrom('random'))
    expect(new Set(any).size).toBeGreaterThan(1)
    expect(any.every((seed) => seedFrom(String(seed)) === seed)).toBe(true)
  })

  it.each(['x', '-1', '1.5', '1e99', '2147483648'])('is not %s, and says what it may be', (said) => {
    expect(() => seedFrom(said)).toThrow(/TIDEMARK_SEED_FROM=.*an integer from 0 to 2147483647 is needed, or the word random/)
  })

  it('is where a property test begins, in each run, and what its failure prints', () => {
    const property = fc.property(fc.nat(), (n) => n < 1000)
    const [first, again] = [fc.check(property), fc.check(property)]
    expect(first).toMatchObject({ seed: inject('seedFrom'), failed: true })
    expect([again.counterexamplePath, again.numRuns]).toEqual([first.counterexamplePath, first.numRuns])
    expect(() => fc.assert(property)).toThrow(`seed: ${inject('seedFrom')}`)
  })
})
