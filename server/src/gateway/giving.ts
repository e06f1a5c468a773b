import type { LaneChannel } from './lane-channel.ts'

export interface GivingWorld {
  /** Followers, of all lanes together, that are given a frame before the event loop goes round. */
  readonly readersPerTurn: number
  /** Resolves when the event loop has gone round. */
  readonly turn: () => Promise<void>
  /** A connection broke while it was given a frame; the others have theirs. */
  failed(error: unknown): void
}

/** Lanes that have something to give, in turn: ticks of many lanes end in one moment, and the loop is theirs for no longer than that of one [L3]. */
export class Giving {
  readonly #world: GivingWorld
  readonly #waiting = new Set<Pick<LaneChannel, 'give'>>()
  #isGiving = false

  constructor(world: GivingWorld) {
    this.#world = world
  }

  begin(channel: Pick<LaneChannel, 'give'>): void {
    this.#waiting.add(channel)
    if (!this.#isGiving) void this.#giveAll()
  }

  async #giveAll(): Promise<void> {
    const { readersPerTurn, turn, failed } = this.#world
    this.#isGiving = true
    let room = readersPerTurn
    // Whoever has more left comes to stand last, and is met again.
    for (const channel of this.#waiting) {
      if (room === 0) {
        await turn()
        room = readersPerTurn
      }
      this.#waiting.delete(channel)
      try {
        room -= channel.give(room)
        if (room === 0) this.#waiting.add(channel)
      } catch (error) {
        this.#waiting.add(channel)
        failed(error)
      }
    }
    this.#isGiving = false
  }
}
