// Goal: an archive is played beside a clock: each tick when the clock passes it, once, also where the clock is moved or a page comes late.
// Method: pages by hand, in virtual time.
import { LANE_PAGE_MS, type LanePage, type Tick, UnavailableError } from '@tidemark/shared'
import { Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { virtualTime } from '../testing/virtual-time.ts'
import type { LaneBatch } from './lane-api.ts'
import { PAGE_AGAIN_MS, PAGES_MAX, playback } from './playback.ts'

const from = 1_763_596_800_000

/** A tick of each second of ten minutes; its item is called by its second. */
function played(more: { readonly page?: (atMs: number, page: LanePage) => Promise<LanePage> } = {}) {
  const time = virtualTime(() => new Promise<void>((resolve) => setImmediate(resolve)))
  const asked: number[] = []
  const batches: LaneBatch<unknown>[] = []
  const positionMs$ = new Subject<number>()
  const ticksOf = (atMs: number): Tick[] =>
    Array.from({ length: 60 }, (_, second) => {
      const tick = atMs + second * 1000
      return { tick, cut: 1, items: [{ id: `${(tick - from) / 1000}`, by: 'bob', atMs: tick, body: {} }] }
    })
  const page = async (atMs: number): Promise<LanePage> => {
    asked.push((atMs - from) / LANE_PAGE_MS)
    const whole = { space: 'live:1', lane: 'danmu', from: atMs, to: atMs + LANE_PAGE_MS, whole: true, ticks: ticksOf(atMs) }
    return more.page ? more.page(atMs, whole) : whole
  }
  const subscription = playback({ clock: time, page, fromMs: from, positionMs$ }).subscribe((batch) => batches.push(batch))
  return {
    ...{ time, asked, batches, positionMs$, subscription },
    ids: () => batches.flatMap(({ items }) => items.map(({ id }) => Number(id))),
    /** Lets the video run to there. */
    async to(untilMs: number, fromMs: number, stepMs = 250) {
      for (let at = fromMs; at <= untilMs; at += stepMs) {
        positionMs$.next(at)
        await time.run(stepMs)
      }
    },
  }
}
const seconds = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, at) => first + at)

describe('playback', () => {
  it('shows each tick when the clock passes it, over the ends of pages, each of which is asked for once', async () => {
    const p = played()
    await p.to(130_000, 0)
    expect(p.ids()).toEqual(seconds(0, 130))
    expect(p.asked).toEqual([0, 1, 2, 3])
    expect(p.batches.every(({ items, cut, cleared, late }) => items.length <= 2 && cut === items.length && !cleared && !late)).toBe(true)
  })

  it('begins where the clock stands', async () => {
    const p = played()
    await p.to(95_000, 90_000)
    expect(p.ids()).toEqual(seconds(90, 95))
    expect(p.asked).toEqual([1, 2])
  })

  it('clears the screen where the clock is moved, and shows what comes from there on, forth and back', async () => {
    const p = played()
    await p.to(3000, 0)
    await p.to(302_000, 300_000)
    await p.to(2000, 1000)
    expect(p.ids()).toEqual([...seconds(0, 3), ...seconds(300, 302), 1, 2])
    const clearings = p.batches.flatMap(({ cleared }, at) => (cleared ? [at] : []))
    const shownAt = (id: string) => p.batches.findIndex(({ items }) => items.some((item) => item.id === id))
    expect(clearings).toHaveLength(2)
    expect(clearings[0]).toBeGreaterThan(shownAt('3'))
    expect(clearings[0]).toBeLessThanOrEqual(shownAt('300'))
    expect(clearings[1]).toBeGreaterThan(shownAt('302'))
  })

  it('takes no trembling of a clock for a move, and a pause for nothing', async () => {
    const p = played()
    for (const at of [1000, 1250, 1200, 1400, 1400, 1400, 2100]) {
      p.positionMs$.next(at)
      await p.time.run(100)
    }
    expect(p.ids()).toEqual([1, 2])
    expect(p.batches.some(({ cleared }) => cleared)).toBe(false)
  })

  it('shows nothing twice and misses nothing where a page comes a little late', async () => {
    let release = () => {}
    const p = played({
      page: (atMs, page) => (atMs === from ? new Promise((resolve) => (release = () => resolve(page))) : Promise.resolve(page)),
    })
    await p.to(4000, 0)
    expect(p.ids()).toEqual([])
    release()
    await p.to(6000, 4250)
    expect(p.ids()).toEqual(seconds(0, 6))
  })

  it('asks again, not too often, for what failed, and leaves out what came too late for its moment', async () => {
    let fails = true
    const p = played({ page: (_, page) => (fails ? Promise.reject(new UnavailableError('not now')) : Promise.resolve(page)) })
    await p.to(20_000, 0)
    expect(p.asked.filter((minute) => minute === 0).length).toBeLessThanOrEqual(20_000 / PAGE_AGAIN_MS + 1)
    fails = false
    await p.to(30_000, 20_250)
    const ids = p.ids()
    expect(ids).toEqual(seconds(ids[0] as number, 30))
    expect(ids[0]).toBeGreaterThan(9)
  })

  it('goes on beside a minute that is still being written', async () => {
    const p = played({
      page: async (atMs, page) => {
        const nowMs = from + p.time.monotonicMs()
        return { ...page, ticks: page.ticks.filter(({ tick }) => tick < nowMs), whole: atMs + LANE_PAGE_MS < nowMs }
      },
    })
    // A person looks 8 s behind.
    await p.time.run(8000)
    await p.to(70_000, 0)
    expect(p.ids()).toEqual(seconds(0, 70))
  })

  it('keeps a bounded number of minutes', async () => {
    const p = played()
    for (let minute = 0; minute < 9; minute++) await p.to(minute * 60_000 + 500, minute * 60_000)
    const before = p.asked.length
    await p.to(60_500, 60_000)
    expect(p.asked.slice(before)[0]).toBe(1)
    expect(PAGES_MAX).toBeLessThan(9)
  })

  it('ends with the clock, and asks for nothing after', async () => {
    const p = played()
    await p.to(1000, 0)
    p.subscription.unsubscribe()
    const before = p.asked.length
    await p.to(200_000, 190_000, 2000)
    expect([p.asked.length, p.positionMs$.observed]).toEqual([before, false])
  })
})
