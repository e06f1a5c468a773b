import {
  type App,
  type Clock,
  faultOfLane,
  type LaneDefinition,
  type LaneState,
  type Random,
  TooLargeError,
  toJson,
  UnavailableError,
  within,
} from '@tidemark/shared'
import type { Bus } from '../bus/bus.ts'
import { type Log, SILENT } from '../observe/log.ts'
import type { LaneMetrics } from '../observe/metrics.ts'
import { ITEM_BYTES_MAX, STORED_WITHIN_MS } from './bounds.ts'
import { LaneArchive } from './lane-archive.ts'
import type { LaneEngine, LanePlace, LaneSettings } from './lane-engine.ts'
import { LaneOutlet } from './lane-outlet.ts'
import type { LaneRun } from './lane-run.ts'
import type { KeptLane, LaneStore } from './lane-store.ts'
import { LaneStrand } from './lane-strand.ts'
import { LanesInMemory } from './lanes-in-memory.ts'
import { cannotKeep, StoreHealth } from './store-health.ts'

export interface LaneEngineOptions {
  readonly app: App
  /** Taken over: `stop` closes it. */
  readonly store: LaneStore
  readonly bus: Bus
  readonly clock: Clock
  readonly random: Random
  /** What admins changed of a lane. Default: nothing. */
  readonly settings?: ((place: LanePlace) => LaneSettings) | undefined
  readonly log?: Log | undefined
  readonly metrics?: LaneMetrics | undefined
  /** Resolves once all that has arrived by now was handed in, so that it is stored together. Default: at once. */
  readonly turn?: (() => Promise<void>) | undefined
}

/** The lanes of one process, over a store that is its own. */
export function createLaneEngine(options: LaneEngineOptions): LaneEngine {
  const { app, store, bus, clock, random, metrics, log = SILENT, turn = async () => {} } = options
  const settings = (place: LanePlace): LaneSettings => options.settings?.(place) ?? {}
  const health = new StoreHealth(log)
  const outlet = new LaneOutlet({ bus, clock, log, metrics })
  const lanes = new LanesInMemory({ random, log, kept })
  const archive = new LaneArchive({ app, store, clock, health, turn, isRestored: () => strand.isRestored })
  const strand = new LaneStrand({ app, store, clock, log, metrics, health, lanes, outlet, turn, settings, state })
  let stopped: Promise<void> | undefined

  function state(place: LanePlace, definition: LaneDefinition): LaneState {
    const { tickMs = definition.tickMs, cap = definition.cap, stopped: isStopped } = settings(place)
    const { ring, archiveMs } = definition
    const isWhole = faultOfLane({ tickMs, cap, ring, archiveMs }) === undefined
    return {
      ...(isWhole ? { tickMs, cap } : { tickMs: definition.tickMs, cap: definition.cap }),
      ...(isStopped ? { stopped: true } : {}),
    }
  }

  /** A lane that passes on what is said at once, and has nothing in the store; undefined where it is none. */
  function passing(place: LanePlace, definition: LaneDefinition): LaneRun | undefined {
    if (definition.tickMs !== 0 || state(place, definition).tickMs !== 0) return undefined
    const run = lanes.of(place, definition)
    return run.isIdle ? run : undefined
  }

  async function kept(place: LanePlace, ring: number): Promise<KeptLane> {
    try {
      const found = await store.lane(place, ring)
      health.works('lane')
      return found
    } catch (error) {
      health.failed('lane', error)
      throw cannotKeep(error)
    }
  }

  function inTime<T>(work: Promise<T>): Promise<T> {
    return within(clock, STORED_WITHIN_MS, work, () => cannotKeep())
  }

  async function end(): Promise<void> {
    await archive.stop()
    await strand.end()
    // Whatever comes of it: after the lanes the changelog is closed.
    await store.close().catch((err) => log.error({ err }, 'the store of lanes did not close'))
  }

  return {
    state,
    async add(place, definition, item) {
      const body = JSON.stringify(toJson(item.body, 'body'))
      if (Buffer.byteLength(body) > ITEM_BYTES_MAX) throw new TooLargeError(`What is said in a lane is at most ${ITEM_BYTES_MAX} bytes.`)
      if (stopped !== undefined) throw new UnavailableError('This server is about to stop.')
      const run = passing(place, definition)
      if (run === undefined) await strand.take(place, definition, item, body)
      else outlet.pass(run, item, body)
    },
    async ring(place, definition, since) {
      const run = passing(place, definition) ?? (await inTime(lanes.loaded(place, definition)))
      if (run.isLoaded && strand.isToClear(run)) strand.clearSoon(place, definition)
      return run.ringAfter(since, state(place, definition))
    },
    async page(place, definition, from) {
      const page = await inTime(archive.page(place, definition, from, () => lanes.loaded(place, definition)))
      return page && { ...page, tickMs: state(place, definition).tickMs }
    },
    settingsChanged(place, definition) {
      outlet.state(place, state(place, definition))
      const { clearedAtMs } = settings(place)
      if (clearedAtMs === undefined) return
      const run = passing(place, definition)
      if (run === undefined) strand.clearSoon(place, definition)
      else if (clearedAtMs > run.clearedAtMs) {
        run.clearedAtMs = clearedAtMs
        outlet.passClearing(run)
      }
    },
    async start() {
      const late = () => new Error(`no end within ${STORED_WITHIN_MS} ms`)
      await within(clock, STORED_WITHIN_MS, strand.begin(), late).catch((err) =>
        log.error({ err }, 'the store of lanes does not open: lanes take nothing until it does'),
      )
      archive.start()
    },
    stop() {
      stopped ??= end()
      return stopped
    },
  }
}
