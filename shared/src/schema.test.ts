import { describe, expect, it } from 'vitest'
import { BadRequestError } from './errors.ts'
import { fieldName } from './json-object.ts'
import { boolean, list, number, object, objectOf, optional, text } from './schema.ts'

const note = object({ text, stars: optional(number), tags: optional(list(text)), counts: optional(objectOf(fieldName, number)) })

describe('a schema', () => {
  it('gives back what it knows, and leaves out the rest', () => {
    expect(note({ text: 'hi', stars: 3, later: true }, 'note')).toEqual({ text: 'hi', stars: 3 })
    expect(Object.keys(note({ text: 'hi', stars: undefined }, 'note'))).toEqual(['text'])
  })

  it.each([
    [{}, 'note.text: no text'],
    [{ text: 1, stars: 'x' }, 'note.text: no text'],
    [{ text: 'hi', stars: null }, 'note.stars: no number'],
    [{ text: 'hi', stars: Number.NaN }, 'note.stars: no number'],
    [{ text: 'hi', tags: ['a', 5] }, 'note.tags[1]: no text'],
    [{ text: 'hi', tags: { 0: 'a' } }, 'note.tags: no list'],
    [{ text: 'hi', counts: { a: true } }, 'note.counts.a: no number'],
    [[], 'note: no object'],
    [null, 'note: no object'],
    ['text', 'note: no object'],
  ])('names the first place that is wrong: %j', (value, message) => {
    expect(() => note(value, 'note')).toThrow(new BadRequestError(message))
  })

  it('reads no field that is inherited, and takes no reserved name', () => {
    expect(() => note(Object.create({ text: 'hi' }), 'note')).toThrow('note.text')
    expect(() => objectOf(fieldName, boolean)(JSON.parse('{"__proto__":true}'), 'it')).toThrow('it: a reserved key')
    expect(() => objectOf(fieldName, boolean)({ constructor: true }, 'it')).toThrow(BadRequestError)
  })
})
