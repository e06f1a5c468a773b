import type { RingText } from '../backend/backend.ts'
import type { GatewayMetrics } from '../observe/gateway-metrics.ts'
import type { GatewayBounds } from './bounds.ts'

/** What leaves for all who follow a lane: a tick, or, without a number, how the lane runs now. */
export interface LaneFrame {
  readonly text: string
  readonly tick: number | undefined
}

/** The connection of a follower, as far as a lane uses it. */
export interface LaneReader {
  readonly bufferedBytes: number
  send(text: string): void
}

export interface LaneChannelWorld {
  readonly bounds: GatewayBounds
  readonly metrics: GatewayMetrics
  /** Resolves when the event loop has gone round. */
  readonly turn: () => Promise<void>
}

/** One lane on one connection: first its ring, then what comes after that, each tick once. A slow reader misses ticks, and nothing is kept for it. */
export class LaneFollower {
  over = false
  readonly #world: LaneChannelWorld
  readonly #reader: LaneReader
  /** What came while the ring is on its way, the oldest first; undefined once it has come. */
  #waiting: LaneFrame[] | undefined = []
  #newest = 0

  constructor(world: LaneChannelWorld, reader: LaneReader) {
    this.#world = world
    this.#reader = reader
  }

  begin({ frames: [state = '', ...ticks], newest }: RingText): void {
    if (this.over) return
    const waiting = this.#waiting ?? []
    this.#waiting = undefined
    this.#newest = newest
    this.#reader.send(state)
    for (const text of this.#withinBounds(ticks)) this.#send(text)
    for (const frame of waiting) this.take(frame)
  }

  take(frame: LaneFrame): void {
    if (this.over) return
    const { bounds, metrics } = this.#world
    if (this.#waiting !== undefined) {
      if (this.#waiting.length >= bounds.laneFramesWaitingMax) this.#waiting.shift()
      this.#waiting.push(frame)
    } else if (frame.tick === undefined) this.#reader.send(frame.text)
    else if (frame.tick > this.#newest) {
      this.#newest = frame.tick
      if (this.#reader.bufferedBytes > bounds.ticksBufferedBytesMax) metrics.tickMissed()
      else this.#send(frame.text)
    }
  }

  /** As many of the newest as may be sent at once. */
  #withinBounds(ticks: readonly string[]): readonly string[] {
    const { bounds, metrics } = this.#world
    let left = this.#reader.bufferedBytes > bounds.bufferedBytesMax ? 0 : bounds.ringCharactersMax
    let from = ticks.length
    for (let text = ticks[from - 1]; text !== undefined && text.length <= left; text = ticks[from - 1]) {
      left -= text.length
      from -= 1
    }
    for (let missed = 0; missed < from; missed++) metrics.tickMissed()
    return ticks.slice(from)
  }

  #send(text: string): void {
    this.#reader.send(text)
    this.#world.metrics.ticks()
  }
}

/**
 * One lane as this gateway hands it out: a frame is one text for all followers, written as it came. A crowd takes some turns of the event
 * loop, so that other sockets are read in between, and the log of the same space keeps its pace [L3].
 */
export class LaneChannel {
  readonly #world: LaneChannelWorld
  readonly #followers = new Set<LaneFollower>()
  #leaving: LaneFrame[] = []
  #isHanding = false

  constructor(world: LaneChannelWorld) {
    this.#world = world
  }

  get isDeserted(): boolean {
    return this.#followers.size === 0
  }

  join(follower: LaneFollower): void {
    this.#followers.add(follower)
  }

  leave(follower: LaneFollower): void {
    follower.over = true
    this.#followers.delete(follower)
  }

  hand(frame: LaneFrame): void {
    // What the crowd cannot be given in time, it misses.
    if (this.#leaving.length >= this.#world.bounds.laneFramesWaitingMax) this.#leaving.shift()
    this.#leaving.push(frame)
    if (!this.#isHanding) void this.#handAll()
  }

  async #handAll(): Promise<void> {
    this.#isHanding = true
    let inTurn = 0
    for (let frame = this.#leaving.shift(); frame !== undefined; frame = this.#leaving.shift()) {
      for (const follower of this.#followers) {
        if (inTurn++ >= this.#world.bounds.tickReadersPerTurn) {
          await this.#world.turn()
          inTurn = 1
        }
        follower.take(frame)
      }
    }
    this.#isHanding = false
  }
}
