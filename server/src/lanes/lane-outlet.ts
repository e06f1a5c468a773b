import type { Clock, LaneState } from '@tidemark/shared'
import type { Bus } from '../bus/bus.ts'
import type { Log } from '../observe/log.ts'
import type { LaneMetrics } from '../observe/metrics.ts'
import type { LanePlace, NewItem } from './lane-engine.ts'
import type { LaneRun } from './lane-run.ts'
import { itemText, stateFrame, type TickText, tickText } from './lane-text.ts'

interface OutletWorld {
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Log
  readonly metrics: LaneMetrics | undefined
}

/** How frames of lanes leave: by the bus, each once for all who follow. */
export class LaneOutlet {
  readonly #world: OutletWorld

  constructor(world: OutletWorld) {
    this.#world = world
  }

  /** How a lane runs now. */
  state(place: LanePlace, state: LaneState): void {
    this.#publish(place, stateFrame(place, state), undefined)
  }

  /** A tick that was merged, with what it holds and what was cut. */
  tick(place: LanePlace, { tick, frame }: TickText, items: number, cut: number): void {
    this.#world.metrics?.tick(items, cut)
    this.#publish(place, frame, tick)
  }

  /** Sends an item at once, as a tick of its own that is kept nowhere; one that is repeated is not sent again. `body`: as JSON. */
  pass(run: LaneRun, item: NewItem, body: string): void {
    if (!run.letsPass(item)) return
    const { clock } = this.#world
    const items = itemText(item, body, clock.nowMs())
    this.tick(run.place, tickText(run.place, { tick: run.passing(clock.nowMs()), items, cut: 0, late: false, cleared: false }), 1, 0)
  }

  /** Clears screens at once, of a lane that keeps nothing. */
  passClearing(run: LaneRun): void {
    const tick = run.passing(this.#world.clock.nowMs())
    this.tick(run.place, tickText(run.place, { tick, items: '', cut: 0, late: false, cleared: true }), 0, 0)
  }

  #publish({ tenant, space, lane }: LanePlace, frame: string, tick: number | undefined): void {
    const { bus, log } = this.#world
    try {
      bus.publish({ tenant, space, lane, frame, ...(tick === undefined ? {} : { tick }) })
    } catch (err) {
      log.warn({ err }, 'the bus took no tick: its followers miss it')
    }
  }
}
