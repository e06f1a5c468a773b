import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TooLargeError } from './errors.ts'
import { measure, utf8Bytes } from './measure.ts'

const bounds = { bytesMax: 1_000_000, depthMax: 72, keysMax: 1000 }

describe('the scanner', () => {
  it('counts bytes as UTF-8 encoders write them', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => utf8Bytes(text) === new TextEncoder().encode(text).length))
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xffff })), (units) => {
        const text = String.fromCharCode(...units)
        return utf8Bytes(text) === new TextEncoder().encode(text).length
      }),
    )
  })

  it('refuses a depth of 900,000 without recursion', () => {
    expect(() => measure('['.repeat(900_000), bounds)).toThrow(/deeper than 72/)
    expect(() => measure('{"a":'.repeat(150_000), bounds)).toThrow(/deeper than 72/)
  })

  it('takes the depth that is allowed and no more', () => {
    expect(() => measure('['.repeat(72) + ']'.repeat(72), bounds)).not.toThrow()
    expect(() => measure('['.repeat(73) + ']'.repeat(73), bounds)).toThrow(TooLargeError)
  })

  it('does not count what stands inside strings', () => {
    expect(() => measure(JSON.stringify({ a: `${'['.repeat(500)}\\"${',:'.repeat(2000)}` }), bounds)).not.toThrow()
  })

  it('counts keys and items together', () => {
    expect(() => measure(JSON.stringify(Array.from({ length: 1001 }, () => 0)), bounds)).not.toThrow()
    expect(() => measure(JSON.stringify(Array.from({ length: 1002 }, () => 0)), bounds)).toThrow(/1000 keys/)
  })

  it('refuses bytes past the bound, also where characters are fewer', () => {
    expect(() => measure('"€€€€"', { ...bounds, bytesMax: 13 })).toThrow(/13 bytes/)
    expect(() => measure('"€€€€"', { ...bounds, bytesMax: 14 })).not.toThrow()
  })

  it('never throws anything else, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        try {
          measure(text, { bytesMax: 50, depthMax: 3, keysMax: 3 })
        } catch (error) {
          expect(error).toBeInstanceOf(TooLargeError)
        }
      }),
    )
  })
})
