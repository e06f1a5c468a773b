import {
  type App,
  type Clock,
  conform,
  defineApp,
  type LaneItem,
  type LaneOptions,
  lane,
  laneRing,
  parseServerFrame,
  type Random,
  space,
  type Tick,
} from '@tidemark/shared'
import * as v from 'valibot'
import { inProcessBus } from '../src/bus/in-process-bus.ts'
import { createLaneEngine } from '../src/lanes/create-lane-engine.ts'
import type { LaneEngine, LanePlace, LaneSettings, NewItem } from '../src/lanes/lane-engine.ts'
import { laneOf } from '../src/lanes/lane-of.ts'
import type { LaneStore } from '../src/lanes/lane-store.ts'
import { memoryLaneStore } from '../src/lanes/memory/memory-lane-store.ts'
import { VirtualClock } from './virtual-clock.ts'

const Said = v.object({ text: v.string() })
type Said = v.InferOutput<typeof Said>

/** An app whose spaces `live` have one lane, `danmu`, and one that keeps nothing, `typing`. */
export function laneApp(options: LaneOptions<Said, 'text'> = {}): App {
  const lanes = { danmu: lane(Said, { text: 'text', ...options }), typing: lane(Said, { tickMs: 0 }) }
  return defineApp({ version: '1', spaces: { live: space({ lanes }) } })
}

export const DANMU: LanePlace = { tenant: 'default', space: 'live:1', lane: 'danmu' }
export const TYPING: LanePlace = { ...DANMU, lane: 'typing' }

/** Chance that repeats itself. Source of the constants: Numerical Recipes, "quick and dirty" generators. */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  const unit = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  return { unit, bytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(unit() * 256)) }
}

/** Time that passes when a test says so, with a wall clock that can be set. */
export class LaneClock extends VirtualClock {
  /** What the wall clock shows beside the time that has passed, in ms. */
  shiftMs = 0

  override nowMs(): number {
    return super.nowMs() + this.shiftMs
  }
}

/** An engine over a store, in virtual time, and what leaves it. */
export class LaneWorld {
  readonly clock: LaneClock
  readonly store: LaneStore
  readonly app: App
  readonly settings = new Map<string, LaneSettings>()
  /** Ticks as they left, by space and lane. */
  readonly ticks: Tick[] = []
  readonly frames: string[] = []
  readonly logged: string[] = []
  readonly engine: LaneEngine
  #ids = 0

  constructor({
    app = laneApp(),
    store = memoryLaneStore(),
    clock = new LaneClock(),
    random = seeded(7),
    turn,
  }: {
    app?: App
    store?: LaneStore
    clock?: LaneClock
    random?: Random
    turn?: () => Promise<void>
  } = {}) {
    this.app = app
    this.store = store
    this.clock = clock
    const bus = inProcessBus((error) => this.logged.push(String(error)))
    bus.subscribe((hint) => {
      if (!('frame' in hint)) return
      this.frames.push(hint.frame)
      const frame = parseServerFrame(hint.frame)
      if (frame?.t !== 'tick') return
      const { t: _t, space: _space, lane: _lane, ...tick } = frame
      if (hint.tick !== tick.tick) throw new Error('the hint names another tick')
      this.ticks.push(tick)
    })
    const note = (_: object, message: string) => this.logged.push(message)
    this.engine = createLaneEngine({
      app,
      store,
      bus,
      clock: clock as Clock,
      random,
      turn,
      settings: ({ space: of, lane: name }) => this.settings.get(`${of} ${name}`) ?? {},
      log: { info: note, warn: note, error: note },
    })
  }

  static async started(options: ConstructorParameters<typeof LaneWorld>[0] = {}): Promise<LaneWorld> {
    const world = new LaneWorld(options)
    await world.engine.start()
    return world
  }

  definition(place: LanePlace) {
    const found = laneOf(this.app, place.space, place.lane)
    if (found === undefined) throw new Error(`no lane ${place.lane}`)
    return found
  }

  /** Resolves when it is kept. */
  say(
    text: string,
    { id = `i${++this.#ids}`, by = 'ada', place = DANMU, ...rest }: Partial<NewItem> & { place?: LanePlace } = {},
  ): Promise<void> {
    return this.engine.add(place, this.definition(place), { id, by, body: { text }, ...rest })
  }

  /** An admin's act. */
  set(settings: LaneSettings, place: LanePlace = DANMU): void {
    this.settings.set(`${place.space} ${place.lane}`, settings)
    this.engine.settingsChanged(place, this.definition(place))
  }

  async ring(since = 0, place: LanePlace = DANMU): Promise<v.InferOutput<typeof laneRing>> {
    const { text } = await this.engine.ring(place, this.definition(place), since)
    return conform(laneRing, JSON.parse(text))
  }
}

/** The texts of a tick's items, `text x3` where they were folded. */
export function textsOf({ items }: Tick): string[] {
  return items.map(({ body, count }) => `${(body as Said).text}${count === undefined ? '' : ` x${count}`}`)
}

export function countsOf(items: readonly Pick<LaneItem, 'count'>[]): number {
  return items.reduce((sum, { count = 1 }) => sum + count, 0)
}
