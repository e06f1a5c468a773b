import type { Status } from '@tidemark/client'
import {
  type BeatPolicy,
  type BeatStore,
  connect,
  createReplica,
  type DeviceTab,
  type DeviceTabs,
  deviceTabs,
  fixedBeat,
  learnedPace,
  storedBeats,
} from '@tidemark/client/testing'
import type { MemoryChangelog } from '@tidemark/server'
import { kindOf, type SyncError } from '@tidemark/shared'
import { act } from './acting.ts'
import type { Disk, DiskHandle, OpenDisk } from './disk.ts'
import { DiskWatch, type Made } from './disk-watch.ts'
import { ancestor, History, type Moment } from './history.ts'
import { LeadWatch } from './lead-watch.ts'
import { memoryDisk } from './memory-disk.ts'
import { Network } from './network.ts'
import { Page } from './page.ts'
import { type Action, type DevicePlan, FAIR, type Plan } from './plan.ts'
import { presentOf } from './present-of.ts'
import { QueryWatch } from './query-watch.ts'
import { type Node, newNode, Scheduler } from './scheduler.ts'
import { streamOf } from './seeded-random.ts'
import { ServerHost } from './server-host.ts'
import { NEVER_REFUSED, plainApp, type SimulatedSpace, SPACES, simulatedApp } from './simulated-app.ts'
import { TokenIssuer } from './token-issuer.ts'
import { WireWatch } from './wire-watch.ts'

type Replica = Awaited<ReturnType<typeof createReplica>>
/** What the call of a mutation resolves to. */
interface Sent {
  readonly n: number
  readonly confirmed: Promise<void>
}
/** A space of a replica, as any caller sees it. */
export interface Space {
  readonly mutate: Readonly<Record<string, (args: object) => Promise<Sent>>>
  readonly lines: { older(options: { limit: number }): Promise<{ readonly added: number }> }
  close(): void
}

/** One tab of a device: a replica of its own on the disk that it shares with the others. */
export interface Tab {
  readonly node: Node
  readonly handle: DiskHandle
  /** Its place among the tabs of its device. */
  readonly place: DeviceTab
  readonly page: Page
  replica: Replica | undefined
  readonly spaces: Map<SimulatedSpace, Space>
  /** In seeds that watch. */
  readonly queries: QueryWatch | undefined
}

/** What one user has on one device. */
export interface Device {
  readonly name: string
  readonly plan: DevicePlan
  readonly disk: Disk
  readonly watch: DiskWatch
  /** What its wall clock is off by, in ms. */
  skewMs: number
  hasNetwork: boolean
  tabs: Tab[]
  /** What they share beside the disk. */
  readonly shared: DeviceTabs
  readonly leads: LeadWatch
  /** What it keeps of its beats: another place than the disk. */
  readonly beats: BeatStore
}

/** What does not hold, and by which oracle. */
export interface Failure {
  readonly oracle: string
  readonly message: string
}

const TABS_MAX = 3
/** Within this the next beat finds what got lost, in ms: its interval, and the time for its answer; and where other frames put it off. */
const BEAT_MS = 45_000
const BEAT_PUT_OFF_MS = 315_000
/** How long an app waits before it opens again a replica that could not be opened, in ms. */
const REOPEN_MS = 5000
/** How often timers run in a tab that nobody sees, in ms. */
const HIDDEN_GRAIN_MS = 60_000
/** How long a tab that is being closed in good order may take, in ms. */
const CLOSE_MS = 20_000
const FAILURES_KEPT = 20
/** How often watches are held against the disk while things fail, in ms. */
const QUERIES_MS = 7000

const memoryDisks: OpenDisk = () => memoryDisk()

/** Devices, network, server and clock out of one plan; real client and real server code between them. */
export class World {
  readonly scheduler: Scheduler
  readonly network: Network
  readonly issuer: TokenIssuer
  readonly host: ServerHost
  readonly wire: WireWatch
  /** By name. */
  readonly devices = new Map<string, Device>()
  readonly histories = new Map<string, History>(SPACES.map((space) => [space, new History()]))
  readonly made = new Map<string, Made>()
  readonly failures: Failure[] = []
  /** How often the server was set back to a backup. */
  restores = 0
  /** All has come right since the faults ended. */
  isRight = false
  /** Devices that were copied or set back, or began as a copy, by name. */
  readonly forked = new Set<string>()
  /** Devices of whose disk something was lost, by name. */
  readonly destroyed = new Set<string>()
  /** Pages of older lines that brought any. */
  pagesTaken = 0
  readonly #plan: Plan
  readonly openDisk: OpenDisk
  readonly #beat: BeatPolicy
  readonly self = newNode('world')
  /** By the name of a device, what its present user has on it. */
  readonly active = new Map<string, string>()
  /** What the server is set back to. */
  backup: { readonly snapshot: ReturnType<MemoryChangelog['snapshot']>; readonly heads: ReadonlyMap<string, Moment> } | undefined
  #tabs = 0
  #isHealed = false

