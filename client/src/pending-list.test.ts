import { UnavailableError } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import type { Attempt } from './outbox/attempts.ts'
import { pendingList } from './pending-list.ts'
import type { OutboxRow } from './replica/rows.ts'

const acts = { retry() {}, dismiss: async () => {} }
const row = (n: number, nonce: string, more: object = {}) => ({ n, nonce, space: 'room:1', name: 'put', args: {}, ...more }) as OutboxRow
const list = (before: ReturnType<typeof pendingList>, rows: readonly OutboxRow[], attempts: readonly [number, Attempt][]) =>
  pendingList(before, rows, new Map(attempts), acts)
const down = new UnavailableError('down')
const sent = { attempts: 2, sent: true, error: down }

describe('the list of what is pending', () => {
  const first = list(new Map(), [row(1, 'a'), row(2, 'b')], [[1, sent]])

  it('says of each where it stands', () => {
    expect([...first.values()]).toMatchObject([
      { n: 1, state: 'sent', attempts: 2, lastError: down },
      { n: 2, state: 'waiting', attempts: 0, lastError: undefined },
    ])
  })

  it('is the same one where nothing changed, and keeps each entry that did not', () => {
    expect(list(first, [row(1, 'a'), row(2, 'b')], [[1, sent]])).toBe(first)
    const next = list(first, [row(1, 'a'), row(2, 'b')], [[1, { ...sent, sent: false }]])
    expect([next.get('a') === first.get('a'), next.get('b') === first.get('b')]).toEqual([false, true])
    expect(list(first, [row(2, 'b')], [])).not.toBe(first)
  })

  it('leaves as it was what was answered for and is still read as pending', () => {
    expect(list(first, [row(1, 'a'), row(2, 'b')], [])).toBe(first)
  })

  it('knows a mutation by its nonce when healing gives it another number', () => {
    const moved = list(first, [row(7, 'a'), row(8, 'b')], [])
    expect([...moved.values()]).toMatchObject([
      { n: 7, state: 'sent', attempts: 2 },
      { n: 8, attempts: 0 },
    ])
  })

  it('has a place without an entry for what is dismissed', () => {
    const dismissed = list(first, [row(1, 'a', { void: true }), row(2, 'b')], [[1, sent]])
    expect([...dismissed]).toEqual([
      ['a', undefined],
      ['b', first.get('b')],
    ])
    expect(list(dismissed, [row(1, 'a', { void: true }), row(2, 'b')], [[1, sent]])).toBe(dismissed)
  })
})
