import fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { patchArgs } from './builtin.ts'
import { InvalidError } from './errors.ts'
import { deltaOf, withDelta } from './patch.ts'

describe('the built-in patch', () => {
  it('tells final values, and only of what really changed', () => {
    const doc = { title: 'Harbour', unread: 2, tags: ['a', 'b'], draft: 'x' }
    const delta = deltaOf(doc, {
      set: { title: 'Harbour' },
      inc: { unread: 1, sent: 1 },
      append: { tags: ['c'] },
      remove: { tags: ['a'] },
      unset: ['draft', 'gone'],
    })
    expect(delta).toEqual({ set: { unread: 3, sent: 1, tags: ['b', 'c'] }, unset: ['draft'] })
  })

  it('refuses to count what is no number and to extend what is no list', () => {
    expect(() => deltaOf({ a: 'x' }, { inc: { a: 1 } })).toThrow(InvalidError)
    expect(() => deltaOf({ a: 'x' }, { append: { a: [1] } })).toThrow(InvalidError)
    expect(() => deltaOf({ a: Number.MAX_VALUE }, { inc: { a: Number.MAX_VALUE } })).toThrow(InvalidError)
  })

  it('says what it needs where it is given something else', () => {
    const wrong = { c: 'notes', id: 'n1', append: { tags: 'a' }, inc: { sent: '1' } }
    const said = v.safeParse(patchArgs, wrong).issues?.map(({ message }) => message)
    expect(said).toEqual(['each field needs a number', 'each field needs a list of items'])
  })

  it('a delta applied twice is a delta applied once', () => {
    const fields = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.integer())
    fc.assert(
      fc.property(
        fields,
        fields,
        fc.dictionary(fc.constantFrom('a', 'b', 'd'), fc.integer()),
        fc.subarray(['a', 'b', 'c', 'd']),
        (doc, set, inc, unset) => {
          const delta = deltaOf(doc, { set, inc, unset })
          const once = withDelta(doc, delta)
          expect(withDelta(once, delta)).toEqual(once)
        },
      ),
    )
  })
})
