import { describe, expect, it } from 'vitest'
import type { MessageRow } from '../replica/demo.ts'
import { newlyRead } from './unread.ts'

const row = ($b: number, author: string, $p: 0 | 1 = 0): MessageRow =>
  ({ $id: `m${$b}`, $v: $b, $b, $p, $s: 1, text: 'x', author, sentAtMs: 0 }) as MessageRow

describe('the read marker', () => {
  it('moves to the newest message that the server has numbered', () => {
    expect(newlyRead([row(4, 'bob'), row(7, 'mei'), row(9, 'alice')], 4, 'alice')).toBe(9)
    expect(newlyRead([row(4, 'bob'), row(Number.MAX_SAFE_INTEGER, 'alice', 1)], 0, 'alice')).toBe(4)
  })

  it('stays where nothing of others is above it: what a person writes costs no second write', () => {
    expect(newlyRead([row(4, 'bob'), row(9, 'alice')], 4, 'alice')).toBeUndefined()
    expect(newlyRead([row(4, 'bob')], 4, 'alice')).toBeUndefined()
    expect(newlyRead([], 0, 'alice')).toBeUndefined()
  })
})
