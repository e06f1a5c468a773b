import { describe, expect, it } from 'vitest'
import { changedFields } from './changed-fields.ts'

const row = (doc: object, v: number) => ({ $k: `${v} a`, $s: v, $id: 'a', $v: v, $b: v, $p: 0, ...doc })
const between = (before: object, after: object) => changedFields(row(before, 1), row(after, 2))

describe('the fields of a document that changed', () => {
  it('are told by path into objects, lists as a whole', () => {
    expect(
      between(
        { text: 'a', author: { name: 'Ada', home: { city: 'Rye' } }, tags: [1] },
        { text: 'a', author: { name: 'Eve', home: {} }, tags: [1, 2], by: {} },
      ),
    ).toEqual({
      updatedFields: { 'author.name': 'Eve', tags: [1, 2], by: {} },
      removedFields: ['author.home.city'],
    })
    expect(between({ text: 'a', n: 1 }, { text: 'a' })).toEqual({ updatedFields: {}, removedFields: ['n'] })
    expect(between({ a: null, b: [1], c: { d: 1 }, e: 1 }, { a: {}, b: { 0: 1 }, c: null, e: 1 })).toMatchObject({
      updatedFields: { a: {}, b: { 0: 1 }, c: null },
    })
  })

  it('are those of the document, not what the replica knows of it', () => {
    expect(between({ text: 'a' }, { text: 'a' })).toEqual({ updatedFields: {}, removedFields: [] })
  })

  it('are told as a whole where a name has a dot', () => {
    expect(between({ n: 1, at: { 'a.b': 1, c: 1 } }, { n: 1, at: { 'a.b': 2, c: 1 } })?.updatedFields).toEqual({ at: { 'a.b': 2, c: 1 } })
  })

  it('are not told where none of several stayed: it was replaced', () => {
    expect(between({ a: 1, b: { c: 1, d: 1 } }, { a: 2, b: { c: 1, d: 2 } })).toBeUndefined()
    expect(between({ a: 1, b: 1 }, {})).toBeUndefined()
    // Its only field: nobody can tell a patch from another document.
    expect(between({ a: 1 }, { a: 2 })).toEqual({ updatedFields: { a: 2 }, removedFields: [] })
    expect(between({}, { a: 2, b: 1 })).toEqual({ updatedFields: { a: 2, b: 1 }, removedFields: [] })
  })
})
