import type { RingText } from '../backend/backend.ts'
import type { GatewayMetrics } from '../observe/gateway-metrics.ts'
import type { GatewayBounds } from './bounds.ts'
import type { Giving } from './giving.ts'

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
  /** Shared by all lanes. */
  readonly giving: Pick<Giving, 'begin'>
}

/** One lane on one connection: first its ring, then what comes after that, each tick once. A slow reader misses ticks, and nothing is kept for it. */
export class LaneFollower {
  over = false
  readonly #world: Omit<LaneChannelWorld, 'giving'>
  readonly #reader: LaneReader
  /** What came while the ring is on its way, the oldest first; undefined once it has come. */
  #waiting: LaneFrame[] | undefined = []
  #newest = 0

  constructor(world: Omit<LaneChannelWorld, 'giving'>, reader: LaneReader) {
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
  /** Which frame is being given, and who is still to have it. */
  #giving: { readonly frame: LaneFrame; readonly left: Iterator<LaneFollower> } | undefined

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
    this.#world.giving.begin(this)
  }

  /** Gives a frame to so many followers at most; to how many it did. Fewer: nothing is left to give. */
  give(readersMax: number): number {
    for (let given = 0; given < readersMax; ) {
      const next = this.#giving?.left.next()
      if (this.#giving !== undefined && next?.done === false) {
        given += 1
        next.value.take(this.#giving.frame)
        continue
      }
      const frame = this.#leaving.shift()
      this.#giving = frame && { frame, left: this.#followers.values() }
      if (frame === undefined) return given
    }
    return readersMax
  }
}