  constructor(plan: Plan, openDisk: OpenDisk = memoryDisks, beat: BeatPolicy = fixedBeat) {
    this.#beat = beat
    this.#plan = plan
    this.openDisk = openDisk
    this.scheduler = new Scheduler(plan.seed)
    this.network = new Network(this.scheduler, plan.seed, () => this.host)
    this.network.faults = plan.network
    this.wire = new WireWatch({
      nowMs: () => this.scheduler.nowMs,
      takenBackMs: (tab, nonce) => this.#deviceOf(tab)?.watch.takenBackMs.get(nonce),
      fail: (oracle, message) => this.fail(oracle, message),
    })
    this.network.watch = this.wire
    this.issuer = new TokenIssuer(this.scheduler.clockOf(newNode('issuer')))
    this.issuer.faults = plan.tokens
    this.host = new ServerHost({
      seed: plan.seed,
      scheduler: this.scheduler,
      issuer: this.issuer,
      faults: plan.server,
      committed: () => this.#committed(),
      died: (node) => this.network.died(node),
    })
  }

  /** Within this a beat finds what is not right, in ms. A token that ends soon is followed by another one all the time, which is a frame, too. */
  get beatMs(): number {
    return this.#plan.tokens.lifeMs > 0 ? BEAT_PUT_OFF_MS : BEAT_MS
  }

