// What a transaction holds back must read as if it had been written, and must go where its savepoint goes.
import { expect, it } from 'vitest'
import { HeldRows } from './held-rows.ts'

it('the last row of a key is the one that is handed out, once', () => {
  const held = new HeldRows<number>()
  held.set('a', 1)
  held.set('b', 2)
  held.set('a', 3)
  expect(held.get('a')).toBe(3)
  expect([...held.take()]).toEqual([3, 2])
  expect([...held.take()]).toEqual([])
  expect(held.get('a')).toBeUndefined()
})

it('going back to the mark brings back what was held there, and only that', () => {
  const held = new HeldRows<number>()
  held.set('a', 1)
  held.mark()
  held.set('a', 2)
  held.set('a', 3)
  held.set('b', 4)
  held.undo()
  expect([...held.take()]).toEqual([1])
})

it('after a release nothing goes back', () => {
  const held = new HeldRows<number>()
  held.mark()
  held.set('a', 1)
  held.release()
  held.undo()
  expect(held.get('a')).toBe(1)
})
