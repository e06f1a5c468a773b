import { describe, expect, it } from 'vitest'
import { afterBatch, EMPTY_VIEW, ITEMS_SHOWN, SAID_SPAN_MS, secondsOf, textOf } from './lane-view.ts'

const item = (id: string, count?: number) => ({ id, by: 'alice', atMs: 0, body: { text: id }, ...(count !== undefined && { count }) })
const batch = (ids: readonly string[], more: object = {}) => ({
  items: ids.map((id) => item(id)),
  cut: 0,
  cleared: false,
  late: false,
  ...more,
})

describe('what is seen of a lane', () => {
  it('are its newest items, the newest first, so many at most; a clearing begins anew', () => {
    let view = afterBatch(EMPTY_VIEW, batch(['a', 'b']), 0)
    view = afterBatch(view, batch(['c']), 10)
    expect(view.items.map(({ id }) => id)).toEqual(['c', 'b', 'a'])
    view = afterBatch(view, batch(Array.from({ length: ITEMS_SHOWN + 50 }, (_, n) => `n${n}`)), 20)
    expect([view.items.length, view.items[0]?.id]).toEqual([ITEMS_SHOWN, `n${ITEMS_SHOWN + 49}`])
    expect(afterBatch(view, batch(['d'], { cleared: true }), 30).items.map(({ id }) => id)).toEqual(['d'])
  })

  it('counts by the second what was said, folded ones and those cut too, and nothing that came late', () => {
    let view = afterBatch(EMPTY_VIEW, batch(['old'], { late: true }), 1000)
    view = afterBatch(view, batch(['a'], { cut: 4 }), 1100)
    view = afterBatch(view, { ...batch([]), items: [item('b', 12)] }, 1900)
    view = afterBatch(view, batch(['c']), 2000)
    expect(view.said).toEqual([
      { atMs: 1000, items: 13, cut: 4 },
      { atMs: 2000, items: 1, cut: 0 },
    ])
    expect(afterBatch(view, batch([]), 2000 + SAID_SPAN_MS).said).toHaveLength(1)
  })

  it('a second in which nothing was said is one of nothing, and the one under way is not told yet', () => {
    const said = [{ atMs: 3000, items: 7, cut: 1 }]
    expect(secondsOf(said, 1500, 5200)).toEqual([
      { atMs: 1000, items: 0, cut: 0 },
      { atMs: 2000, items: 0, cut: 0 },
      { atMs: 3000, items: 7, cut: 1 },
      { atMs: 4000, items: 0, cut: 0 },
    ])
    expect(secondsOf(said, 0, SAID_SPAN_MS * 5)).toHaveLength(SAID_SPAN_MS / 1000)
  })

  it('is told as its text, wherever the lane keeps that', () => {
    expect(textOf({ body: { words: 'hi', text: 'no' } }, 'words')).toBe('hi')
    expect(textOf({ body: { text: 'An announcement' } }, 'words')).toBe('An announcement')
    expect(textOf({ body: { emoji: 3 } }, undefined)).toBe('{"emoji":3}')
  })
})
