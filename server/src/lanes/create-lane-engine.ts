import {
  type App,
  type Clock,
  faultOfLane,
  type LaneDefinition,
  type LaneItem,
  type LaneState,
  type Random,
  RateLimitedError,
  SyncError,
  TooLargeError,
  toJson,
  UnavailableError,
  within,
} from '@tidemark/shared'
import type { Bus } from '../bus/bus.ts'
import { type Log, SILENT } from '../observe/log.ts'
import type { LaneMetrics } from '../observe/metrics.ts'
import {
  GROUP_SAYS_MAX,
  GROUP_TICKS_MAX,
  ITEM_BYTES_MAX,
  ITEM_IDS_MS,
  SAYS_WAITING_MAX,
  STORE_RETRY_MS,
  STORED_WITHIN_MS,
} from './bounds.ts'
import { keptOf, LaneArchive } from './lane-archive.ts'
import type { LaneEngine, LanePlace, LaneSettings, NewItem, PageText, RingText } from './lane-engine.ts'
import { laneKey } from './lane-key.ts'
import { laneOf } from './lane-of.ts'
import { endOf, type LaneRun, type Moment, type OpenTick } from './lane-run.ts'
import type { KeptLane, KeptTicks, LaneStore, LeftSay, MergedTick, StoredSay } from './lane-store.ts'
import { itemsText, itemText, stateFrame, type TickText, textOf, tickText } from './lane-text.ts'
import { LanesInMemory } from './lanes-in-memory.ts'

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

type Part = 'open' | 'lane' | 'append' | 'merge' | 'forget'

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
 * The lanes of one process. All that writes to the store happens in one strand, one step after the other: what waits is stored together and
 * then stands in its tick; ticks whose time is over are stored, and then leave. So a say is acknowledged when it is in the store, a tick
 * leaves when it is, and what is in the store is in one tick at most.
 */
export function createLaneEngine(options: LaneEngineOptions): LaneEngine {
  return new Lanes(options)
}

class Lanes implements LaneEngine {
  readonly #options: LaneEngineOptions
  readonly #log: Log
  readonly #turn: () => Promise<void>
  readonly #lanes: LanesInMemory
  readonly #archive: LaneArchive
  readonly #waiting: Waiting[] = []
  readonly #clearing = new Map<string, { readonly place: LanePlace; readonly definition: LaneDefinition }>()
  readonly #due = new Set<LaneRun>()
  #strand: Promise<void> = Promise.resolve()
  #isWorking = false
  #state: 'before' | 'open' | 'stopping' | 'stopped' = 'before'
  #startedMs = 0
  /** What of the store failed when it was tried last. */
  readonly #failing = new Set<Part>()
  #cancelRetry: () => void = () => {}

