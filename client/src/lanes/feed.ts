import type { LaneItem, Tick } from '@tidemark/shared'
import type { LaneBatch } from './lane-api.ts'

/** Items that wait for a page which does not draw; the oldest make way. */
export const LANE_ITEMS_MAX = 1000
/** Of what was said here and what was shown, so many ids are remembered, each. */
export const SAID_IDS_MAX = 1000
export const SHOWN_IDS_MAX = 4000
/** Ticks that are remembered: more than a ring has. */
export const TICKS_REMEMBERED_MAX = 600

/** What somebody who looks at a lane is shown: nothing twice, one's own at once, and as much as a page can take. Knows no clock. */
export interface Feed<Body> {
  /** Said here: shown next, and not again when it returns. */
  said(item: LaneItem<Body>): void
  /** `isLate`: it is of a while ago. */
  tick(tick: Tick, isLate: boolean): void
  /** What is to be shown next; undefined: nothing. */
  take(): LaneBatch<Body> | undefined
  readonly isEmpty: boolean
}

interface Waiting<Body> {
  items: LaneItem<Body>[]
  cut: number
  readonly cleared: boolean
  readonly late: boolean
}

/** `user`: whose own they are. */
export function createFeed<Body>(user: string): Feed<Body> {
  const ticks = new Set<number>()
  /** None of that tick or before it is taken any more. */
  let past = 0
  const own = new Set<string>()
  const shown = new Set<string>()
  let waiting: Waiting<Body>[] = []

  function add(items: readonly LaneItem<Body>[], cut: number, cleared: boolean, late: boolean): void {
    if (items.length === 0 && cut === 0 && !cleared) return
    const last = waiting.at(-1)
    // Late ones are a batch of their own.
    if (last && last.late === late && !cleared) {
      last.items.push(...items)
      last.cut += cut
    } else waiting.push({ items: [...items], cut, cleared, late })
    let tooMany = waiting.reduce((sum, { items }) => sum + items.length, 0) - LANE_ITEMS_MAX
    for (const batch of waiting) {
      if (tooMany <= 0) break
      const { length } = batch.items.splice(0, tooMany)
      batch.cut += length
      tooMany -= length
    }
    // What is left of a batch is told with the one after it.
    while (waiting.length > 2 && waiting[0]?.items.length === 0) {
      const [first, second, ...rest] = waiting as [Waiting<Body>, Waiting<Body>, ...Waiting<Body>[]]
      waiting = [{ ...second, cut: first.cut + second.cut, cleared: first.cleared || second.cleared }, ...rest]
    }
  }

  return {
    said(item) {
      remember(own, item.id, SAID_IDS_MAX)
      add([item], 0, false, false)
    },
    tick({ tick, items, cut, cleared = false, late = false }, isLate) {
      if (tick <= past || ticks.has(tick)) return
      past = Math.max(past, remember(ticks, tick, TICKS_REMEMBERED_MAX) ?? 0)
      if (cleared) {
        const kept = waiting.flatMap(({ items }) => items).filter(({ id, by }) => by === user && own.has(id))
        waiting = []
        // What was shown is gone: what of it is still under way comes back as anybody's does.
        own.clear()
        for (const { id } of kept) own.add(id)
        add(kept, 0, true, false)
      }
      const news = (items as readonly LaneItem<Body>[]).filter((item) => {
        if (item.by === user && own.has(item.id)) return false
        // Ids are chosen by whoever says something: another's may be the same.
        const id = `${item.by} ${item.id}`
        if (shown.has(id)) return false
        remember(shown, id, SHOWN_IDS_MAX)
        return true
      })
      add(news, cut, false, late || isLate)
    },
    take: () => waiting.shift(),
    get isEmpty() {
      return waiting.length === 0
    },
  }
}

/** Keeps the newest; returns what had to make way. */
function remember<T>(set: Set<T>, value: T, max: number): T | undefined {
  set.add(value)
  if (set.size <= max) return undefined
  const [oldest] = set
  set.delete(oldest as T)
  return oldest
}
