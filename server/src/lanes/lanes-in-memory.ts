import { type LaneDefinition, type Random, UnavailableError } from '@tidemark/shared'
import type { Log } from '../observe/log.ts'
import { LANES_MAX, RINGS_CHARACTERS_MAX, STORE_RETRY_MS } from './bounds.ts'
import type { LanePlace } from './lane-engine.ts'
import { laneKey } from './lane-key.ts'
import { LaneRun } from './lane-run.ts'
import type { KeptLane } from './lane-store.ts'

interface LanesWorld {
  readonly random: Random
  readonly log: Log
  /** What the store has of a lane. */
  kept(place: LanePlace, ring: number): Promise<KeptLane>
}

/** The lanes that are in use, and of the others those that were used last: LANES_MAX of them, and rings of RINGS_CHARACTERS_MAX in all. */
export class LanesInMemory {
  readonly #world: LanesWorld
  /** The one used longest ago first. */
  readonly #runs = new Map<string, LaneRun>()
  readonly #loading = new Map<string, Promise<LaneRun>>()
  #characters = 0
  /** No tick up to it was given out by lanes that were forgotten and are in no store. */
  #floor = 0

  constructor(world: LanesWorld) {
    this.#world = world
  }

  get all(): Iterable<LaneRun> {
    return this.#runs.values()
  }

  /** Whatever the store has of it. Throws UnavailableError where all that are in memory are needed there. */
  of(place: LanePlace, definition: LaneDefinition): LaneRun {
    const key = laneKey(place)
    return this.#used(key) ?? this.#insert(key, place, definition)
  }

  /** With what the store has of it, which is read once. */
  loaded(place: LanePlace, definition: LaneDefinition): Promise<LaneRun> {
    const key = laneKey(place)
    const found = this.#used(key)
    if (found?.isLoaded) return Promise.resolve(found)
    const before = this.#loading.get(key)
    if (before !== undefined) return before
    const loading = this.#load(place, definition).finally(() => this.#loading.delete(key))
    this.#loading.set(key, loading)
    return loading
  }

  /** Whatever makes a ring longer or shorter is done in here, so that what all of them hold is known. */
  changing(run: LaneRun, change: () => void): void {
    const before = run.characters
    change()
    this.#characters += run.characters - before
  }

  /** Forgets what is idle, the one used longest ago first, until there is room for `more`. */
  makeRoom(more = 0): void {
    for (const [key, run] of this.#runs) {
      if (this.#runs.size + more <= LANES_MAX && this.#characters <= RINGS_CHARACTERS_MAX) return
      if (!run.isIdle) continue
      if (!run.isLoaded) this.#floor = Math.max(this.#floor, run.newest)
      this.#characters -= run.characters
      this.#runs.delete(key)
    }
  }

  async #load(place: LanePlace, definition: LaneDefinition): Promise<LaneRun> {
    const kept = await this.#world.kept(place, definition.ring)
    const run = this.of(place, definition)
    this.changing(run, () => run.load(kept))
    return run
  }

  #used(key: string): LaneRun | undefined {
    const run = this.#runs.get(key)
    if (run === undefined) return undefined
    this.#runs.delete(key)
    this.#runs.set(key, run)
    return run
  }

  #insert(key: string, place: LanePlace, definition: LaneDefinition): LaneRun {
    const { random, log } = this.#world
    this.makeRoom(1)
    if (this.#runs.size >= LANES_MAX) throw new UnavailableError('Too many lanes are in use.', { afterMs: STORE_RETRY_MS })
    let isTold = false
    const badWeight = (err: unknown): void => {
      if (!isTold) log.error({ err, space: place.space, lane: place.lane }, 'the weight function of a lane failed: it counts as 1')
      isTold = true
    }
    const run = new LaneRun(place, definition, this.#floor, { random, badWeight })
    this.#runs.set(key, run)
    return run
  }
}