  constructor(options: LaneEngineOptions) {
    this.#options = options
    this.#log = options.log ?? SILENT
    this.#turn = options.turn ?? (async () => {})
    const { app, store, clock, random } = options
    this.#lanes = new LanesInMemory({ random, log: this.#log, kept: (place, ring) => this.#kept(place, ring) })
    const ended = (error: unknown) => (error === undefined ? this.#works('forget') : this.#failed('forget', error))
    this.#archive = new LaneArchive({ app, store, clock, turn: this.#turn, ended })
  }

  async start(): Promise<void> {
    const { clock } = this.#options
    this.#startedMs = clock.monotonicMs()
    await within(clock, STORED_WITHIN_MS, this.#begin(), () => new Error(`no end within ${STORED_WITHIN_MS} ms`)).catch((err) =>
      this.#log.error({ err }, 'the store of lanes does not open: lanes take nothing until it does'),
    )
    this.#archive.start()
  }

  async stop(): Promise<void> {
    if (this.#state === 'stopping' || this.#state === 'stopped') return
    const wasOpen = this.#state === 'open'
    this.#state = 'stopping'
    this.#cancelRetry()
    await this.#archive.stop()
    await this.#strand
    for (const run of this.#lanes.all) {
      run.cancelTimer()
      if (wasOpen && run.open.length > 0) this.#due.add(run)
    }
    await this.#merge()
    this.#state = 'stopped'
    await this.#options.store.close()
  }

  state(place: LanePlace, definition: LaneDefinition): LaneState {
    const { tickMs = definition.tickMs, cap = definition.cap, stopped } = this.#settings(place)
    const { ring, archiveMs } = definition
    const isWhole = faultOfLane({ tickMs, cap, ring, archiveMs }) === undefined
    return { ...(isWhole ? { tickMs, cap } : { tickMs: definition.tickMs, cap: definition.cap }), ...(stopped ? { stopped } : {}) }
  }

  async add(place: LanePlace, definition: LaneDefinition, item: NewItem): Promise<void> {
    const body = JSON.stringify(toJson(item.body, 'body'))
    if (Buffer.byteLength(body) > ITEM_BYTES_MAX) throw new TooLargeError(`What is said in a lane is at most ${ITEM_BYTES_MAX} bytes.`)
    if (this.#state === 'stopping' || this.#state === 'stopped') throw new UnavailableError('This server is about to stop.')
    const run = this.#passing(place, definition)
    if (run !== undefined) {
      this.#pass(run, item, body)
      return
    }
    if (this.#state === 'before') throw cannotKeep()
    if (this.#waiting.length >= SAYS_WAITING_MAX)
      throw new UnavailableError('Too much is said at this moment.', { afterMs: STORE_RETRY_MS })
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiting: Waiting = { place, definition, item, body, resolve, reject, isOver: false }
    this.#waiting.push(waiting)
    this.#work()
    await within(this.#options.clock, STORED_WITHIN_MS, promise, () => {
      waiting.isOver = true
      return cannotKeep()
    })
  }

  async ring(place: LanePlace, definition: LaneDefinition, since: number): Promise<RingText> {
    const run = this.#passing(place, definition) ?? (await this.#inTime(this.#lanes.loaded(place, definition)))
    if (this.#isToClear(run)) this.#clearSoon(place, definition)
    return run.ringAfter(since, this.state(place, definition))
  }

  async page(place: LanePlace, definition: LaneDefinition, from: number): Promise<PageText | undefined> {
    const page = await this.#inTime(this.#archive.page(place, definition, from, () => this.#lanes.loaded(place, definition)))
    return page && { ...page, tickMs: this.state(place, definition).tickMs }
  }

  settingsChanged(place: LanePlace, definition: LaneDefinition): void {
    this.#publish(place, stateFrame(place, this.state(place, definition)), undefined)
    const clearedAtMs = this.#settings(place).clearedAtMs
    if (clearedAtMs === undefined) return
    const run = this.#passing(place, definition)
    if (run === undefined) this.#clearSoon(place, definition)
    else if (clearedAtMs > run.clearedAtMs) {
      run.clearedAtMs = clearedAtMs
      this.#leave(run, tickText(place, { tick: this.#passed(run), items: '', cut: 0, late: false, cleared: true }))
    }
  }

  // -- Starting

  /** Never rejects: what keeps it from beginning is told to the log, and tried again. */
  async #begin(): Promise<void> {
    const { store } = this.#options
    try {
      await store.ready()
      if (this.#state !== 'before') return
      await this.#restore()
      if (this.#state !== 'before') return
      this.#state = 'open'
      this.#works('open')
      this.#work()
      await this.#strand
    } catch (error) {
      this.#failed('open', error)
      for (const run of this.#lanes.all) run.open.length = 0
      this.#due.clear()
      if (this.#state === 'before') this.#cancelRetry = this.#options.clock.after(STORE_RETRY_MS, () => void this.#begin())
    }
  }

  /** What a process before was told and made no tick of [L2]. */
  async #restore(): Promise<void> {
    const { store, app } = this.#options
    for (let at = 0; ; ) {
      const says = await store.left(at, GROUP_SAYS_MAX)
      const last = says.at(-1)
      if (last === undefined) return
      at = last.at
      for (const say of says) {
        const definition = laneOf(app, say.place.space, say.place.lane)
        if (definition === undefined) await store.merge([{ ...say, text: undefined, clearedAtMs: undefined, kept: NOTHING_KEPT }])
        else this.#restoreSay(await this.#lanes.loaded(say.place, definition), say)
      }
    }
  }

  #restoreSay(run: LaneRun, { place, tick, text }: LeftSay): void {
    const open = run.leftAt(tick, this.state(place, run.definition))
    open.isStored = true
    this.#due.add(run)
    if (text === undefined)
      this.#log.warn({ space: place.space, lane: place.lane, tick }, 'something said was damaged in the store of lanes')
    else open.bucket.add({ ...(JSON.parse(text) as LaneItem), text })
  }

  // -- The strand

  #work(): void {
    if (this.#isWorking || this.#state !== 'open') return
    this.#isWorking = true
    this.#strand = this.#run()
  }

  async #run(): Promise<void> {
    try {
      while (this.#waiting.length > 0 || this.#due.size > 0 || this.#clearing.size > 0) {
        await this.#turn()
        await this.#clear()
        if (this.#waiting.length > 0) await this.#append(this.#waiting.splice(0, GROUP_SAYS_MAX))
        await this.#merge()
      }
    } catch (err) {
      this.#log.error({ err }, 'the strand of the lanes broke')
    } finally {
      // In the turn of the last look: what comes after it begins anew.
      this.#isWorking = false
    }
  }

  async #append(group: readonly Waiting[]): Promise<void> {
    const { clock, store, metrics } = this.#options
    const beganMs = clock.monotonicMs()
    const placed: Placed[] = []
    for (const waiting of group) {
      if (waiting.isOver) continue
      try {
        const found = this.#place(waiting, await this.#lanes.loaded(waiting.place, waiting.definition))
        if (found === undefined) waiting.resolve()
        else placed.push(found)
      } catch (error) {
        if (!(error instanceof SyncError)) this.#log.error({ err: error }, 'something said found no place')
        waiting.reject(error instanceof SyncError ? error : cannotKeep(error))
      }
    }
    if (placed.length === 0) return
    try {
      const isNew = await store.append(placed.map(storedSay), this.#idsFromMs())
      this.#works('append')
      for (const [at, { open, item }] of placed.entries()) {
        if (isNew[at] !== true) continue
        open.bucket.add(item)
        open.isStored = true
      }
      metrics?.said(isNew.filter(Boolean).length, clock.monotonicMs() - beganMs)
      for (const { waiting } of placed) waiting.resolve()
    } catch (error) {
      this.#failed('append', error)
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
    if (this.#isToClear(run)) this.#clearNow(run)
    if (run.knows(by, id)) return undefined
    const state = this.state(place, definition)
    if (state.tickMs === 0 && run.open.length === 0) {
      this.#pass(run, item, body)
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
    const isOver = (open: OpenTick) => endOf(open) <= monotonicMs || this.#state === 'stopping'
    const runs = [...this.#due]
    this.#due.clear()
    const merges = runs.flatMap((run) =>
      run.open.slice(0, run.open.findLastIndex(isOver) + 1).map((open) => mergeOf(run, open, monotonicMs)),
    )
    for (let at = 0; at < merges.length; at += GROUP_TICKS_MAX) {
      if (await this.#storeTicks(merges.slice(at, at + GROUP_TICKS_MAX))) continue
      for (const { run } of merges.slice(at)) run.retryAtMs = monotonicMs + STORE_RETRY_MS
      break
    }
    for (const run of runs) this.#wait(run)
  }

  /** False where it could not. */
  async #storeTicks(merges: readonly Merge[]): Promise<boolean> {
    const { store, metrics, clock } = this.#options
    const nowMs = clock.nowMs()
    const ticks = merges.flatMap(({ run: { place, definition }, open: { tick, clearedAtMs, isStored }, text }): MergedTick[] =>
      isStored || text !== undefined
        ? [{ place, tick, text: text && textOf(place, text), clearedAtMs, kept: keptOf(definition, nowMs) }]
        : [],
    )
    try {
      if (ticks.length > 0) await store.merge(ticks)
    } catch (error) {
      this.#failed('merge', error)
      return false
    }
    if (ticks.length > 0) this.#works('merge')
    for (const { run, open, text } of merges) {
      this.#lanes.changing(run, () => run.merged(text))
      if (text === undefined) continue
      metrics?.tick(open.bucket.size, open.bucket.cut)
      this.#leave(run, text)
    }
    this.#lanes.makeRoom()
    return true
  }

  /** Comes back when the oldest of its ticks is over. */
  #wait(run: LaneRun): void {
    run.cancelTimer()
    const [first] = run.open
    if (first === undefined || this.#state === 'stopping') return
    const { clock } = this.#options
    const leftMs = Math.max(endOf(first), run.retryAtMs) - clock.monotonicMs()
    if (leftMs <= 0) this.#due.add(run)
    else
      run.cancelTimer = clock.after(leftMs, () => {
        this.#wait(run)
        this.#work()
      })
  }

  // -- Clearing

  #isToClear(run: LaneRun): boolean {
    return (this.#settings(run.place).clearedAtMs ?? 0) > run.clearedAtMs
  }

  #clearSoon(place: LanePlace, definition: LaneDefinition): void {
    this.#clearing.set(laneKey(place), { place, definition })
    this.#work()
  }

  async #clear(): Promise<void> {
    for (const [key, { place, definition }] of this.#clearing) {
      this.#clearing.delete(key)
      try {
        const run = await this.#lanes.loaded(place, definition)
        if (this.#isToClear(run)) this.#clearNow(run)
      } catch {
        // It is done when the lane is used next.
      }
    }
  }

  #clearNow(run: LaneRun): void {
    const { clearedAtMs } = this.#settings(run.place)
    if (clearedAtMs === undefined) return
    this.#lanes.changing(run, () => run.clear(clearedAtMs, this.#now(), this.state(run.place, run.definition)))
    this.#due.add(run)
  }

  // -- Lanes in memory

  /** A lane that passes on what is said at once, and has nothing in the store; undefined where it is none. */
  #passing(place: LanePlace, definition: LaneDefinition): LaneRun | undefined {
    if (definition.tickMs !== 0 || this.state(place, definition).tickMs !== 0) return undefined
    const run = this.#lanes.of(place, definition)
    return run.isIdle ? run : undefined
  }

  async #kept(place: LanePlace, ring: number): Promise<KeptLane> {
    if (this.#state === 'stopped') throw new UnavailableError('This server is about to stop.')
    try {
      const kept = await this.#options.store.lane(place, ring)
      this.#works('lane')
      return kept
    } catch (error) {
      this.#failed('lane', error)
      throw cannotKeep(error)
    }
  }

  // -- Leaving

  #pass(run: LaneRun, item: NewItem, body: string): void {
    const items = itemText(item, body, this.#options.clock.nowMs())
    this.#options.metrics?.tick(1, 0)
    this.#leave(run, tickText(run.place, { tick: this.#passed(run), items, cut: 0, late: false, cleared: false }))
  }

  #passed(run: LaneRun): number {
    const tick = run.next(this.#options.clock.nowMs())
    run.pass(tick)
    return tick
  }

  #leave({ place }: LaneRun, { tick, frame }: TickText): void {
    this.#publish(place, frame, tick)
  }

  #publish({ tenant, space, lane }: LanePlace, frame: string, tick: number | undefined): void {
    try {
      this.#options.bus.publish({ tenant, space, lane, frame, ...(tick === undefined ? {} : { tick }) })
    } catch (err) {
      this.#log.warn({ err }, 'the bus took no tick: its followers miss it')
    }
  }

  // -- What fails

  /** Told once, until all of it works again. */
  #failed(part: Part, error: unknown): void {
    if (this.#failing.size === 0)
      this.#log.error({ err: error, part }, 'lanes cannot be kept: they take nothing until that is mended; the log goes on')
    this.#failing.add(part)
  }

  #works(part: Part): void {
    if (this.#failing.delete(part) && this.#failing.size === 0) this.#log.info({}, 'lanes are kept again')
  }

  // -- Small things

  #settings(place: LanePlace): LaneSettings {
    return this.#options.settings?.(place) ?? {}
  }

  #now(): Moment {
    const { clock } = this.#options
    return { nowMs: clock.nowMs(), monotonicMs: clock.monotonicMs() }
  }

  /** Since when ids are known. While a server was down nothing could be repeated: its time does not count. */
  #idsFromMs(): number {
    const { clock } = this.#options
    return clock.monotonicMs() - this.#startedMs < ITEM_IDS_MS ? 0 : clock.nowMs() - ITEM_IDS_MS
  }

  #inTime<T>(work: Promise<T>): Promise<T> {
    return within(this.#options.clock, STORED_WITHIN_MS, work, () => cannotKeep())
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

function cannotKeep(cause?: unknown): UnavailableError {
  return new UnavailableError('Lanes cannot be kept now. Try again.', { cause, afterMs: STORE_RETRY_MS })
}
