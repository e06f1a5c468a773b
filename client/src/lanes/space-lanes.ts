import { type Clock, type LaneItem, type LaneState, PRESENCE_LANE, type Presence, type Random, type SpaceId } from '@tidemark/shared'
import { Observable } from 'rxjs'
import type { Frames } from '../frames.ts'
import type { Holding } from '../tabs/messages.ts'
import { createFeed } from './feed.ts'
import type { LaneBatch } from './lane-api.ts'
import type { LaneFrame, LaneKey, LaneWay } from './lane-wire.ts'
import { playback } from './playback.ts'
import { createSaying } from './saying.ts'

/** How long a lane is followed that nobody looks at any more, in ms: whoever comes back at once asks for nothing. */
export const LANE_KEPT_MS = 1000
/** What was over for longer, in ms, when it came, was said a while ago. */
export const LATE_AFTER_MS = 3000

export interface SpaceLanesPorts {
  readonly user: string
  readonly clock: Clock
  readonly random: Random
  /** What this tab holds; `held` is called when that has changed. */
  readonly holding: Record<keyof Holding, number>
  held(): void
  readonly way: LaneWay
  /** The server's clock, in ms since the epoch. */
  serverMs(): number
}

/** The lanes of all spaces, as this tab shows them. */
export interface SpaceLanes {
  items(space: SpaceId, lane: string): Observable<LaneBatch<unknown>>
  state(space: SpaceId, lane: string): Observable<LaneState | undefined>
  presence(space: SpaceId): Observable<Presence | undefined>
  /** As `Said.accepted`. */
  say(space: SpaceId, lane: string, item: LaneItem): Promise<void>
  playback(space: SpaceId, lane: string, fromMs: number, positionMs$: Observable<number>): Observable<LaneBatch<unknown>>
  /** Came here, or by the tab that is connected. */
  heard(frame: LaneFrame): void
}

interface Followed {
  readonly feeds: Set<(heard: LaneFrame | SaidHere) => void>
  readonly watchers: Set<(state: LaneState | undefined) => void>
  state: LaneState | undefined
  /** Ends the wait for its end. */
  stay: () => void
}
type SaidHere = { readonly t: 'said here'; readonly item: LaneItem }

/** What this tab shows of lanes: it follows what somebody looks at, and keeps nothing. */
export function createSpaceLanes(ports: SpaceLanesPorts, frames: Frames): SpaceLanes {
  const { clock, holding, held, user, way, serverMs } = ports
  const lanes = new Map<LaneKey, Followed>()
  const say = createSaying(ports)
  let openings = 0

  function use(key: LaneKey): Followed {
    const lane = lanes.get(key) ?? { feeds: new Set(), watchers: new Set(), state: undefined, stay: () => {} }
    lanes.set(key, lane)
    return lane
  }

  /** Returns what ends it. */
  function follow(key: LaneKey, feed: (heard: LaneFrame | SaidHere) => void): () => void {
    const lane = use(key)
    lane.stay()
    lane.feeds.add(feed)
    holding[key] = ++openings
    held()
    return () => {
      lane.feeds.delete(feed)
      if (lane.feeds.size > 0) return
      lane.stay = clock.after(LANE_KEPT_MS, () => {
        delete holding[key]
        held()
        lane.state = undefined
        for (const tell of lane.watchers) tell(undefined)
        if (lane.watchers.size === 0) lanes.delete(key)
      })
    }
  }

  return {
    items: (space, name) =>
      new Observable<LaneBatch<unknown>>((subscriber) => {
        const feed = createFeed<unknown>(user)
        let tickMs = 0
        let isDue = false
        function soon(): void {
          if (isDue || feed.isEmpty) return
          isDue = true
          frames.next(() => {
            isDue = false
            if (subscriber.closed) return
            const batch = feed.take()
            if (batch) subscriber.next(batch)
            soon()
          })
        }
        return follow(`${space} ${name}`, (heard) => {
          if (heard.t === 'said here') feed.said(heard.item)
          else if (heard.t === 'lane') tickMs = heard.tickMs
          else feed.tick(heard, heard.tick + tickMs + LATE_AFTER_MS < serverMs())
          soon()
        })
      }),
    state: (space, name) =>
      new Observable<LaneState | undefined>((subscriber) => {
        const key: LaneKey = `${space} ${name}`
        const lane = use(key)
        const tell = (state: LaneState | undefined) => subscriber.next(state)
        lane.watchers.add(tell)
        tell(lane.state)
        return () => {
          lane.watchers.delete(tell)
          if (lane.watchers.size === 0 && lane.feeds.size === 0 && !(key in holding)) lanes.delete(key)
        }
      }),
    presence: (space) =>
      new Observable<Presence | undefined>((subscriber) => {
        subscriber.next(undefined)
        return follow(`${space} ${PRESENCE_LANE}`, (heard) => {
          const told = heard.t === 'tick' && (heard.items.at(-1)?.body as Presence | undefined)
          if (told && typeof told.online === 'number') subscriber.next(told)
        })
      }),
    say(space, name, item) {
      for (const feed of lanes.get(`${space} ${name}`)?.feeds ?? []) feed({ t: 'said here', item })
      return say(space, name, item)
    },
    playback: (space, name, fromMs, positionMs$) =>
      playback({ clock, page: (pageMs) => way.page(space, name, pageMs), fromMs, positionMs$ }),
    heard(frame) {
      const lane = lanes.get(`${frame.space} ${frame.lane}`)
      if (!lane) return
      if (frame.t === 'lane') {
        const { tickMs, cap, stopped } = frame
        lane.state = { tickMs, cap, ...(stopped && { stopped }) }
        for (const tell of lane.watchers) tell(lane.state)
      }
      for (const feed of lane.feeds) feed(frame)
    },
  }
}
