import { beforeEach, expect, it } from 'vitest'
import { type HandClock, handClock } from '../testing/hand-clock.ts'
import { KEPT_MAX, KEPT_MS, type Kept, kept } from './kept.ts'

interface Door {
  readonly name: string
}
let clock: HandClock
let closed: string[]
let opened: string[]
let spent: string[]
let doors: Kept<Door>

beforeEach(() => {
  clock = handClock()
  closed = []
  opened = []
  spent = []
  doors = kept({ clock, close: ({ name }) => void closed.push(name), isSpent: ({ name }) => spent.includes(name) })
})
function open(name: string): () => Door {
  return () => {
    opened.push(name)
    return { name }
  }
}

it('what is asked for twice is opened once', () => {
  expect(doors.get('a', open('a'))).toBe(doors.get('a', open('a')))
  expect(doors.hold('a', open('a')).value).toBe(doors.peek('a'))
  expect(opened).toEqual(['a'])
})

it('what nobody ever held is closed after a while, counted from the last time that it was asked for', () => {
  doors.get('a', open('a'))
  clock.advance(KEPT_MS - 1)
  doors.get('a', open('a'))
  clock.advance(KEPT_MS - 1)
  expect(closed).toEqual([])
  clock.advance(1)
  expect([closed, doors.peek('a')]).toEqual([['a'], undefined])
})

it('what is held stays open, and is closed a while after its last holder went', () => {
  const one = doors.hold('a', open('a'))
  const two = doors.hold('a', open('a'))
  clock.advance(10 * KEPT_MS)
  one.release()
  one.release()
  clock.advance(10 * KEPT_MS)
  expect(closed).toEqual([])
  two.release()
  clock.advance(KEPT_MS)
  expect(closed).toEqual(['a'])
})

it('held again in time, it was never closed: the double mounting of StrictMode costs nothing', () => {
  doors.hold('a', open('a')).release()
  const again = doors.hold('a', open('a'))
  clock.advance(10 * KEPT_MS)
  expect([opened, closed]).toEqual([['a'], []])
  again.release()
})

it('of what nobody holds no more than KEPT_MAX stay open; what was asked for longest ago goes first', () => {
  const held = doors.hold('held', open('held'))
  for (let n = 0; n < KEPT_MAX; n++) doors.get(`d${n}`, open(`d${n}`))
  doors.get('d0', open('d0'))
  expect(closed).toEqual([])
  for (const key of ['x', 'y']) doors.get(key, open(key))
  expect(closed).toEqual(['d1', 'd2'])
  held.release()
})

it('what is spent is opened anew for whoever comes once nobody holds it', () => {
  const { release } = doors.hold('a', open('a'))
  spent = ['a']
  doors.get('a', open('a'))
  expect(opened).toEqual(['a'])
  release()
  expect(doors.peek('a')).toBe(undefined)
  doors.get('a', open('a'))
  expect([opened, closed]).toEqual([['a', 'a'], ['a']])
  clock.advance(KEPT_MS)
  expect(closed).toEqual(['a', 'a'])
})
