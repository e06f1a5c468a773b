import { BadRequestError, type LanesStated, RateLimitedError, type SpaceId, TooLargeError } from '@tidemark/shared'
import type { RingText } from '../backend/backend.ts'
import type { GatewayBounds } from './bounds.ts'
import type { LaneChannel, LaneFollower } from './lane-channel.ts'

/** When to state lanes again that were too many, in ms. */
const STATE_AGAIN_MS = 1000

/** A session as its lanes use it. */
export interface LanesWorld {
  readonly bounds: GatewayBounds
  /** Asks the backend, within a time. */
  ring(space: SpaceId, lane: string, since: number): Promise<RingText>
  /** Makes a follower one of the lane's, made where it is the first. */
  join(space: SpaceId, lane: string): { readonly follower: LaneFollower; readonly channel: LaneChannel }
  left(space: SpaceId, lane: string, channel: LaneChannel): void
  refused(error: unknown): void
}

interface Followed {
  readonly follower: LaneFollower
  readonly channel: LaneChannel
}

/** The lanes that one connection follows [L4]. What is asked for them is answered beside everything else: neither ranges nor mutations wait for it. */
export class FollowedLanes {
  readonly #world: LanesWorld
  readonly #of = new Map<SpaceId, Map<string, Followed>>()
  #count = 0
  #asks = 0
  #settled: (() => void)[] = []

  constructor(world: LanesWorld) {
    this.#world = world
  }

  get spaces(): Iterable<SpaceId> {
    return this.#of.keys()
  }

  has(space: SpaceId): boolean {
    return this.#of.has(space)
  }

  /** Resolves once what was asked has been answered; bounded like each question. */
  settled(): Promise<void> | undefined {
    return this.#asks === 0 ? undefined : new Promise((resolve) => this.#settled.push(resolve))
  }

  /** `mayFollow`: whether a lane of this space may be followed now; `waitMs`: 0, or when one more may be stated. */
  follow(stated: LanesStated, mayFollow: (space: SpaceId) => boolean, waitMs: () => number): void {
    const { bounds, refused } = this.#world
    let isTold = false
    for (const [space, lanes] of Object.entries(stated)) {
      if (!mayFollow(space)) {
        // A frame has room for many thousands of them.
        if (isTold) continue
        isTold = true
        refused(new BadRequestError(`lanes of ${space}: follow the space first, or in the same frame`))
        continue
      }
      for (const [lane, since] of Object.entries(lanes)) {
        const afterMs = waitMs()
        if (afterMs > 0 || this.#asks >= bounds.lanesMax)
          return void refused(new RateLimitedError('Too many lanes were stated from here.', { afterMs: Math.max(afterMs, STATE_AGAIN_MS) }))
        this.#drop(space, lane)
        if (this.#count >= bounds.lanesMax) return void refused(new TooLargeError(`more than ${bounds.lanesMax} followed lanes`))
        void this.#begin(space, lane, since)
      }
    }
  }

  unfollow(named: Readonly<Record<SpaceId, readonly string[]>>): void {
    for (const [space, lanes] of Object.entries(named)) for (const lane of lanes) this.#drop(space, lane)
  }

  drop(space: SpaceId): void {
    for (const lane of [...(this.#of.get(space)?.keys() ?? [])]) this.#drop(space, lane)
  }

  end(): void {
    for (const space of [...this.#of.keys()]) this.drop(space)
  }

  async #begin(space: SpaceId, lane: string, since: number): Promise<void> {
    // Before the question: what is said between its answer and the joining would be lost.
    const followed = this.#world.join(space, lane)
    const lanes = this.#of.get(space) ?? new Map<string, Followed>()
    this.#of.set(space, lanes.set(lane, followed))
    this.#count++
    this.#asks++
    try {
      followed.follower.begin(await this.#world.ring(space, lane, since))
    } catch (error) {
      if (!followed.follower.over) {
        this.#drop(space, lane)
        this.#world.refused(error)
      }
    } finally {
      this.#asks--
      if (this.#asks === 0) for (const tell of this.#settled.splice(0)) tell()
    }
  }

  #drop(space: SpaceId, lane: string): void {
    const lanes = this.#of.get(space)
    const followed = lanes?.get(lane)
    if (lanes === undefined || followed === undefined) return
    lanes.delete(lane)
    if (lanes.size === 0) this.#of.delete(space)
    this.#count--
    followed.channel.leave(followed.follower)
    this.#world.left(space, lane, followed.channel)
  }
}
