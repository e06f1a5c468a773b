// Goal: whatever comes twice, late or too fast, a page is shown each thing once, its own at once, and never more than it can take.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFeed, LANE_ITEMS_MAX } from './feed.ts'

const item = (id: string, by = 'bob') => ({ id, by, atMs: 0, body: { text: id } })
const ticked = (tick: number, ids: readonly string[], more: object = {}) => ({ tick, items: ids.map((id) => item(id)), cut: 0, ...more })
const ids = (batch: { readonly items: readonly { readonly id: string }[] } | undefined) => batch?.items.map(({ id }) => id)

describe('a feed', () => {
  it('shows the ticks that came since it was asked last, in the order of the server', () => {
    const feed = createFeed('alice')
    feed.tick(ticked(1, ['a', 'b'], { cut: 3 }), false)
    feed.tick(ticked(2, ['c'], { cut: 4 }), false)
    const batch = feed.take()
    expect(ids(batch)).toEqual(['a', 'b', 'c'])
    expect(batch).toMatchObject({ cut: 7, cleared: false, late: false })
    expect(feed.take()).toBeUndefined()
    expect(feed.isEmpty).toBe(true)
  })

  it("shows one's own at once and not again when it returns, also where another has the same id", () => {
    const feed = createFeed('alice')
    feed.said(item('x', 'alice'))
    expect(ids(feed.take())).toEqual(['x'])
    feed.tick({ tick: 1, cut: 0, items: [item('x', 'alice'), item('x', 'mallory')] }, false)
    expect(feed.take()?.items.map(({ by }) => by)).toEqual(['mallory'])
  })

  it('tells what is of a while ago apart from what is new', () => {
    const feed = createFeed('alice')
    feed.tick(ticked(1, ['a']), true)
    feed.tick(ticked(2, ['b'], { late: true }), false)
    feed.tick(ticked(3, ['c']), false)
    const batches = [feed.take(), feed.take()]
    expect(batches.map(ids)).toEqual([['a', 'b'], ['c']])
    expect(batches.map((batch) => batch?.late)).toEqual([true, false])
  })

  it('takes what is older than what it has, as where somebody joins whose ring comes behind a tick', () => {
    const feed = createFeed('alice')
    feed.tick(ticked(9, ['i']), false)
    feed.tick(ticked(8, ['h']), true)
    feed.tick(ticked(9, ['i']), false)
    expect([ids(feed.take()), ids(feed.take()), feed.take()]).toEqual([['i'], ['h'], undefined])
  })

  it('drops what waits where a screen is cleared, and says so once', () => {
    const feed = createFeed('alice')
    feed.tick(ticked(1, ['a'], { cut: 2 }), false)
    feed.said(item('mine', 'alice'))
    feed.tick(ticked(2, ['b'], { cleared: true, cut: 1 }), false)
    const batch = feed.take()
    expect(ids(batch)).toEqual(['mine', 'b'])
    expect(batch).toMatchObject({ cleared: true, cut: 1 })
    expect(feed.take()).toBeUndefined()
  })

  it('shows again what was said here, shown, cleared from the screen, and taken by the server after that', () => {
    const feed = createFeed('alice')
    feed.said(item('mine', 'alice'))
    feed.take()
    feed.tick(ticked(1, [], { cleared: true }), false)
    feed.tick({ tick: 2, cut: 0, items: [item('mine', 'alice')] }, false)
    expect(feed.take()).toMatchObject({ cleared: true, items: [{ id: 'mine' }] })
  })

  it('keeps the newest for a page that does not draw, and counts the others', () => {
    const feed = createFeed('alice')
    for (let tick = 1; tick <= 30; tick++)
      feed.tick(
        ticked(
          tick,
          Array.from({ length: 100 }, (_, at) => `${tick}-${at}`),
        ),
        tick % 2 === 0,
      )
    const batches = []
    for (let batch = feed.take(); batch; batch = feed.take()) batches.push(batch)
    expect(batches.flatMap(ids)).toHaveLength(LANE_ITEMS_MAX)
    expect(ids(batches.at(-1))?.at(-1)).toBe('30-99')
    expect(batches.reduce((sum, { cut }) => sum + cut, 0)).toBe(3000 - LANE_ITEMS_MAX)
    expect(batches.length).toBeLessThan(13)
  })

  it('shows nothing twice and its own exactly once, whatever is repeated, lost or out of order', () => {
    const acts = fc.array(
      fc.oneof(
        fc.record({ say: fc.nat(20) }),
        fc.record({
          tick: fc.integer({ min: 1, max: 30 }),
          items: fc.array(fc.tuple(fc.nat(20), fc.constantFrom('alice', 'bob')), { maxLength: 4 }),
        }),
        fc.constant('take' as const),
      ),
      { maxLength: 80 },
    )
    fc.assert(
      fc.property(acts, (acts) => {
        const feed = createFeed('alice')
        const shown: string[] = []
        const own = new Set<number>()
        const take = () => {
          for (let batch = feed.take(); batch; batch = feed.take()) shown.push(...batch.items.map(({ id, by }) => `${by} ${id}`))
        }
        const came = new Set<string>()
        for (const act of acts) {
          if (act === 'take') take()
          // An id of one's own is made once; what the server has of it comes later.
          else if ('say' in act) {
            if (own.has(act.say) || came.has(`alice ${act.say}`)) continue
            own.add(act.say)
            feed.said(item(`${act.say}`, 'alice'))
          } else {
            const items = act.items.map(([id, by]) => item(`${id}`, by))
            for (const { id, by } of items) came.add(`${by} ${id}`)
            feed.tick({ tick: act.tick, items, cut: 0 }, false)
          }
        }
        take()
        expect(new Set(shown).size).toBe(shown.length)
        for (const id of own) expect(shown.filter((one) => one === `alice ${id}`)).toHaveLength(1)
      }),
      { numRuns: process.env.CI === undefined ? 300 : 5000 },
    )
  })
})
