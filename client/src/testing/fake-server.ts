import {
  type ClientFrame,
  type Clock,
  type Heads,
  LANE_PAGE_MS,
  type LanesStated,
  type Numbered,
  parseClientFrame,
  type Random,
  type Seal,
  type SpaceId,
  sumOf,
  type WireError,
} from '@tidemark/shared'
import type { LiveEvents, Transport } from '../connection/transport.ts'
import type { LaneKey } from '../lanes/lane-wire.ts'
import { type FakeLanes, fakeLanes } from './fake-lanes.ts'

/** What the network and the gateway do wrong; each a probability. */
export interface Faults {
  /** A range, ack or beat to the client is lost though the connection lives. */
  lose: number
  /** A frame to the client comes twice. */
  repeat: number
  /** What the client sends is lost though the connection lives. */
  loseUp: number
  /** A frame ends the connection instead. */
  cut: number
  /** A gateway forgets a reader instead of sending it a range. */
  behind: number
  /** A request fails. */
  http: number
}
export const NO_FAULTS: Faults = { lose: 0, repeat: 0, loseUp: 0, cut: 0, behind: 0, http: 0 }

interface Stand {
  version: number
  seal: string
}
/** A server as small as the protocol allows: spaces of empty commits, one connection after the other. */
export interface FakeServer {
  readonly transport: Transport
  faults: Faults
  /** Frames from clients, in order of arrival. */
  readonly heard: ClientFrame[]
  readonly requests: string[]
  readonly lanes: FakeLanes
  commit(space: SpaceId, tell?: boolean): void
  /** Back to an older version, to which others are then added. */
  restore(space: SpaceId, version: number): void
  stand(space: SpaceId): Stand
  deny(space: SpaceId, error: WireError | undefined): void
  /** What it answers of documents created at or before a version, or why it does not; by itself every page is empty. */
  older: (space: SpaceId, collection: string, before: number, limit: number) => object
  /** Numbers of mutations done, in order. */
  readonly done: number[]
  /** The answer to batches while it is set: nothing is run. */
  refuseBatches: WireError | undefined
  /** Why it refuses a mutation. */
  refuses: (n: number) => WireError | undefined
  /** Told before it looks at a mutation, each time it comes. */
  running: (mutation: { readonly n: number; readonly args?: unknown }) => void
  /** Says anything to whoever is connected. */
  say(frame: object | string): void
  /** Ends every connection, without a word to the client when `silently`. */
  cut(silently?: boolean): void
  /** Nobody can connect while this is false. */
  reachable: boolean
  readonly connections: number
  acceptsToken: (token: string) => boolean
}

const PAGE_COMMITS = 5