  /** Starts everything, and lays the steps of the plan into the future. */
  begin(): void {
    this.host.start()
    for (const plan of this.#plan.devices) {
      const device = this.addDevice(plan.name, plan, this.openDisk(plan.name, this.scheduler))
      this.active.set(plan.name, plan.name)
      this.openTabs(device, plan.tabs)
    }
    for (const { atMs, ...action } of this.#plan.steps) this.scheduler.at(this.self, atMs, action.do, () => act(this, action as Action))
    if (this.#plan.watches) this.#lookAtQueries()
  }

  /** What stays wrong for longer than a failed read waits until it is made again was never going to come right. */
  #lookAtQueries(before: ReadonlySet<string> = new Set()): void {
    if (this.#isHealed) return
    const misled = this.misled((tab, { disk }) => {
      const { node } = tab
      // Whoever was told that the storage was cleared is to load the page again.
      const isCleared = statusOf(tab.replica)?.storage.error?.trouble === 'cleared'
      const isAtRest = disk.units === 0 && disk.rows('self').size > 0 && !isCleared
      return isAtRest && tab.replica !== undefined && node.frozenUntilMs <= this.scheduler.nowMs && node.timerGrainMs === 1
    })
    for (const { queries, spaces } of this.#tabsOf()) queries?.open((id) => spaces.get(id))
    for (const message of misled) if (before.has(message)) this.fail('watch', message)
    this.scheduler.at(this.self, QUERIES_MS, 'queries', () => this.#lookAtQueries(new Set(misled)))
  }

  fail(oracle: string, message: string): void {
    if (this.failures.length < FAILURES_KEPT) this.failures.push({ oracle, message: `${Math.round(this.scheduler.nowMs)} ms: ${message}` })
  }

  /** The faults end: everything runs, everybody may, and what was frozen thaws. */
  heal(): void {
    this.#isHealed = true
    this.network.faults = FAIR
    this.issuer.faults = { ...this.issuer.faults, fails: 0, delayMsMax: 0, wrong: 0, hangs: 0 }
    this.host.faults = { ...this.host.faults, throws: 0, hints: 0, ruleMsMax: 0 }
    this.host.isUndecided = false
    this.host.access.clear()
    this.host.failingCommits.length = 0
    if (this.host.isStopping) this.host.kill()
    this.host.start()
    for (const device of this.devices.values()) {
      device.disk.calm()
      device.shared.tell()
      device.shared.stuck = false
      device.shared.loses = () => false
      device.hasNetwork = true
      for (const { node, page, replica, spaces } of device.tabs) {
        this.scheduler.wake(node)
        if (page.isLeft) page.tell('show')
        this.scheduler.throttle(node, page.isInFront ? 1 : HIDDEN_GRAIN_MS)
        if (!this.#plan.classes.includes('lying-hints')) page.tellNetwork('unknown')
        replica?.resume()
        if (replica) for (const id of SPACES) if (!spaces.has(id)) spaces.set(id, replica.space(id) as unknown as Space)
      }
      if (device.tabs.length === 0) this.openTabs(device, 1)
    }
  }

  /** What people and apps do: a space that was denied is opened once more, a page whose data was cleared is loaded again. */
  tend(): void {
    for (const device of this.devices.values())
      for (const tab of device.tabs) {
        const status = statusOf(tab.replica)
        if (status?.because?.message.includes('reload') || status?.storage.error?.trouble === 'cleared') {
          this.leave(device, tab)
          this.openTabs(device, 1)
          continue
        }
        for (const [id, space] of tab.spaces) {
          if (status?.spaces[id]?.denied?.code !== 'forbidden') continue
          tab.spaces.set(id, tab.replica?.space(id) as unknown as Space)
          space.close()
        }
        tab.queries?.open((id) => tab.spaces.get(id))
      }
  }

  /** Everybody is in front: what is hidden is seen, and its timers run as they should. */
  showAll(): void {
    for (const { node, page } of this.#tabsOf()) {
      if (page.isInFront) continue
      this.scheduler.throttle(node, 1)
      page.tell('show')
    }
  }

  /** What each tab says of itself. */
  *tabs(): Generator<{
    readonly node: Node
    readonly isInFront: boolean
    readonly phase?: string
    readonly beatS?: number
    readonly because?: SyncError | undefined
  }> {
    for (const { node, page, replica } of this.#tabsOf()) yield { ...statusOf(replica), node, isInFront: page.isInFront }
  }

  /** [P7] Tabs that are not connected. */
  unconnected(): string[] {
    return [...this.#tabsOf()].flatMap(({ node, replica }) => {
      const phase = statusOf(replica)?.phase
      return phase === 'live'
        ? []
        : [
            `${node.name} is ${phase}: ${statusOf(replica)?.because} ${(statusOf(replica)?.retryAtMs ?? 0) - this.scheduler.clockOf(node).nowMs()}`,
          ]
    })
  }

  /** Of the tabs of a device one is connected for all. */
  get hasLeaders(): boolean {
    return this.#plan.classes.includes('leaders')
  }

  /** Devices of which more than one tab is connected. */
  crowded(): string[] {
    if (!this.hasLeaders) return []
    return [...this.devices.values()].flatMap(({ name, leads, tabs }) => {
      const connected = tabs.filter(({ node }) => leads.isConnected(node.name)).length
      return connected > 1 ? [`${connected} tabs of ${name} are connected`] : []
    })
  }

  /** [P4] What apps were told last, where it is not what the disk shows. */
  stale(): string[] {
    return [...this.#tabsOf()].flatMap(({ node, handle }) =>
      (handle.stale?.() ?? []).map((what) => `${node.name} was told last of ${what}`),
    )
  }

  /** [P8] What apps were told of histories that were reset, of devices whose disk is the one that they began with. */
  misinformed(): string[] {
    const isOldTail = this.#plan.classes.includes('clock-jump')
    return [...this.devices.values()].flatMap(({ name, watch }) =>
      this.forked.has(name) || this.destroyed.has(name)
        ? []
        : [...watch.resets.wrong(this.restores > 0, isOldTail)].map((what) => `${name} ${what}`),
    )
  }

  /** What watches were told last, where it is not what the disk shows. */
  misled(isJudged?: (tab: Tab, device: Device) => boolean): string[] {
    return [...this.devices.values()].flatMap((device) => {
      const { disk, watch, tabs } = device
      const shownAs = new Map<string, number>(watch.copies().map(({ space, $s }) => [space, $s]))
      const rowsOf = (space: SimulatedSpace) => {
        const s = shownAs.get(space)
        return [...disk.rows(`${kindOf(space)}_lines`).values()].filter(({ $s }) => $s === s) as never[]
      }
      return tabs.flatMap((tab) => (isJudged?.(tab, device) === false ? [] : (tab.queries?.wrong(rowsOf, isJudged === undefined) ?? [])))
    })
  }

  #deviceOf(tab: Node): Device | undefined {
    return [...this.devices.values()].find(({ tabs }) => tabs.some(({ node }) => node === tab))
  }

  *#tabsOf(): Generator<Tab> {
    for (const device of this.devices.values()) yield* device.tabs
  }

  /** Nothing runs on. */
  end(): void {
    for (const device of this.devices.values()) this.crash(device)
    this.host.kill()
  }

  /** Every space that is open in a tab that lives. */
  *spaces(): Generator<readonly [device: Device, id: SimulatedSpace, space: Space]> {
    for (const device of this.devices.values())
      for (const { spaces } of device.tabs) for (const [id, space] of spaces) yield [device, id, space]
  }

  /** The nonces of all mutations that some disk holds or that the server did. */
  #held(): Set<string> {
    const held = new Set<string>()
    for (const { watch } of this.devices.values()) for (const nonce of watch.nonces()) held.add(nonce)
    for (const { head } of this.histories.values())
      for (let moment: Moment | undefined = head; moment !== undefined; moment = moment.before) if (moment.origin) held.add(moment.origin)
    return held
  }

  /** Does what destroys: of what nobody holds afterwards nobody can expect that it comes back. */
  destroy(work: () => void): void {
    const before = this.#held()
    work()
    const after = this.#held()
    for (const nonce of before) if (!after.has(nonce)) this.mayBeLost(nonce)
  }

  /**
   * Known, and not to be helped: a copy of a device is told that its number is taken, and goes on under another client id, while the same
   * frame is still on its way to a server that is set back to before the other one's.
   */
  isDoubled(nonce: string): boolean {
    return this.wire.overtaken.has(nonce) && this.forked.has(this.made.get(nonce)?.device ?? '')
  }

  mayBeLost(nonce: string): void {
    const mutation = this.made.get(nonce)
    if (mutation) mutation.mayBeLost = true
  }

  async #committed(): Promise<void> {
    for (const [space, history] of this.histories) {
      for (const moment of await history.grow(this.host.changelog, space)) {
        const { version, origin, before } = moment
        if (version !== (before?.version ?? 0) + 1) this.fail('contiguous', `${space} went from ${before?.version} to ${version}`)
        if (origin === undefined) continue
        const isSecond = (made: number) => made < version && ancestor(moment, made)?.origin === origin
        if ([...history.madeAt(origin)].some(isSecond) && !this.isDoubled(origin))
          this.fail('once', `${origin} (${this.made.get(origin)?.name}) made a second commit in ${space}, ${version}`)
        this.#inOrder(space, moment)
      }
    }
  }

  /** [M1] What one device made comes in its order; what nobody made does not come. */
  #inOrder(space: string, { origin, before, version }: Moment): void {
    const mutation = this.made.get(origin as string)
    if (mutation === undefined) {
      this.fail('invented', `commit ${version} of ${space} is of ${origin}, which nobody made`)
      return
    }
    // A device that was copied or set back has several client ids, and order is kept for each of them only [M1].
    if (this.forked.has(mutation.device)) return
    for (let at = before; at; at = at.before) {
      const earlier = at.origin === undefined ? undefined : this.made.get(at.origin)
      if (earlier?.device !== mutation.device) continue
      if (earlier.seq > mutation.seq)
        this.fail('order', `${space}: number ${mutation.seq} that ${mutation.device} made came after its number ${earlier.seq}`)
      return
    }
  }

