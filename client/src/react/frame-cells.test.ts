import { expect, it } from 'vitest'
import { frameCells } from './frame-cells.ts'

function setUp() {
  const frame: (() => void)[] = []
  const told: string[] = []
  const cell = frameCells({ next: (task) => void frame.push(task) })
  const named = (name: string) => {
    const made = cell(0)
    made.subscribe(() => told.push(`${name}=${made.get()}`))
    return made
  }
  const draw = () => {
    for (const task of frame.splice(0)) task()
  }
  return { frame, told, draw, a: named('a'), b: named('b') }
}

it('all cells that changed tell in one frame, each its last value', () => {
  const { frame, told, draw, a, b } = setUp()
  a.set(1)
  b.set(1)
  a.set(2)
  expect([frame.length, told, a.get()]).toEqual([1, [], 0])
  draw()
  expect([told, a.get(), b.get()]).toEqual([['a=2', 'b=1'], 2, 1])
})

it('a value that is told now is not told again, nor one that came back to what it was', () => {
  const { told, draw, a, b } = setUp()
  a.set(1)
  a.setNow(2)
  b.set(1)
  b.set(0)
  draw()
  expect(told).toEqual(['a=2'])
})

it('what is set while a frame is told comes with the next', () => {
  const { told, draw, a, b } = setUp()
  a.subscribe(() => b.set(a.get()))
  a.set(1)
  draw()
  expect(told).toEqual(['a=1'])
  draw()
  expect(told).toEqual(['a=1', 'b=1'])
})
