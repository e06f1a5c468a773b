import {
  type Acked,
  type ClientFrame,
  type Clock,
  ForbiddenError,
  type Heads,
  type LanesStated,
  LIMITS,
  NotFoundError,
  RateLimitedError,
  type SpaceId,
  type Standing,
  type Standings,
  type SyncError,
  sumOf,
  TooLargeError,
  type Version,
} from '@tidemark/shared'
import type { Backend, LanePlace, Opened, Principal } from '../backend/backend.ts'
import { Budget } from '../budget.ts'
import type { GatewayMetrics } from '../observe/gateway-metrics.ts'
import { refusedOf } from '../observe/refused-of.ts'
import { answerWithin } from './answer-within.ts'
import type { GatewayBounds } from './bounds.ts'
import type { Channel } from './channel.ts'
import type { CopyState } from './connection-state.ts'
import { FollowedLanes } from './followed-lanes.ts'
import { Follower, type Reader } from './follower.ts'
import { frames } from './frames.ts'
import type { LaneChannel, LaneFollower, LaneReader } from './lane-channel.ts'
import type { Presence } from './presence.ts'
import { SayLine } from './say-line.ts'

/** The gateway as a session uses it. */
export interface SessionWorld {
  readonly backend: Backend
  readonly clock: Clock
  /** Resolves when the event loop has gone round. */
  readonly turn: () => Promise<void>
  readonly bounds: GatewayBounds
  readonly metrics: GatewayMetrics
  /** The channel of a space, made when it is the first to ask. */
  channel(tenant: string, space: SpaceId): Channel
  channelIfAny(tenant: string, space: SpaceId): Channel | undefined
  /** Makes a follower one of this lane's. */
  joinLane(place: LanePlace, reader: LaneReader): { readonly follower: LaneFollower; readonly channel: LaneChannel }
  /** A follower has left it. */
  leftLane(place: LanePlace, channel: LaneChannel): void
  readonly presence: Presence
  wireable(error: unknown): SyncError
}

/** Where the frames of a session leave. */
export interface Outlet {
  readonly bufferedBytes: number
  readonly isPoll: boolean
  /** How long it may stay silent before it is given up, in ms [B4]. */
  readonly silenceLeftMs: number
  send(text: string): void
}

type Hello = Extract<ClientFrame, { t: 'hello' }>
type Mutate = Extract<ClientFrame, { t: 'mutate' }>
type Say = Extract<ClientFrame, { t: 'say' }>

/** What a connection is after its hello: one reader, the copies it follows, and where each stands. Frames are given to it one at a time. */
export class Session implements Reader {
  principal: Principal
  readonly client: string
  readonly #world: SessionWorld
  readonly #outlet: Outlet
  readonly #following = new Map<SpaceId, { readonly follower: Follower; readonly channel: Channel }>()
  readonly #statements: Budget
  readonly #auths: Budget
  readonly #lanes: FollowedLanes
  readonly #says: SayLine
  /** Spaces in which this user counts as there through this connection. */
  readonly #present = new Set<SpaceId>()
  /** Followers that wait for a turn to ask, or for room to send. */
  readonly #waiting = new Set<Follower>()
  /** Spaces whose rights are asked for by a hello or a follow under way, and whether these may have changed since. */
  #opening: readonly SpaceId[] = []
  #isOpeningOld = false
  #asks = 0
  #resuming = false
  #over = false
  /** A beat that waits until each of these stands where it should, or has ended [B1]. */
  #flush: { readonly awaited: Map<Follower, Version>; readonly done: () => void } | undefined

