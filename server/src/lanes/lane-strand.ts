import {
  type App,
  type Clock,
  type LaneDefinition,
  type LaneItem,
  type LaneState,
  RateLimitedError,
  SyncError,
  UnavailableError,
  within,
} from '@tidemark/shared'
import type { Log } from '../observe/log.ts'
import type { LaneMetrics } from '../observe/metrics.ts'
import { GROUP_SAYS_MAX, GROUP_TICKS_MAX, ITEM_IDS_MS, SAYS_WAITING_MAX, STORE_RETRY_MS, STORED_WITHIN_MS } from './bounds.ts'
import { keptOf } from './lane-archive.ts'
import type { LanePlace, LaneSettings, NewItem } from './lane-engine.ts'
import { laneKey } from './lane-key.ts'
import { laneOf } from './lane-of.ts'
import type { LaneOutlet } from './lane-outlet.ts'
import { endOf, type LaneRun, type Moment, type OpenTick } from './lane-run.ts'
import type { KeptTicks, LaneStore, LeftSay, MergedTick, StoredSay } from './lane-store.ts'
import { itemsText, itemText, type TickText, textOf, tickText } from './lane-text.ts'
import type { LanesInMemory } from './lanes-in-memory.ts'
import { cannotKeep, type StoreHealth } from './store-health.ts'

interface StrandWorld {
  readonly app: App
  readonly store: LaneStore
  readonly clock: Clock
  readonly log: Log
  readonly metrics: LaneMetrics | undefined
  readonly health: StoreHealth
  readonly lanes: LanesInMemory
  readonly outlet: LaneOutlet
  turn(): Promise<void>
  settings(place: LanePlace): LaneSettings
  state(place: LanePlace, definition: LaneDefinition): LaneState
}

interface Waiting {
  readonly place: LanePlace
  readonly definition: LaneDefinition
  readonly item: NewItem
  /** JSON. */
  readonly body: string
  resolve(): void
  reject(error: SyncError): void
  /** It was answered that it took too long: it is not begun any more. */
  isOver: boolean
}

/** Something said, with its place in an open tick, on its way into the store. */
interface Placed {
  readonly waiting: Waiting
  readonly run: LaneRun
  readonly open: OpenTick
  readonly item: LaneItem & { readonly text: string }
}

interface Merge {
  readonly run: LaneRun
  readonly open: OpenTick
  readonly text: TickText | undefined
}

/**
 * All that writes to the store of lanes, one step after the other: what waits is stored together and then stands in its tick; ticks whose time
 * is over are stored, and then leave. So a say is acknowledged when it is in the store, a tick leaves when it is, and what is in the store is
 * in one tick at most.
 */
export class LaneStrand {
  readonly #world: StrandWorld
  readonly #waiting: Waiting[] = []
  readonly #clearing = new Map<string, { readonly place: LanePlace; readonly definition: LaneDefinition }>()
  /** Lanes of which a tick may be over. */
  readonly #due = new Set<LaneRun>()
  #state: 'before' | 'open' | 'ending' = 'before'
  /** It tries to open the store: what is said meanwhile waits. */
  #isBeginning = false
  #isRestored = false
  #isWorking = false
  #work: Promise<void> = Promise.resolve()
  readonly #beganMs: number
  #cancelRetry: () => void = () => {}

  constructor(world: StrandWorld) {
    this.#world = world
    this.#beganMs = world.clock.monotonicMs()
  }

  /** Whether what a process before was told stands in its ticks again. */
  get isRestored(): boolean {
    return this.#isRestored
  }

