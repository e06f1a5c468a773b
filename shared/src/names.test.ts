import { describe, expect, it } from 'vitest'
import { isClientId, isCollectionName, isDocumentId, isNonce, isUserId } from './names.ts'
import { newClientId, newDocumentId, newNonce } from './random.ts'
import { isSpaceId, kindOf, nameOf } from './space-id.ts'

describe('names of the protocol, §2', () => {
  it.each(['room:42', 'user:alice', 'all', 'a-b:A.b_c~d-e', `r:${'x'.repeat(128)}`])('%s is a space', (id) =>
    expect(isSpaceId(id)).toBe(true),
  )
  it.each([
    '',
    'Room:1',
    'room:',
    'room:a b',
    'room:a/b',
    'room:__proto__',
    'room:constructor',
    'constructor',
    'prototype:1',
    `r:${'x'.repeat(129)}`,
    'room:1\n',
    '1room:2',
    7,
    null,
  ])('%s is no space', (id) => expect(isSpaceId(id)).toBe(false))
  it('a space id falls into kind and name', () => {
    expect([kindOf('room:42'), nameOf('room:42'), kindOf('all'), nameOf('all')]).toEqual(['room', '42', 'all', ''])
  })

  it.each(['m1', 'ü', '中文', '🙂', ' ', 'a/b', 'x'.repeat(128)])('%s is a document id', (id) => expect(isDocumentId(id)).toBe(true))
  it.each(['', 'x'.repeat(129), 'a\u0000b', 'a\nb', '\ud800', '__proto__', 'constructor', 'prototype', 5])('%j is no document id', (id) =>
    expect(isDocumentId(id)).toBe(false),
  )

  it('collections are plain names', () => {
    expect(['messages', 'a', 'aB_9'].every(isCollectionName)).toBe(true)
    expect(['Messages', '_a', '__proto__', 'constructor', 'a-b', ''].some(isCollectionName)).toBe(false)
  })

  it('a user can be the name of a space', () => {
    expect(isUserId('alice') && isSpaceId('user:alice')).toBe(true)
    expect(['', 'a b', '__proto__', 'a:b'].some(isUserId)).toBe(false)
  })

  it('made ids are of the shape that they must have, and differ', () => {
    const random = { unit: () => 0.5, bytes: (count: number) => crypto.getRandomValues(new Uint8Array(count)) }
    const ids = Array.from({ length: 200 }, () => newClientId(random))
    expect(ids.every(isClientId)).toBe(true)
    expect(new Set(ids).size).toBe(200)
    expect(isNonce(newNonce(random))).toBe(true)
    expect(isDocumentId(newDocumentId(random))).toBe(true)
  })
})
