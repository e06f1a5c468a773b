import { type Clock, InternalError, judge, type SpaceId, type Standing, type SyncError, type Version, ZERO } from '@tidemark/shared'
import type { Backend } from '../backend/backend.ts'
import type { GatewayMetrics } from '../observe/gateway-metrics.ts'
import { refusedOf } from '../observe/refused-of.ts'
import { answerWithin } from './answer-within.ts'
import type { GatewayBounds } from './bounds.ts'
import { type Follower, isPersonal } from './follower.ts'
import { frames } from './frames.ts'
import type { FramedRange, RecentRanges } from './recent-ranges.ts'

export interface ChannelWorld {
  readonly backend: Backend
  readonly clock: Clock
  readonly bounds: GatewayBounds
  readonly recent: RecentRanges
  readonly metrics: GatewayMetrics
  /** A number that no memory of this gateway had before. */
  nextMemory(): number
  /** Nobody reads this channel any more: it may be forgotten. */
  deserted(channel: Channel): void
  /** The error as the wire may carry it; what is not a SyncError is logged and becomes InternalError. */
  wireable(error: unknown): SyncError
}

/** A range on its way from the backend, and who waits for it. */
interface Fetch {
  readonly key: string
  readonly asker: Follower
  readonly waiting: Set<Follower>
  readonly knownBefore: Version
}

/**
 * One space as this gateway follows it: who reads it and how far it is known to have come. Holds no data but what RecentRanges keeps.
 * Each (view, number, seal) is fetched once however many stand there, and leaves as one text. Commits that come while a fetch
 * runs leave as one wider range.
 */
export class Channel {
  readonly tenant: string
  readonly space: SpaceId
  readonly followers: Set<Follower> = new Set()
  readonly #world: ChannelWorld
  readonly #underWay = new Map<string, Fetch>()
  /** The highest version heard of: a reason to ask, never an answer. */
  #known: Version = ZERO
  #memory: number
  /**
   * The highest place where a reader stood who lacked nothing: what this gateway states of the space [B6]. It falls only when what is
   * remembered is forgotten: one who came back to another history must not hide those who still stand in the old one.
   */
  #top: Standing | undefined
  #fannedOutAtMs = Number.NEGATIVE_INFINITY
  #cancelFanOut: (() => void) | undefined

  constructor(world: ChannelWorld, tenant: string, space: SpaceId) {
    this.#world = world
    this.tenant = tenant
    this.space = space
    this.#memory = world.nextMemory()
  }

  get known(): Version {
    return this.#known
  }

  get top(): Standing | undefined {
    return this.#top
  }

  lacks(follower: Follower): boolean {
    return follower.lacks(this.#known)
  }

  /** "The space is at `version`": may be old, doubled, or wrong. */
  hint(version: Version): void {
    if (version <= this.#known) return
    this.#known = version
    this.#fanOutSoon()
  }

  /** The backend says that the space is not where this gateway stated it [B6]. */
  doubt(stated: Standing, version: Version): void {
    if (version > stated.version) this.hint(version)
    else this.forget()
  }

  /** Drops what is remembered; each follower is answered from the backend by where it stands. Source: protocol §1. */
  forget(): void {
    this.#memory = this.#world.nextMemory()
    this.#top = undefined
    for (const follower of this.followers) follower.mustAsk = true
    this.#fanOutSoon()
  }

  join(follower: Follower): void {
    this.followers.add(follower)
    this.serve(follower)
  }

  leave(follower: Follower): void {
    follower.over = true
    this.followers.delete(follower)
    if (this.followers.size > 0) return
    this.#cancelFanOut?.()
    this.#cancelFanOut = undefined
    this.#world.deserted(this)
  }

  /** Gives a follower what it lacks, at once or as soon as it is there. */
  serve(follower: Follower): void {
    while (!follower.over && !follower.asking && this.lacks(follower)) {
      if (!follower.reader.mayAsk(follower)) return
      const key = `${this.#memory} ${follower.standing.version} ${follower.standing.seal} ${follower.view}`
      const remembered = follower.afresh && follower.mustAsk ? undefined : this.#world.recent.get(key)
      if (remembered === undefined || remembered.range.head < this.#known) {
        this.#ask(follower, key)
        return
      }
      if (!this.#deliver(follower, remembered)) return
    }
    follower.reader.moved(follower)
  }

  /** Ends a follow with the error that ends it. */
  deny(follower: Follower, error: SyncError): void {
    if (follower.over) return
    this.#world.metrics.refused(error.code, refusedOf(follower.reader.principal, undefined, { space: this.space }, error))
    this.#end(follower, 'denied', frames.denied(this.space, error))
  }

  #end(follower: Follower, by: 'behind' | 'denied', lastFrame: string): void {
    this.leave(follower)
    follower.reader.send(lastFrame)
    follower.reader.ended(follower, by)
    follower.reader.moved(follower)
  }

  #fanOutSoon(): void {
    if (this.#cancelFanOut !== undefined) return
    const { clock, bounds } = this.#world
    const waitMs = this.#fannedOutAtMs + bounds.gatherMs - clock.monotonicMs()
    if (waitMs <= 0) this.#fanOut()
    else
      this.#cancelFanOut = clock.after(waitMs, () => {
        this.#cancelFanOut = undefined
        this.#fanOut()
      })
  }

