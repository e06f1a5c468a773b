import { type App, type Clock, LANE_PAGE_MS, type LaneDefinition } from '@tidemark/shared'
import { LastUsed } from '../last-used.ts'
import { FORGET_EVERY_MS, LANES_STEP, PAGE_CHARACTERS_MAX, PAGES_CHARACTERS_MAX, PAGES_MAX } from './bounds.ts'
import type { LanePlace, PageText } from './lane-engine.ts'
import { laneKey } from './lane-key.ts'
import { laneOf } from './lane-of.ts'
import type { LaneRun } from './lane-run.ts'
import type { KeptTicks, LaneStore } from './lane-store.ts'
import { pageText } from './lane-text.ts'
import type { StoreHealth } from './store-health.ts'

interface ArchiveWorld {
  readonly app: App
  readonly store: LaneStore
  readonly clock: Clock
  readonly health: StoreHealth
  turn(): Promise<void>
  /** Whether all that a process before was told is known: until then no page is whole. */
  isRestored(): boolean
}

/** A page, and, where it is not whole, after which merge it was read. */
interface KeptPage {
  readonly text: string
  readonly whole: boolean
  readonly merges: symbol
}

/** Pages of the lanes that have an archive, and the rounds that take those past their horizon away where nothing is said any more. */
export class LaneArchive {
  readonly #world: ArchiveWorld
  readonly #pages = new LastUsed<KeptPage>(PAGES_MAX, PAGES_CHARACTERS_MAX, ({ text }) => text.length)
  #cancel: () => void = () => {}
  #round: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(world: ArchiveWorld) {
    this.#world = world
  }

  /** undefined where its time is past the horizon or yet to come. */
  async page(
    place: LanePlace,
    { archiveMs }: LaneDefinition,
    from: number,
    laneRun: () => Promise<LaneRun>,
  ): Promise<Omit<PageText, 'tickMs'> | undefined> {
    const { clock, store, isRestored } = this.#world
    const nowMs = clock.nowMs()
    if (archiveMs === undefined || from % LANE_PAGE_MS !== 0 || from > nowMs || from < archiveFrom(nowMs, archiveMs)) return undefined
    const to = from + LANE_PAGE_MS
    const leftMs = to + archiveMs - nowMs
    const key = `${laneKey(place)} ${from}`
    const kept = this.#pages.get(key)
    if (kept?.whole === true) return { text: kept.text, whole: true, leftMs }
    const run = await laneRun()
    const { merges } = run
    const whole = to <= nowMs && isRestored() && run.open.every(({ tick }) => tick >= to)
    if (!whole && kept?.merges === merges) return { text: kept.text, whole, leftMs }
    // A clock that goes back writes no further tick into it.
    if (whole) run.pass(to - 1)
    const text = pageText(place, { from, to, whole }, await store.page(place, from, to, PAGE_CHARACTERS_MAX))
    this.#pages.keep(key, { text, whole, merges })
    return { text, whole, leftMs }
  }

  /** A round every FORGET_EVERY_MS, counted from the end of the one before, where the app has an archive. */
  start(): void {
    const { app, clock, health } = this.#world
    const hasArchives = Object.values(app.spaces).some(({ lanes }) => Object.values(lanes).some(({ archiveMs }) => archiveMs !== undefined))
    if (!hasArchives || this.#isStopped) return
    this.#cancel = clock.after(FORGET_EVERY_MS, () => {
      this.#round = this.#forget()
        .then(
          () => health.works('forget'),
          (error) => health.failed('forget', error),
        )
        .then(() => this.start())
    })
  }

  /** Resolves when it does not touch the store any more. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancel()
    await this.#round
  }

  async #forget(): Promise<void> {
    const { app, clock, store, turn } = this.#world
    let places: readonly LanePlace[] = []
    do {
      places = await store.lanes(places.at(-1), LANES_STEP)
      for (const place of places) {
        const definition = laneOf(app, place.space, place.lane)
        if (definition?.archiveMs === undefined) continue
        while (!this.#isStopped && !(await store.forget(place, keptOf(definition, clock.nowMs())))) await turn()
      }
      await turn()
    } while (!this.#isStopped && places.length > 0)
  }
}

export function keptOf({ ring, archiveMs }: LaneDefinition, nowMs: number): KeptTicks {
  return { ring, archiveFrom: archiveMs === undefined ? Number.POSITIVE_INFINITY : archiveFrom(nowMs, archiveMs) }
}

/** Where the oldest page begins that is within the horizon, at least in part, in ms since the epoch. */
function archiveFrom(nowMs: number, archiveMs: number): number {
  return Math.floor((nowMs - archiveMs) / LANE_PAGE_MS) * LANE_PAGE_MS
}
