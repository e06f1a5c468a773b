import { describe, expect, it } from 'vitest'
import { olderPage } from './older-page.ts'
import { parseAnswer } from './parse.ts'

const read = (value: unknown) => parseAnswer(olderPage, JSON.stringify(value))

describe('olderPage', () => {
  it('[W1] is documents with their versions, a floor, and head and seal at which they were read', () => {
    const docs = [
      { v: 90, c: 'messages', id: 'm2', put: { text: 'again' }, b: 60 },
      { v: 58, c: 'messages', id: 'm1', put: { text: 'once' } },
    ]
    expect(read({ docs, floor: 55, head: 180, seal: '9f3a01c2' })).toEqual({ docs, floor: 55, head: 180, seal: '9f3a01c2' })
    expect(read({ docs: [], floor: 0, head: 0, seal: '' })).toEqual({ docs: [], floor: 0, head: 0, seal: '' })
  })

  it.each([
    [{ docs: [{ v: 58, c: 'messages', id: 'm1', del: true }], floor: 55, head: 180, seal: '9f3a01c2' }],
    [{ docs: [{ v: 58, c: 'messages', id: 'm1', set: {} }], floor: 55, head: 180, seal: '9f3a01c2' }],
    [{ docs: [], floor: -1, head: 180, seal: '9f3a01c2' }],
    [{ docs: [], head: 180, seal: '9f3a01c2' }],
    [{ docs: [], floor: 0, seal: '9f3a01c2' }],
    [{ docs: [], floor: 0, head: 180 }],
    ['<html>'],
  ])('[B7] %j is no page', (value) => {
    expect(() => read(value)).toThrow()
  })
})