  /** Never rejects: what keeps it from beginning is told to the log, and tried again. */
  async begin(): Promise<void> {
    const { store } = this.#world
    this.#isBeginning = true
    try {
      await store.ready()
      if (this.#state !== 'before') return
      await this.#restore()
      if (this.#state !== 'before') return
      this.#state = 'open'
      this.#isRestored = true
      this.#world.health.works('open')
      this.#wake()
      await this.#work
    } catch (error) {
      this.#isBeginning = false
      this.#world.health.failed('open', error)
      for (const { reject } of this.#waiting.splice(0)) reject(cannotKeep(error))
      for (const run of this.#world.lanes.all) run.open.length = 0
      this.#due.clear()
      if (this.#state === 'before') this.#cancelRetry = this.#world.clock.after(STORE_RETRY_MS, () => void this.begin())
    }
  }

  /** What a process before was told and made no tick of [L2]. */
  async #restore(): Promise<void> {
    const { store, app } = this.#world
    for (let at = 0; ; ) {
      const says = await store.left(at, GROUP_SAYS_MAX)
      const last = says.at(-1)
      if (last === undefined) return
      at = last.at
      for (const say of says) {
        const definition = laneOf(app, say.place.space, say.place.lane)
        if (definition === undefined) await store.merge([{ ...say, text: undefined, clearedAtMs: undefined, kept: NOTHING_KEPT }])
        else this.#restoreSay(await this.#world.lanes.loaded(say.place, definition), say)
      }
    }
  }

  #restoreSay(run: LaneRun, { place, tick, text }: LeftSay): void {
    const open = run.leftAt(tick, this.#world.state(place, run.definition))
    open.isStored = true
    this.#due.add(run)
    if (text === undefined)
      this.#world.log.warn({ space: place.space, lane: place.lane, tick }, 'something said was damaged in the store of lanes')
    else open.bucket.add({ ...(JSON.parse(text) as LaneItem), text })
  }

  /** Resolves once it is stored. `body`: as JSON. Throws UnavailableError where that cannot be, or takes too long: what was begun by then may yet be done. */
  async take(place: LanePlace, definition: LaneDefinition, item: NewItem, body: string): Promise<void> {
    if (this.#state === 'ending' || (this.#state === 'before' && !this.#isBeginning)) throw cannotKeep()
    if (this.#waiting.length >= SAYS_WAITING_MAX)
      throw new UnavailableError('Too much is said at this moment.', { afterMs: STORE_RETRY_MS })
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiting: Waiting = { place, definition, item, body, resolve, reject, isOver: false }
    this.#waiting.push(waiting)
    this.#wake()
    await within(this.#world.clock, STORED_WITHIN_MS, promise, () => {
      waiting.isOver = true
      return cannotKeep()
    })
  }

  isToClear(run: LaneRun): boolean {
    return (this.#world.settings(run.place).clearedAtMs ?? 0) > run.clearedAtMs
  }

  clearSoon(place: LanePlace, definition: LaneDefinition): void {
    this.#clearing.set(laneKey(place), { place, definition })
    this.#wake()
  }

  /** Merges what is there, whether its time is over or not; resolves when nothing of it touches the store any more. */
  async end(): Promise<void> {
    const wasOpen = this.#state === 'open'
    this.#state = 'ending'
    this.#cancelRetry()
    await this.#work
    for (const run of this.#world.lanes.all) {
      run.cancelTimer()
      if (wasOpen && run.open.length > 0) this.#due.add(run)
    }
    for (const { reject } of this.#waiting.splice(0)) reject(cannotKeep())
    await this.#merge()
  }

  #wake(): void {
    if (this.#isWorking || this.#state !== 'open') return
    this.#isWorking = true
    this.#work = this.#run()
  }

  async #run(): Promise<void> {
    try {
      while (this.#waiting.length > 0 || this.#due.size > 0 || this.#clearing.size > 0) {
        await this.#world.turn()
        await this.#clear()
        if (this.#waiting.length > 0) await this.#append(this.#waiting.splice(0, GROUP_SAYS_MAX))
        await this.#merge()
      }
    } catch (err) {
      this.#world.log.error({ err }, 'the strand of the lanes broke')
    } finally {
      // In the turn of the last look: what comes after it begins anew.
      this.#isWorking = false
    }
  }

  async #append(group: readonly Waiting[]): Promise<void> {
    const { clock, store, metrics } = this.#world
    const beganMs = clock.monotonicMs()
    const placed: Placed[] = []
    for (const waiting of group) {
      if (waiting.isOver) continue
      try {
        const found = this.#place(waiting, await this.#world.lanes.loaded(waiting.place, waiting.definition))
        if (found === undefined) waiting.resolve()
        else placed.push(found)
      } catch (error) {
        if (!(error instanceof SyncError)) this.#world.log.error({ err: error }, 'something said found no place')
        waiting.reject(error instanceof SyncError ? error : cannotKeep(error))
      }
    }
    if (placed.length === 0) return
    try {
      const isNew = await store.append(placed.map(storedSay), this.#idsFromMs())
      this.#world.health.works('append')
      for (const [at, { open, item }] of placed.entries()) {
        if (isNew[at] !== true) continue
        open.bucket.add(item)
        open.isStored = true
      }
      metrics?.said(isNew.filter(Boolean).length, clock.monotonicMs() - beganMs)
      for (const { waiting } of placed) waiting.resolve()
    } catch (error) {
      this.#world.health.failed('append', error)
      for (const { waiting } of placed) waiting.reject(cannotKeep(error))
    } finally {
      for (const { run } of placed) run.inHand -= 1
      for (const run of new Set(placed.map(({ run }) => run))) this.#wait(run)
    }
  }

  /** Its place in a tick; undefined where it is done already. Throws where there is none. */
  #place(waiting: Waiting, run: LaneRun): Placed | undefined {
    const { place, definition, item, body } = waiting
    const { by, id, announcement } = item
    if (this.isToClear(run)) this.#clearNow(run)
    if (run.knows(by, id)) return undefined
    const state = this.#world.state(place, definition)
    if (state.tickMs === 0 && run.open.length === 0) {
      this.#world.outlet.pass(run, item, body)
      return undefined
    }
    const moment = this.#now()
    const open = run.tickAt(moment, state)
    if (open === undefined) throw new UnavailableError('Too many ticks of this lane wait to be stored.', { afterMs: STORE_RETRY_MS })
    if (announcement && !open.bucket.takesAnnouncements)
      throw new RateLimitedError('Too many announcements within one tick.', { afterMs: open.tickMs })
    run.inHand += 1
    return { waiting, run, open, item: { ...item, atMs: moment.nowMs, text: itemText(item, body, moment.nowMs) } }
  }

  /** Stores the ticks whose time is over, and lets them leave. */
  async #merge(): Promise<void> {
    const { monotonicMs } = this.#now()
    const isOver = (open: OpenTick) => endOf(open) <= monotonicMs || this.#state === 'ending'
    const runs = [...this.#due]
    this.#due.clear()
    const over = runs.flatMap((run) => run.open.slice(0, run.open.findLastIndex(isOver) + 1).map((open) => ({ run, open })))
    for (let at = 0; at < over.length; at += GROUP_TICKS_MAX) {
      // Ticks of all lanes end in one moment: the log has its turns in between [L3].
      if (at > 0) await this.#world.turn()
      const group = over.slice(at, at + GROUP_TICKS_MAX).map(({ run, open }) => mergeOf(run, open, monotonicMs))
      if (await this.#storeTicks(group)) continue
      for (const { run } of over.slice(at)) run.retryAtMs = monotonicMs + STORE_RETRY_MS
      break
    }
    for (const run of runs) this.#wait(run)
  }

  /** False where it could not. */
  async #storeTicks(merges: readonly Merge[]): Promise<boolean> {
    const { store, clock, outlet } = this.#world
    const nowMs = clock.nowMs()
    const ticks = merges.flatMap(({ run: { place, definition }, open: { tick, clearedAtMs, isStored }, text }): MergedTick[] =>
      isStored || text !== undefined
        ? [{ place, tick, text: text && textOf(place, text), clearedAtMs, kept: keptOf(definition, nowMs) }]
        : [],
    )
    try {
      if (ticks.length > 0) await store.merge(ticks)
    } catch (error) {
      this.#world.health.failed('merge', error)
      return false
    }
    if (ticks.length > 0) this.#world.health.works('merge')
    for (const { run, open, text } of merges) {
      this.#world.lanes.changing(run, () => run.merged(text))
      if (text !== undefined) outlet.tick(run.place, text, open.bucket.size, open.bucket.cut)
    }
    this.#world.lanes.makeRoom()
    return true
  }

  /** Comes back when the oldest of its ticks is over. */
  #wait(run: LaneRun): void {
    run.cancelTimer()
    const [first] = run.open
    if (first === undefined || this.#state === 'ending') return
    const { clock } = this.#world
    const leftMs = Math.max(endOf(first), run.retryAtMs) - clock.monotonicMs()
    if (leftMs <= 0) this.#due.add(run)
    else
      run.cancelTimer = clock.after(leftMs, () => {
        this.#wait(run)
        this.#wake()
      })
  }

  async #clear(): Promise<void> {
    for (const [key, { place, definition }] of this.#clearing) {
      this.#clearing.delete(key)
      try {
        const run = await this.#world.lanes.loaded(place, definition)
        if (this.isToClear(run)) this.#clearNow(run)
      } catch {
        // It is done when the lane is used next.
      }
    }
  }

  #clearNow(run: LaneRun): void {
    const { clearedAtMs } = this.#world.settings(run.place)
    if (clearedAtMs === undefined) return
    this.#world.lanes.changing(run, () => run.clear(clearedAtMs, this.#now(), this.#world.state(run.place, run.definition)))
    this.#due.add(run)
  }

  #now(): Moment {
    const { clock } = this.#world
    return { nowMs: clock.nowMs(), monotonicMs: clock.monotonicMs() }
  }

  /** Since when ids are known. While a server was down nothing could be repeated: its time does not count. */
  #idsFromMs(): number {
    const { clock } = this.#world
    return clock.monotonicMs() - this.#beganMs < ITEM_IDS_MS ? 0 : clock.nowMs() - ITEM_IDS_MS
  }
}

const NOTHING_KEPT: KeptTicks = { ring: 0, archiveFrom: Number.POSITIVE_INFINITY }

function mergeOf(run: LaneRun, open: OpenTick, monotonicMs: number): Merge {
  const { bucket, tick, tickMs, endsMs, clearedAtMs } = open
  const cleared = clearedAtMs !== undefined
  if (bucket.size === 0 && !cleared) return { run, open, text: undefined }
  const late = monotonicMs - endsMs > tickMs
  return { run, open, text: tickText(run.place, { tick, items: itemsText(bucket), cut: bucket.cut, late, cleared }) }
}

function storedSay({ run: { place }, open: { tick }, item: { by, id, atMs, text } }: Placed): StoredSay {
  return { place, tick, by, id, atMs, text }
}