  constructor(world: SessionWorld, outlet: Outlet, principal: Principal, client: string) {
    this.#world = world
    this.#outlet = outlet
    this.principal = principal
    this.client = client
    const { bounds, clock } = world
    this.#statements = new Budget(bounds.statementsBurst, bounds.statementsPerS, clock.monotonicMs())
    this.#auths = new Budget(bounds.authsBurst, bounds.authsPerS, clock.monotonicMs())
    const place = (space: SpaceId, lane: string) => ({ tenant: this.principal.tenant, space, lane })
    const refused = (thrown: unknown) => {
      const error = world.wireable(thrown)
      world.metrics.refused(error.code, refusedOf(this.principal, client, {}, error))
      this.send(frames.error(error))
    }
    this.#lanes = new FollowedLanes({
      bounds,
      refused,
      ring: (space, lane, since) => answerWithin(clock, bounds.ringWithinMs, world.backend.lane(this.principal, space, lane, since)),
      join: (space, lane) => world.joinLane(place(space, lane), this),
      left: (space, lane, channel) => world.leftLane(place(space, lane), channel),
    })
    this.#says = new SayLine({
      clock,
      bounds,
      say: (frame) => this.#say(frame),
      refused: (frame, error) => this.#notSaid(frame, error),
    })
  }

  get spaces(): readonly SpaceId[] {
    return [...this.#following.keys()]
  }

  /** Each copy that it follows, and how far its space is known to be. */
  get copies(): readonly CopyState[] {
    return Array.from(this.#following.values(), ({ follower, channel }) => {
      const { space, standing } = follower
      return { space, version: standing.version, head: channel.known > standing.version ? channel.known : standing.version }
    })
  }

  /** Whether it follows something of this space, or is about to. */
  concerns(space: SpaceId): boolean {
    return this.#following.has(space) || this.#opening.includes(space) || this.#lanes.has(space)
  }

  /** Whether something is being said that somebody waits for. */
  get isSaying(): boolean {
    return this.#says.isSaying
  }

  /** Answers a hello: welcome, then what each copy lacks [B2]. */
  async welcome(hello: Hello): Promise<void> {
    const { clock } = this.#world
    const { heads, acked, start } = await this.#open(hello.probe === true ? {} : hello.spaces, false)
    this.send(frames.welcome(this.principal.user, clock.nowMs(), heads, acked))
    start()
    if (hello.probe !== true) this.#followLanes(hello.lanes, hello.spaces, () => 0)
  }

  async follow(stated: Standings, lanes: LanesStated | undefined): Promise<void> {
    const { heads, acked, start } = await this.#open(stated, true)
    this.send(frames.heads(heads, acked))
    start()
    this.#followLanes(lanes, stated, () => this.#statements.take(this.#world.clock.monotonicMs()))
  }

  unfollow(spaces: readonly SpaceId[], lanes: Readonly<Record<SpaceId, readonly string[]>> | undefined): void {
    if (lanes !== undefined) this.#lanes.unfollow(lanes)
    for (const space of spaces) this.#leave(space)
  }

  /** `characters`: of the frame as it came. */
  say(frame: Say, characters: number): void {
    this.#says.add(frame, characters)
  }

  async mutate({ client, on, mutations }: Mutate): Promise<void> {
    const { backend, bounds, clock } = this.#world
    let answer: Awaited<ReturnType<Backend['mutate']>>
    try {
      answer = await answerWithin(clock, bounds.mutateWithinMs, backend.mutate(this.principal, { client, on, mutations }))
    } catch (thrown) {
      const error = this.#world.wireable(thrown)
      this.#world.metrics.refused(error.code, refusedOf(this.principal, client, mutations[0] ?? {}, error))
      this.send(frames.notRun(client, mutations[0]?.n, error))
      return
    }
    this.send(frames.ack(client, answer.text))
    for (const [space, version] of answer.touched) {
      this.#world.channelIfAny(this.principal.tenant, space)?.hint(version)
      const followed = this.#following.get(space)
      followed?.channel.serve(followed.follower)
    }
  }

  /** Sends what this connection lacks, then the sum over what it follows [B1]. */
  async beat(): Promise<void> {
    const awaited = new Map<Follower, Version>()
    for (const { follower, channel } of this.#following.values()) if (channel.lacks(follower)) awaited.set(follower, channel.known)
    if (awaited.size > 0) {
      await new Promise<void>((done) => {
        this.#flush = { awaited, done }
        for (const follower of [...awaited.keys()]) this.#following.get(follower.space)?.channel.serve(follower)
      })
    }
    if (this.#outlet.isPoll) await this.#lanes.settled()
    this.send(frames.beat(this.#world.clock.nowMs(), this.sum()))
  }

  /** Over what this connection follows, of the places where its copies stand after all that was sent [B1]. */
  sum(): number {
    return sumOf(Array.from(this.#following.values(), ({ follower }): Standing => follower.standing))
  }

  /** A fresh token, in place; what is followed is held against its rights. Throws what is wrong with it; ForbiddenError for somebody else's. */
  async auth(token: string): Promise<void> {
    const { backend, bounds, clock } = this.#world
    const waitMs = this.#auths.take(clock.monotonicMs())
    if (waitMs > 0) throw new RateLimitedError('Too many tokens were shown here.', { afterMs: waitMs })
    const principal = await answerWithin(clock, bounds.answerWithinMs, backend.authenticate(token))
    if (principal.user !== this.principal.user || principal.tenant !== this.principal.tenant)
      throw new ForbiddenError('This token is of another user: open a connection of their own.')
    this.principal = principal
    // A check that fails proves nothing; the next one comes by itself [B6].
    await this.recheck().catch(this.#world.wireable)
  }

  /** Holds each follow against the rights of this moment: ends what is no longer allowed, asks anew where the view is another. */
  async recheck(): Promise<void> {
    this.#isOpeningOld = true
    const before = new Map(this.#following)
    // A space that is behind is followed no more, and its lanes are.
    const others = [...this.#lanes.spaces].filter((space) => !before.has(space))
    const opened = new Map<SpaceId, Opened>()
    const asked = [...before.keys(), ...others]
    for (let at = 0; at < asked.length; at += LIMITS.spaces)
      for (const [space, now] of (await this.#ask(asked.slice(at, at + LIMITS.spaces))).opened) opened.set(space, now)
    for (const space of others) {
      const now = opened.get(space)
      if (now === undefined || !('denied' in now) || this.#over || this.#following.has(space)) continue
      this.#world.metrics.refused(now.denied.code, refusedOf(this.principal, this.client, { space }, now.denied))
      this.#leave(space)
      this.send(frames.denied(space, now.denied))
    }
    for (const [space, { follower, channel }] of before) {
      const now = opened.get(space)
      if (now === undefined || follower.over) continue
      if ('denied' in now) channel.deny(follower, now.denied)
      else {
        if (now.view !== follower.view) {
          follower.view = now.view
          follower.mustAsk = true
        }
        channel.hint(now.head)
        channel.serve(follower)
      }
    }
  }

  /** Ends every follow, without a word. */
  end(): void {
    this.#over = true
    for (const space of this.spaces) this.#drop(space)
    this.#waiting.clear()
    this.#lanes.end()
    this.#says.end()
    for (const space of this.#present) this.#vanish(space, this.#outlet.isPoll ? this.#world.bounds.presentAfterPollMs : 0)
  }

  /** Serves who waits for a turn or for room, as far as there is some again. */
  resumeWaiting(): void {
    if (this.#resuming) return
    this.#resuming = true
    for (const follower of this.#waiting) {
      if (this.#asks >= this.#world.bounds.asksPerConnectionMax) break
      if (!this.#hasRoom(follower)) continue
      this.#waiting.delete(follower)
      this.#following.get(follower.space)?.channel.serve(follower)
    }
    this.#resuming = false
  }

  // ── what a channel asks of a reader ──

  get bufferedBytes(): number {
    return this.#outlet.bufferedBytes
  }

  send(text: string): void {
    this.#outlet.send(text)
  }

  mayAsk(follower: Follower): boolean {
    const may = this.#asks < this.#world.bounds.asksPerConnectionMax && this.#hasRoom(follower)
    if (!may) this.#waiting.add(follower)
    return may
  }

  waitForRoom(follower: Follower): void {
    this.#waiting.add(follower)
  }

  asked(): void {
    this.#asks++
  }

  answered(): void {
    this.#asks--
  }

  moved(follower: Follower): void {
    this.resumeWaiting()
    const flush = this.#flush
    const target = flush?.awaited.get(follower)
    if (flush === undefined || target === undefined) return
    const channel = this.#following.get(follower.space)?.channel
    const arrived = !follower.mustAsk && (follower.standing.version >= target || channel?.lacks(follower) === false)
    if (!follower.over && !arrived) return
    flush.awaited.delete(follower)
    if (flush.awaited.size > 0) return
    this.#flush = undefined
    flush.done()
  }

  ended(follower: Follower, by: 'behind' | 'denied'): void {
    if (this.#following.get(follower.space)?.follower !== follower) return
    this.#following.delete(follower.space)
    if (by === 'denied') this.#leave(follower.space)
    // Who has vanished counts no longer than a connection that says nothing [L6].
    else this.#vanish(follower.space, Math.min(this.#world.bounds.presentBehindMs, this.#outlet.silenceLeftMs))
  }

  /** A copy that is catching up waits for its reader between pages; a live one is told `behind` when its reader is slow. */
  #hasRoom(follower: Follower): boolean {
    return follower.caughtUp || this.bufferedBytes <= this.#world.bounds.catchUpBufferedBytes
  }

  #drop(space: SpaceId): void {
    const followed = this.#following.get(space)
    if (followed === undefined) return
    this.#following.delete(space)
    followed.channel.leave(followed.follower)
    this.moved(followed.follower)
  }

  /** Ends all that is followed of a space. */
  #leave(space: SpaceId): void {
    this.#drop(space)
    this.#lanes.drop(space)
    this.#vanish(space, 0)
  }

  #vanish(space: SpaceId, presentMs: number): void {
    if (this.#present.delete(space)) this.#world.presence.leave(this.principal.tenant, space, this.principal.user, presentMs)
  }

  /** What the same frame stated was denied, or is followed by now. */
  #followLanes(lanes: LanesStated | undefined, stated: Standings, waitMs: () => number): void {
    if (lanes === undefined || this.#over) return
    const open = Object.entries(lanes).filter(([space]) => !Object.hasOwn(stated, space) || this.#following.has(space))
    this.#lanes.follow(Object.fromEntries(open), (space) => this.#following.has(space) || this.#lanes.has(space), waitMs)
  }

  async #say(frame: Say): Promise<void> {
    const { backend, bounds, clock, metrics } = this.#world
    const { space, lane, id, body } = frame
    try {
      const said = await answerWithin(clock, bounds.answerWithinMs, backend.say(this.principal, { space, lane, id, body }))
      metrics.said()
      this.send(frames.said(frame.n, said.id))
    } catch (thrown) {
      this.#notSaid(frame, this.#world.wireable(thrown))
    }
  }

  #notSaid({ n, space }: Say, error: SyncError): void {
    this.#world.metrics.refused(error.code, refusedOf(this.principal, this.client, { space }, error))
    this.send(frames.notSaid(n, error))
  }

  #ask(spaces: readonly SpaceId[]): Promise<{ readonly opened: ReadonlyMap<SpaceId, Opened>; readonly acked: Acked }> {
    const { backend, bounds, clock } = this.#world
    return answerWithin(clock, bounds.answerWithinMs, backend.open(this.principal, this.client, spaces))
  }

  /** Asks for the right to follow. `start` sends what is denied and starts the ranges; it is called after the frame that names the heads. */
  async #open(stated: Standings, counted: boolean): Promise<{ heads: Heads; acked: Acked; start: () => void }> {
    const { clock, metrics } = this.#world
    const refused = new Map<SpaceId, SyncError>()
    const asked: SpaceId[] = []
    let room = LIMITS.spaces - this.#following.size
    for (const space of Object.keys(stated)) {
      const waitMs = counted ? this.#statements.take(clock.monotonicMs()) : 0
      if (waitMs > 0) refused.set(space, new RateLimitedError('Too many spaces were stated from here.', { afterMs: waitMs }))
      else if (!this.#following.has(space) && room-- <= 0)
        refused.set(space, new TooLargeError(`more than ${LIMITS.spaces} followed spaces`))
      else asked.push(space)
    }
    this.#opening = asked
    this.#isOpeningOld = false
    const { opened, acked } = await this.#ask(asked).finally(() => {
      this.#opening = []
    })
    const heads: Record<SpaceId, Version> = {}
    for (const space of asked) {
      const answer = opened.get(space) ?? { denied: new NotFoundError('no such space') }
      if ('denied' in answer) refused.set(space, answer.denied)
      else heads[space] = answer.head
    }
    const start = () => {
      if (this.#over) return
      for (const [space, error] of refused) {
        this.#leave(space)
        metrics.refused(error.code, refusedOf(this.principal, this.client, { space }, error))
        this.send(frames.denied(space, error))
      }
      for (const space of asked) {
        const answer = opened.get(space)
        const at = stated[space]
        if (at === undefined || answer === undefined || 'denied' in answer) continue
        const again = this.#following.has(space)
        if (again) metrics.gaps()
        this.#drop(space)
        const follower = new Follower(this, space, answer.view, { version: at[0], seal: at[1] }, again)
        const channel = this.#world.channel(this.principal.tenant, space)
        this.#following.set(space, { follower, channel })
        channel.hint(answer.head)
        channel.join(follower)
        if (!this.#present.has(space) && this.#world.presence.enter(this.principal.tenant, space, this.principal.user))
          this.#present.add(space)
      }
      if (this.#isOpeningOld) void this.recheck().catch(this.#world.wireable)
    }
    return { heads, acked, start }
  }
}