  addDevice(name: string, plan: DevicePlan, disk: Disk): Device {
    const watch = new DiskWatch(disk, {
      device: name,
      user: plan.user,
      histories: this.histories,
      isLossy: this.#plan.network.loss > 0 || this.#plan.network.reorder > 0,
      restores: () => this.restores,
      nowMs: () => this.scheduler.nowMs,
      areToldApart: () => this.restores === 0 || this.isRight,
      mayRefuse: (mutation) => !NEVER_REFUSED.includes(mutation) || this.#plan.classes.includes('revocation'),
      isForked: () => this.forked.has(name),
      made: this.made,
      fail: (oracle, message) => this.fail(oracle, message),
    })
    const shared = deviceTabs()
    const leads = new LeadWatch((message) => this.fail('one leader', message))
    const device: Device = { name, plan, disk, watch, skewMs: plan.skewMs, hasNetwork: true, tabs: [], shared, leads, beats: beatStore() }
    const deafness = streamOf(this.#plan.seed, 'deafness', name)
    shared.loses = () => deafness.chance(this.#plan.mute ?? 0)
    const slowness = streamOf(this.#plan.seed, 'slowness', name)
    if (plan.slownessMs > 0) disk.slowness = () => slowness.between(0, plan.slownessMs)
    this.devices.set(name, device)
    return device
  }

  openTabs(device: Device, count: number): void {
    for (let opened = 0; opened < count && device.tabs.length < TABS_MAX; opened++) this.#openTab(device)
  }

  #openTab(device: Device): void {
    const { name, plan, disk } = device
    const settings = { skewMs: device.skewMs, timerGrainMs: device.tabs.find(({ page }) => page.isInFront)?.node.timerGrainMs ?? 1 }
    const node = newNode(`${name} tab ${++this.#tabs}`, settings)
    const clock = this.scheduler.clockOf(node)
    const random = streamOf(this.#plan.seed, 'tab', node.name)
    const handle = disk.open(this.scheduler.clockOf(node, false), () => {
      this.crash(device)
      // A unit that began before the faults ended may still bear one: somebody starts the browser again.
      if (this.#isHealed) this.openTabs(device, 1)
    })
    const { hasLeaders } = this
    const place = device.shared.tab((work) => void this.scheduler.at(node, 0, 'other tab', work))
    const page = new Page()
    const path = { pageChanges: plan.pageChanges, idle: plan.idle, isUp: () => device.hasNetwork }
    const queries = this.#plan.watches ? new QueryWatch(node.name, (oracle, message) => this.fail(oracle, message)) : undefined
    const tab: Tab = { node, handle, page, place, replica: undefined, spaces: new Map(), queries }
    device.tabs.push(tab)
    createReplica({
      connect,
      app: plainApp(simulatedApp()),
      user: plan.user,
      token: () => this.issuer.issue(plan.user, clock, random),
      storage: hasLeaders ? device.leads.storage(node.name, handle.storage) : handle.storage,
      durable: true,
      tables: handle.tables ?? (() => ({ scope: () => ({}) as never, table: noTables, close() {} })),
      tabs: hasLeaders ? device.leads.ports(node.name, place.ports, clock, (awayMs) => this.wire.heardOf(node, awayMs)) : undefined,
      transport: device.leads.transport(node.name, this.network.transportOf(node, path)),
      clock,
      random,
      lifecycle: page.lifecycle,
      network: page.network,
      beat: this.#beat,
      ...(this.#plan.classes.includes('learned-beat') && {
        learnedPace: async () => (ports) => learnedPace(storedBeats(device.beats, clock), ports),
      }),
    }).then(
      (replica) => {
        if (!node.alive) return
        tab.replica = replica
        replica.historyReset$.subscribe((reset) => device.watch.resets.told(reset))
        for (const id of SPACES) tab.spaces.set(id, replica.space(id) as unknown as Space)
        queries?.open((id) => tab.spaces.get(id))
      },
      (error: { readonly code?: string }) => {
        if (!node.alive) return
        if (error.code !== 'unavailable') this.fail('opens', `${node.name} could not open its replica: ${error}`)
        clock.after(REOPEN_MS, () => {
          this.close(device, tab)
          this.openTabs(device, 1)
        })
      },
    )
  }

  /** The tab dies. */
  close(device: Device, tab: Tab): void {
    tab.node.alive = false
    tab.handle.crash()
    tab.place.die()
    device.tabs = device.tabs.filter((other) => other !== tab)
  }

  /** The browser dies, with all its tabs; what was committed to its disk stays. */
  crash(device: Device): void {
    for (const tab of device.tabs) this.close(device, tab)
  }

  /** A tab ends in good order. */
  leave(device: Device, tab: Tab): void {
    device.tabs = device.tabs.filter((other) => other !== tab)
    const end = () => {
      tab.node.alive = false
      tab.handle.crash()
      tab.place.die()
    }
    tab.replica?.close().then(end)
    this.scheduler.at(this.self, tab.replica ? CLOSE_MS : 0, 'closed', end)
  }

  /** Who began on a device. */
  firstUserOf(device: string): string | undefined {
    return this.#plan.devices.find(({ name }) => name === device)?.user
  }

  /** [P1] What a call said is saved is on the disk, in one form or another; [M4] who waits for the server is told when it is done. */
  resolved({ name, disk }: Device, { n, confirmed }: Sent): void {
    const nonce = (disk.rows('outbox').get(n) ?? disk.rows('tail').get(n) ?? disk.rows('refused').get(n))?.nonce as string | undefined
    const mutation = nonce === undefined ? undefined : this.made.get(nonce)
    if (mutation === undefined) this.fail('saved', `${name} says that ${n} is saved, and it is not`)
    else mutation.resolved = true
    const isPending = () => [...disk.rows('outbox').values()].some((row) => row.nonce === nonce && row.in === undefined)
    confirmed.then(
      () => isPending() && this.fail('told', `${name} tells ${n} as done, and it is pending`),
      () => {},
    )
  }
}

function statusOf(replica: Replica | undefined): Status | undefined {
  return presentOf(replica?.status$)
}

function beatStore(): BeatStore {
  let kept: unknown
  return {
    load: async () => kept,
    save: async (value) => {
      kept = value
    },
  }
}

function noTables(): never {
  throw new Error('a simulated device reads its storage')
}