export function fakeServer(clock: Clock, random: Random, user = 'alice'): FakeServer {
  const spaces = new Map<SpaceId, string[]>()
  const denied = new Map<SpaceId, WireError>()
  const open = new Set<Live>()
  const nonces: string[] = []
  /** The ack of each number that was refused. */
  const refused = new Map<number, object>()
  let epoch = 0
  let connections = 0
  const hit = (probability: number) => probability > 0 && random.unit() < probability
  const seals = (space: SpaceId) => {
    const list = spaces.get(space) ?? ['00000000']
    spaces.set(space, list)
    return list
  }
  const stand = (space: SpaceId): Stand => {
    const list = seals(space)
    return { version: list.length - 1, seal: list.at(-1) as string }
  }
  /** The next page for a copy that stands there. */
  const page = (space: SpaceId, from: Stand) => {
    const list = seals(space)
    const known = from.version === 0 || list[from.version] === from.seal
    const start = known ? from.version : 0
    const to = Math.min(start + PAGE_COMMITS, list.length - 1)
    const reset = known ? {} : { reset: 'history' }
    const on = known && from.version === 0 ? '00000000' : from.seal
    return { space, from: start, on, to, seal: list[to] as string, head: list.length - 1, changes: [], ...reset }
  }

  function saidBy(space: SpaceId, lane: string, given: string): object {
    const { n: _, ...answer } = server.lanes.hear(user, { space, lane, n: 0, ...JSON.parse(given) })
    return answer
  }
  function minuteOf(space: SpaceId, lane: string, from: number): object {
    const to = from + LANE_PAGE_MS
    const ticks = server.lanes.ticks(space, lane).filter(({ tick }) => tick >= from && tick < to)
    return { space, lane, from, to, whole: to < clock.nowMs(), ticks }
  }

  class Live {
    readonly events: LiveEvents
    readonly follows = new Map<SpaceId, Stand>()
    readonly lanes = new Set<LaneKey>()
    greeted = false
    over = false
    #upMs = 0
    #downMs = 0
    constructor(events: LiveEvents) {
      this.events = events
    }
    up(text: string): void {
      if (hit(server.faults.loseUp)) return
      this.#upMs = Math.max(this.#upMs, clock.monotonicMs() + 1 + random.unit() * 20)
      clock.after(this.#upMs - clock.monotonicMs(), () => !this.over && this.hear(parseClientFrame(text)))
    }
    down(frame: object | string): void {
      const text = typeof frame === 'string' ? frame : JSON.stringify(frame)
      if (hit(server.faults.cut)) {
        this.end()
        return
      }
      const times = hit(server.faults.lose) ? 0 : hit(server.faults.repeat) ? 2 : 1
      this.#downMs = Math.max(this.#downMs, clock.monotonicMs() + 1 + random.unit() * 20)
      for (let time = 0; time < times; time++) clock.after(this.#downMs - clock.monotonicMs(), () => !this.over && this.events.frame(text))
    }
    end(silently = false): void {
      if (!open.delete(this)) return
      clock.after(Math.max(0, this.#downMs - clock.monotonicMs()) + 1, () => {
        if (this.over) return
        this.over = true
        if (!silently) this.events.closed(1006)
      })
      if (silently) this.over = true
    }
    follow(stated: Readonly<Record<SpaceId, readonly [number, string]>>): Heads {
      const heads: Record<SpaceId, number> = {}
      for (const [space, [version, seal]] of Object.entries(stated)) {
        const error = denied.get(space)
        if (error) {
          this.follows.delete(space)
          this.down({ t: 'denied', space, error })
          continue
        }
        heads[space] = stand(space).version
        this.follows.set(space, { version, seal })
      }
      return heads as Heads
    }
    serve(space: SpaceId, always = false): void {
      let first = always
      for (let at = this.follows.get(space); at !== undefined; at = this.follows.get(space)) {
        const range = page(space, at)
        const lacks = range.reset !== undefined || range.to > at.version
        if (!lacks && !first) return
        first = false
        if (lacks && hit(server.faults.behind)) {
          this.follows.delete(space)
          this.down({ t: 'behind', space, head: range.head })
          return
        }
        this.follows.set(space, { version: range.to, seal: range.seal })
        this.down({ t: 'range', ...range })
      }
    }
    /** Those of spaces that are followed. */
    followLanes(stated: LanesStated = {}): void {
      const known = Object.entries(stated).filter(([space]) => this.follows.has(space))
      server.lanes.follow(this, Object.fromEntries(known))
    }
    forgetLanes(space: SpaceId): void {
      for (const key of this.lanes) if (key.startsWith(`${space} `)) this.lanes.delete(key)
    }
    hear(frame: ClientFrame): void {
      server.heard.push(frame)
      switch (frame.t) {
        case 'hello': {
          if (!server.acceptsToken(frame.token)) {
            this.down({ t: 'error', error: { code: 'token-expired', message: 'old', retryable: true } })
            this.end()
            return
          }
          this.greeted = true
          const heads = this.follow(frame.spaces)
          this.down({ t: 'welcome', user, nowMs: clock.nowMs(), heads, acked: [nonces.length, nonces.at(-1) ?? ''] })
          for (const space of Object.keys(heads)) this.serve(space, true)
          this.followLanes(frame.lanes)
          return
        }
        case 'follow': {
          const heads = this.follow(frame.spaces)
          this.down({ t: 'heads', heads })
          for (const space of Object.keys(heads)) this.serve(space, true)
          this.followLanes(frame.lanes)
          return
        }
        case 'unfollow':
          for (const space of frame.spaces) {
            this.follows.delete(space)
            this.forgetLanes(space)
          }
          for (const [space, names] of Object.entries(frame.lanes ?? {})) for (const lane of names) this.lanes.delete(`${space} ${lane}`)
          return
        case 'beat': {
          for (const space of [...this.follows.keys()]) this.serve(space)
          const sum = sumOf([...this.follows.values()].map(({ version, seal }) => ({ version: version as never, seal: seal as Seal })))
          this.down({ t: 'beat', nowMs: clock.nowMs(), sum })
          return
        }
        case 'mutate':
          this.down({ t: 'ack', client: frame.client, ...run(frame.mutations) })
          return
        case 'say':
          this.down({ t: 'said', ...server.lanes.hear(user, frame) })
          return
        default:
          return
      }
    }
  }

  function run(mutations: readonly Numbered[]): object {
    if (server.refuseBatches) return { acks: [], error: { n: mutations[0]?.n, ...server.refuseBatches } }
    const acks: object[] = []
    for (const mutation of mutations) {
      const { n, nonce } = mutation
      const { space = 'room:1' } = mutation as { readonly space?: unknown }
      if (n > nonces.length + 1)
        return { acks, error: { code: 'out-of-order', message: 'gap', retryable: true, n, expected: nonces.length + 1 } }
      if (n <= nonces.length && nonces[n - 1] !== nonce) return { acks, error: { code: 'client-conflict', message: 'other', n } }
      server.running(mutation as Parameters<FakeServer['running']>[0])
      const isNew = n > nonces.length
      const error = server.refuses(n) ?? (isNew && 'void' in mutation && { code: 'rejected', message: 'taken back', retryable: false })
      if (error) {
        nonces[n - 1] = nonce
        refused.set(n, { n, nonce, error })
      }
      const end = refused.get(n)
      if (end) {
        acks.push(end)
        continue
      }
      if (isNew) {
        nonces.push(nonce)
        server.done.push(n)
        server.commit(space as SpaceId)
      }
      acks.push({ n, nonce, in: { [space as SpaceId]: stand(space as SpaceId).version } })
    }
    return { acks }
  }

  const server: FakeServer = {
    faults: NO_FAULTS,
    heard: [],
    lanes: fakeLanes(clock, open),
    requests: [],
    done: [],
    refuseBatches: undefined,
    refuses: () => undefined,
    running() {},
    reachable: true,
    acceptsToken: () => true,
    older(space) {
      const { version: head, seal } = stand(space)
      return { docs: [], floor: 0, head, seal }
    },
    get connections() {
      return connections
    },
    commit(space, tell = true) {
      seals(space).push((((seals(space).length * 2_654_435_761) ^ (epoch * 40_503)) >>> 0).toString(16).padStart(8, '0'))
      if (tell) for (const live of open) live.serve(space)
    },
    restore(space, version) {
      epoch++
      seals(space).length = version + 1
      for (const live of open) live.end()
    },
    stand,
    deny(space, error) {
      if (error === undefined) return void denied.delete(space)
      denied.set(space, error)
      for (const live of open) {
        if (!live.follows.delete(space)) continue
        live.forgetLanes(space)
        live.down({ t: 'denied', space, error })
      }
    },
    say(frame) {
      for (const live of open) live.down(frame)
    },
    cut(silently) {
      for (const live of [...open]) live.end(silently)
    },
    transport: {
      connect(events) {
        connections++
        const live = new Live(events)
        clock.after(5, () => {
          if (live.over) return
          if (!server.reachable) {
            live.over = true
            return events.closed(1006)
          }
          open.add(live)
          events.opened()
        })
        return {
          send: (text) => live.up(text),
          close() {
            live.over = true
            open.delete(live)
          },
        }
      },
      request: ({ path, body: given }) =>
        new Promise((resolve, reject) => {
          server.requests.push(path)
          clock.after(5 + random.unit() * 50, () => {
            if (!server.reachable || hit(server.faults.http)) return reject(new Error('no network'))
            const url = new URL(path, 'http://fake')
            const space = decodeURIComponent(url.pathname.split('/')[3] as string)
            const error = denied.get(space)
            const from = { version: Number(url.searchParams.get('since')), seal: url.searchParams.get('seal') ?? '' }
            const [, , , , part, name = '', more, minute] = url.pathname.split('/')
            const number = (name: string) => Number(url.searchParams.get(name))
            const answer = (): object => {
              if (part === 'lanes') return more ? minuteOf(space, name, Number(minute)) : saidBy(space, name, given ?? '')
              return more ? server.older(space, name, number('before'), number('limit')) : page(space, from)
            }
            const body = error ? { error } : answer()
            // The way back fails as often.
            if (given && hit(server.faults.http)) return reject(new Error('no network'))
            resolve({ status: 'error' in body ? 403 : 200, contentType: 'application/json', text: JSON.stringify(body) })
          })
        }),
    },
  }
  return server
}