  #fanOut(): void {
    this.#fannedOutAtMs = this.#world.clock.monotonicMs()
    for (const follower of this.followers) this.serve(follower)
  }

  #ask(follower: Follower, key: string): void {
    follower.asking = true
    follower.reader.asked()
    const underWay = this.#underWay.get(key)
    if (underWay !== undefined) {
      underWay.waiting.add(follower)
      return
    }
    const fetch: Fetch = { key, asker: follower, waiting: new Set([follower]), knownBefore: this.#known }
    this.#underWay.set(key, fetch)
    const { backend, bounds, clock } = this.#world
    answerWithin(
      clock,
      bounds.answerWithinMs,
      backend.range(follower.reader.principal, this.space, follower.standing, {
        changesMax: bounds.pageChangesMax,
        bytesMax: bounds.pageBytesMax,
      }),
    ).then(
      (range) => this.#arrived(fetch, { range, frame: frames.range(range) }),
      (error: unknown) => this.#failed(fetch, this.#world.wireable(error)),
    )
  }

  #arrived(fetch: Fetch, framed: FramedRange): void {
    this.#underWay.delete(fetch.key)
    const { range } = framed
    // The backend knows best; but a hint that came while it read may be newer than what it read.
    if (range.head > this.#known) this.hint(range.head)
    else if (this.#known === fetch.knownBefore) this.#known = range.head
    // A reset given to the gateway itself, not to a client that brought a number of its own: what is remembered is of a dead history. Once is enough.
    if (range.reset && [...fetch.waiting].some(({ vouchedBy }) => vouchedBy === this.#memory)) this.forget()
    if (!range.reset && fetch.key.startsWith(`${this.#memory} `)) this.#world.recent.keep(fetch.key, framed)
    for (const follower of fetch.waiting) {
      follower.asking = false
      follower.reader.answered()
      if (follower.over) follower.reader.moved(follower)
      else if (this.#deliver(follower, framed)) this.serve(follower)
    }
  }

  #failed(fetch: Fetch, error: SyncError): void {
    this.#underWay.delete(fetch.key)
    for (const follower of fetch.waiting) {
      follower.asking = false
      follower.reader.answered()
      if (follower.over) follower.reader.moved(follower)
      else if (follower !== fetch.asker && isPersonal(error)) this.serve(follower)
      else this.deny(follower, error)
    }
  }

  /** Sends a range to one who stands at its beginning. False when the follow ended by it, or the reader has to make room first. */
  #deliver(follower: Follower, { range, frame }: FramedRange): boolean {
    const { reader } = follower
    const { bounds, metrics } = this.#world
    if (reader.bufferedBytes > bounds.bufferedBytesMax) {
      if (follower.caughtUp) {
        metrics.behind()
        this.#end(follower, 'behind', frames.behind(this.space, range.head))
      } else reader.waitForRoom(follower)
      return false
    }
    const verdict = judge(follower.standing, {
      from: range.from,
      on: range.on,
      to: range.to,
      seal: range.seal,
      reset: range.reset ? 'reset' : undefined,
    })
    const stuck = range.to === range.from && range.to < range.head && !range.reset
    if ((verdict !== 'news' && verdict !== 'reset') || stuck) {
      this.deny(follower, this.#world.wireable(new InternalError('a range that leads nowhere', { cause: range })))
      return false
    }
    reader.send(frame)
    metrics.ranges()
    follower.standing = { version: range.to, seal: range.seal }
    follower.vouchedBy = this.#memory
    follower.mustAsk = false
    follower.caughtUp = range.to === range.head
    follower.catchUpBytes = follower.caughtUp ? 0 : follower.catchUpBytes + frame.length
    if (follower.caughtUp && range.to > (this.#top?.version ?? -1)) this.#top = follower.standing
    if (follower.catchUpBytes > bounds.catchUpBytesMax) {
      metrics.behind()
      this.#end(follower, 'behind', frames.behind(this.space, range.head))
      return false
    }
    reader.moved(follower)
    return true
  }
}
