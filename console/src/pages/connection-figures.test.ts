import { expect, it } from 'vitest'
import { behindOf, isLate, labelsOf } from './connection-figures.ts'

it('a connection is behind by what all its copies lack, late past its promise, and says what it is on', () => {
  const copies = [
    { space: 'room:1', version: 3, head: 9 },
    { space: 'room:2', version: 5, head: 5 },
  ].map(({ space, version, head }) => ({ space, version: version as never, head: head as never }))
  expect(behindOf({ copies })).toBe(6)
  expect([isLate({ heardMs: 0, nextS: 60 }, 60_000), isLate({ heardMs: 0, nextS: 60 }, 60_001)]).toEqual([false, true])
  expect(labelsOf({ labels: { platform: 'ios', net: 'cellular' }, app: '2', probe: true })).toBe('ios · cellular · app 2 · probe')
  expect(labelsOf({ labels: {}, app: '', probe: false })).toBe('')
})
