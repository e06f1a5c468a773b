import type { LaneItem } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import type { Comment } from '../../live.ts'
import { HEARD_MAX, heardAfter, NOTHING_HEARD } from './heard.ts'

const item = (id: number, more: Partial<LaneItem<Comment>> = {}): LaneItem<Comment> => ({
  id: `i${id}`,
  by: 'bob',
  atMs: id,
  body: { text: `text ${id}` },
  ...more,
})
const batch = (items: readonly LaneItem<Comment>[], more: object = {}) => ({ items, cut: 0, cleared: false, late: false, ...more })

describe('what a page has heard', () => {
  it('is the newest comments, and no more than fit', () => {
    const all = Array.from({ length: HEARD_MAX + 20 }, (_, at) => item(at))
    const { newest } = heardAfter(heardAfter(NOTHING_HEARD, batch(all.slice(0, 30)), false), batch(all.slice(30)), false)
    expect(newest).toEqual(all.slice(20))
  })

  it('tells how much of the newest tick was cut; one’s own echo is none', () => {
    const heard = heardAfter(NOTHING_HEARD, batch([item(1)], { cut: 37 }), false)
    expect(heardAfter(heard, batch([item(2)]), true).cut).toBe(37)
    expect(heardAfter(heard, batch([item(2)]), false).cut).toBe(0)
  })

  it('goes when the screen is cleared, and what came with that stays', () => {
    const heard = heardAfter(NOTHING_HEARD, batch([item(1, { announcement: true })]), false)
    expect(heard.announcement).toBe('text 1')
    expect(heardAfter(heard, batch([item(2)], { cleared: true }), false)).toMatchObject({ newest: [{ id: 'i2' }], announcement: undefined })
  })
})
