import type { ClientFrame, Clock, LaneItem, LanesStated, SpaceId, Tick, WireError } from '@tidemark/shared'
import type { LaneKey } from '../lanes/lane-wire.ts'

/** Whoever follows lanes. */
export interface LaneReader {
  readonly lanes: Set<LaneKey>
  down(frame: object): void
}

/** The lanes of a server that is as small as the protocol allows: ticks of a second, a ring of ten, each id once. */
export interface FakeLanes {
  tickMs: number
  ring: number
  /** The answer to what is said while it is set. */
  refuses: (said: Said) => WireError | undefined
  /** What was taken, in order. */
  readonly taken: LaneItem[]
  /** What is said by others. */
  say(space: SpaceId, lane: string, by: string, body: unknown, id?: string): void
  /** Sends a tick now. */
  tick(space: SpaceId, lane: string, items: readonly LaneItem[], more?: Partial<Tick>): Tick
  /** What was sent of a lane: its archive. */
  ticks(space: SpaceId, lane: string): readonly Tick[]
  state(space: SpaceId, lane: string): object
  /** Follows what is stated, and brings each lane up to now. */
  follow(reader: LaneReader, stated: LanesStated): void
  /** The answer: `said`, without its `t`. */
  hear(user: string, said: Said): { readonly n: number; readonly id?: string; readonly error?: WireError }
}
type Said = Pick<Extract<ClientFrame, { t: 'say' }>, 'space' | 'lane' | 'n' | 'id' | 'body'>

export function fakeLanes(clock: Clock, readers: Iterable<LaneReader>): FakeLanes {
  const sent = new Map<LaneKey, Tick[]>()
  const buckets = new Map<LaneKey, LaneItem[]>()
  let made = 0

  function add(space: SpaceId, lane: string, item: LaneItem): void {
    const key: LaneKey = `${space} ${lane}`
    lanes.taken.push(item)
    const bucket = buckets.get(key)
    if (bucket) return void bucket.push(item)
    buckets.set(key, [item])
    const { tickMs } = lanes
    clock.after(tickMs - (clock.nowMs() % tickMs), () => {
      const items = buckets.get(key) ?? []
      buckets.delete(key)
      lanes.tick(space, lane, items)
    })
  }

  const lanes: FakeLanes = {
    tickMs: 1000,
    ring: 10,
    refuses: () => undefined,
    taken: [],
    say: (space, lane, by, body, id = `s${++made}`) => add(space, lane, { id, by, atMs: clock.nowMs(), body }),
    tick(space, lane, items, more = {}) {
      const key: LaneKey = `${space} ${lane}`
      const { tickMs } = lanes
      const before = sent.get(key) ?? []
      const at = Math.max((Math.ceil(clock.nowMs() / tickMs) - 1) * tickMs, (before.at(-1)?.tick ?? 0) + 1)
      const tick = { tick: at, items: [...items], cut: 0, ...more }
      sent.set(key, [...before, tick])
      for (const reader of readers) if (reader.lanes.has(key)) reader.down({ t: 'tick', space, lane, ...tick })
      return tick
    },
    ticks: (space, lane) => sent.get(`${space} ${lane}`) ?? [],
    state: (space, lane) => ({ space, lane, tickMs: lanes.tickMs, cap: 100 }),
    follow(reader, stated) {
      for (const [space, each] of Object.entries(stated))
        for (const [lane, since] of Object.entries(each)) {
          reader.lanes.add(`${space} ${lane}`)
          reader.down({ t: 'lane', ...lanes.state(space, lane) })
          const ring = lanes.ticks(space, lane).slice(-lanes.ring)
          for (const tick of ring) if (tick.tick > since) reader.down({ t: 'tick', space, lane, ...tick })
        }
    },
    hear(user, said) {
      const { n, space, lane, id = `s${++made}`, body } = said
      const error = lanes.refuses(said)
      if (error) return { n, error }
      if (!lanes.taken.some((item) => item.id === id && item.by === user)) add(space, lane, { id, by: user, atMs: clock.nowMs(), body })
      return { n, id }
    },
  }
  return lanes
}
