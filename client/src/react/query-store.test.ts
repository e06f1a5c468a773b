import { UnavailableError } from '@tidemark/shared'
import { beforeEach, expect, it } from 'vitest'
import { fakeQuery } from '../testing/fake-query.ts'
import { type HandClock, handClock } from '../testing/hand-clock.ts'
import { frameCells } from './frame-cells.ts'
import { KEPT_MS } from './kept.ts'
import { LOADING } from './query-result.ts'
import { keptQueries, type Queries } from './query-store.ts'

let clock: HandClock
let frame: (() => void)[]
let queries: Queries
beforeEach(() => {
  clock = handClock()
  frame = []
  queries = keptQueries({ clock, cell: frameCells({ next: (task) => void frame.push(task) }) })
})
function draw(): void {
  for (const task of frame.splice(0)) task()
}
const textsOf = (result: { docs: readonly { text: string }[] }) => result.docs.map(({ text }) => text).join(' ')

it('the first result is told at once, later ones with the next frame, and only the last of them', () => {
  const query = fakeQuery('q')
  const { value } = queries.hold(query)
  const seen: string[] = []
  value.result.subscribe(() => seen.push(textsOf(value.result.get())))
  expect(value.result.get()).toBe(LOADING)
  query.tell('a')
  for (const text of ['b', 'c', 'd']) query.tell('a', text)
  expect(seen).toEqual(['a'])
  draw()
  expect(seen).toEqual(['a', 'a d'])
  expect(frame).toEqual([])
})

it('a result with the same documents in the same order is the same array, and told to nobody', () => {
  const query = fakeQuery('q')
  const { value } = queries.hold(query)
  query.tell('a', 'b')
  const before = value.result.get()
  let told = 0
  value.result.subscribe(() => told++)
  query.tell('a', 'b')
  draw()
  expect([told, value.result.get() === before]).toEqual([0, true])
  query.tell('b', 'a')
  draw()
  expect([told, textsOf(value.result.get())]).toEqual([1, 'b a'])
})

it('what is watched elsewhere is there without loading', () => {
  const query = fakeQuery('q')
  query.tell('a')
  const seen = queries.peek(query)
  expect([textsOf(seen), seen.isLoading]).toEqual(['a', false])
  expect(queries.hold(query).value.result.get()).toBe(seen)
})

it('an error keeps the documents that came last, and is told to whoever asks within a second', () => {
  const query = fakeQuery('q')
  const { value, release } = queries.hold(query)
  query.tell('a')
  query.tell('a', 'b')
  const error = new UnavailableError('closed')
  query.fail(error)
  expect([textsOf(value.result.get()), value.result.get().error]).toEqual(['a b', error])
  release()
  clock.advance(1_000)
  expect(queries.get(query).result.get().error).toBe(error)
  expect(query.opened).toBe(1)
  clock.advance(1)
  expect([textsOf(queries.peek(query)), queries.peek(query).error]).toEqual(['a b', undefined])
  queries.get(query)
  expect([query.opened, query.open]).toEqual([2, 1])
})

it('whoever waits for what is given up asks again', async () => {
  const query = fakeQuery('q')
  const { loaded } = queries.get(query)
  clock.advance(KEPT_MS)
  await loaded
  expect(query.open).toBe(0)
  const again = queries.get(query)
  query.tell('a')
  await again.loaded
  expect(textsOf(again.result.get())).toBe('a')
})

it('what cannot be watched, such as a collection of Dexie, is refused in words that say what to give', () => {
  expect(() => queries.hold({ toArray: () => [] } as never)).toThrow(/give a collection, or such as messages.where/)
})
