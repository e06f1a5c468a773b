import { type Clock, LANE_PAGE_MS, type LaneItem, type LanePage, type Tick } from '@tidemark/shared'
import { Observable } from 'rxjs'
import type { LaneBatch } from './lane-api.ts'

/** A position that goes further at once was moved by a person, in ms; so was one that goes back further than clocks tremble. */
export const SEEK_MS = 10_000
const TREMBLE_MS = 500
/** Minutes that are kept: the present one, the next, and some that were shown. */
export const PAGES_MAX = 5
/** From one request for a minute to the next, in ms: of one that failed, or was not whole. */
export const PAGE_AGAIN_MS = 5000

export interface PlaybackPorts {
  readonly clock: Clock
  /** The minute that begins there. */
  page(fromMs: number): Promise<LanePage>
  /** When position 0 was, in ms since the epoch. */
  readonly fromMs: number
  readonly positionMs$: Observable<number>
}

interface Minute {
  /** Undefined until they came. */
  ticks?: readonly Tick[]
  isWhole: boolean
  /** Not sooner, by the monotonic clock. */
  askAtMs: number
}

/** The ticks of an archive, each when a clock passes it. Where that clock is moved, what was shown is to go, and it goes on from there. */
export function playback({ clock, page, fromMs, positionMs$ }: PlaybackPorts): Observable<LaneBatch<unknown>> {
  return new Observable((subscriber) => {
    const minutes = new Map<number, Minute>()
    /** Where the clock stands, and up to where all was shown, in ms since the epoch; not before it said something. */
    let place: { nowMs: number; shownMs: number } | undefined

    /** What is known of it; asks for it where that is not all. */
    function minuteAt(atMs: number): Minute {
      const minute = minutes.get(atMs) ?? { isWhole: false, askAtMs: 0 }
      minutes.delete(atMs)
      minutes.set(atMs, minute)
      for (const [oldest] of minutes) if (minutes.size > PAGES_MAX) minutes.delete(oldest)
      if (minute.isWhole || clock.monotonicMs() < minute.askAtMs) return minute
      minute.askAtMs = Number.POSITIVE_INFINITY
      page(atMs)
        .then(({ ticks, whole }) => Object.assign(minute, { ticks, isWhole: whole }))
        // It may yet come: the clock has to pass it to ask again.
        .catch(() => {})
        .finally(() => {
          minute.askAtMs = clock.monotonicMs() + PAGE_AGAIN_MS
          if (!subscriber.closed) show()
        })
      return minute
    }

    /** Shows what lies between, as far as it is here. */
    function show(cleared = false): void {
      if (!place) return
      const { nowMs } = place
      let isCleared = cleared
      let items: LaneItem[] = []
      let cut = 0
      // What came too late for its moment is left out.
      place.shownMs = Math.max(place.shownMs, nowMs - SEEK_MS)
      while (place.shownMs < nowMs) {
        const atMs = startOf(place.shownMs + 1)
        const { ticks, isWhole } = minuteAt(atMs)
        if (!ticks) break
        for (const each of ticks) {
          if (each.tick <= place.shownMs || each.tick > nowMs) continue
          if (each.cleared) [items, cut, isCleared] = [[], 0, true]
          items.push(...each.items)
          cut += each.cut
          if (!isWhole) place.shownMs = each.tick
        }
        if (!isWhole) break
        place.shownMs = Math.min(nowMs, atMs + LANE_PAGE_MS - 1)
      }
      minuteAt(startOf(nowMs) + LANE_PAGE_MS)
      if (items.length > 0 || cut > 0 || isCleared) subscriber.next({ items, cut, cleared: isCleared, late: false })
    }

    return positionMs$.subscribe({
      next(positionMs) {
        const nowMs = fromMs + positionMs
        const movedMs = place ? nowMs - place.nowMs : 0
        const isMoved = movedMs > SEEK_MS || movedMs < -TREMBLE_MS
        if (!place || isMoved) place = { nowMs, shownMs: nowMs - 1 }
        else place.nowMs = Math.max(place.nowMs, nowMs)
        show(isMoved)
      },
      complete: () => subscriber.complete(),
      error: (error) => subscriber.error(error),
    })
  })
}

/** Of its minute. */
function startOf(atMs: number): number {
  return Math.floor(atMs / LANE_PAGE_MS) * LANE_PAGE_MS
}
