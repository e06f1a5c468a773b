import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidError } from './errors.ts'
import { sameJson, toJson, toJsonObject } from './json.ts'

/** Any JSON without the keys that are reserved. */
const plain = fc.jsonValue().filter((value) => !/"(?:__proto__|constructor|prototype)":/.test(JSON.stringify(value)))

describe('toJson', () => {
  it('gives back what JSON would, for whatever JSON can write', () => {
    fc.assert(
      fc.property(plain, (value) => {
        expect(toJson(value, 'it')).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  it.each([
    ['undefined', { a: undefined }, 'it.a is undefined'],
    ['NaN', { a: [1, Number.NaN] }, 'it.a[1] is NaN'],
    ['1e400', { a: Number('1e400') }, 'it.a is Infinity'],
    ['a Date', { at: new Date(0) }, 'it.at is a Date'],
    ['a Map', new Map(), 'it is a Map'],
    ['a bigint', { a: 1n }, 'it.a is a bigint'],
    ['a function', { a() {} }, 'it.a is a function'],
    ['a reserved key', JSON.parse('{"a":{"__proto__":1}}'), 'it.a has the reserved key __proto__'],
  ])('refuses %s at the call and names the place', (_, value, message) => {
    expect(() => toJson(value, 'it')).toThrow(message)
    expect(() => toJson(value, 'it')).toThrow(InvalidError)
  })

  it('refuses circles and depth past 64', () => {
    const circle: Record<string, unknown> = {}
    circle.self = circle
    expect(() => toJson(circle, 'it')).toThrow(/64 levels/)
    const nested = (levels: number): unknown => (levels === 0 ? 0 : [nested(levels - 1)])
    expect(() => toJson(nested(64), 'it')).not.toThrow()
    expect(() => toJson(nested(65), 'it')).toThrow(/64 levels/)
  })

  it('writes -0 as 0, so that every end reads the same', () => {
    expect(Object.is(toJson(-0, 'it'), 0)).toBe(true)
  })

  it('refuses a document over 256 KiB and says how large it is', () => {
    expect(() => toJsonObject({ a: 'x'.repeat(262_144) }, 'it')).toThrow(/262152 bytes/)
    expect(() => toJsonObject([], 'it')).toThrow(/must be a JSON object/)
  })
})

describe('sameJson', () => {
  it('holds a value equal to its copy, whatever the order of keys', () => {
    fc.assert(fc.property(plain, (value) => sameJson(toJson(value, 'it'), JSON.parse(JSON.stringify(value)))))
    expect(sameJson({ a: 1, b: [2] }, { b: [2], a: 1 })).toBe(true)
    expect(sameJson({ a: 1 }, { a: 1, b: null })).toBe(false)
    expect(sameJson([1], { 0: 1 })).toBe(false)
  })
})
