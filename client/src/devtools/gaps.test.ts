import { describe, expect, it } from 'vitest'
import { gapFinder } from './gaps.ts'

const range = (from: number, to: number, more: object = {}) => ({ space: 'room:1', from, to, pushed: true, ...more })

describe('what the numbers of ranges tell', () => {
  it('a range that begins past what has come is a gap, told once until it is closed', () => {
    const gaps = gapFinder()
    gaps.greeted()
    expect(gaps.range(range(0, 3), 0)).toBeUndefined()
    // The copies lag behind: they are at 0 still.
    expect(gaps.range(range(3, 4), 0)).toBeUndefined()
    expect(gaps.range(range(6, 7), 4)).toEqual({ kind: 'gap', space: 'room:1', at: 4, from: 6 })
    expect(gaps.range(range(7, 8), 4)).toBeUndefined()
    expect(gaps.range(range(4, 8), 4)).toBeUndefined()
    expect(gaps.range(range(8, 9), 8)).toBeUndefined()
    expect(gaps.range(range(11, 12), 9)).toEqual({ kind: 'gap', space: 'room:1', at: 9, from: 11 })
  })

  it('what repeats, overlaps or is asked for is no gap', () => {
    const gaps = gapFinder()
    gaps.greeted()
    expect(gaps.range(range(0, 5), 0)).toBeUndefined()
    expect(gaps.range(range(2, 4), 5)).toBeUndefined()
    expect(gaps.range(range(9, 12, { pushed: false }), 9)).toBeUndefined()
    expect(gaps.range(range(12, 13), 12)).toBeUndefined()
  })

  it('on a connection that was there before, the first range of a space is taken as it comes', () => {
    const gaps = gapFinder()
    expect(gaps.range(range(15, 16), 10)).toBeUndefined()
    expect(gaps.range(range(18, 19), 10)).toMatchObject({ kind: 'gap', at: 16 })
  })

  it('after a reset it goes on from there, and a new connection from where the copies stand', () => {
    const gaps = gapFinder()
    gaps.greeted()
    expect(gaps.range(range(0, 9), 0)).toBeUndefined()
    expect(gaps.range(range(0, 4, { reset: 'history' }), 9)).toEqual({ kind: 'reset', space: 'room:1', reason: 'history', to: 4 })
    expect(gaps.range(range(4, 5), 4)).toBeUndefined()
    gaps.greeted()
    expect(gaps.range(range(4, 6), 4)).toBeUndefined()
    expect(gaps.range(range(7, 8), 4)).toMatchObject({ kind: 'gap', at: 6 })
  })
})
