import type { BeatPolicy, Lifecycle, Network } from '@tidemark/client'
import {
  connect,
  createReplica,
  fixedBeat,
  type MemoryStorage,
  memoryStorage,
  NO_HINTS,
  type ReplicaWorld,
  seededRandom,
  type Transport,
} from '@tidemark/client/testing'
import { type Access, type Changelog, createSyncServer, type MemoryChangelog, memoryChangelog } from '@tidemark/server'
import { type Clock, type CollectionTransaction, type SpaceId, type SpaceIdOf, toVersion } from '@tidemark/shared'
import { type CaseApp, type CaseAppOptions, caseApp } from './case-app.ts'
import { Process, ScriptedClock } from './scripted-clock.ts'
import { type LineWorld, type RunningServer, ScriptedLine } from './scripted-line.ts'
import { FAN_OUT_MS, Tab } from './tab.ts'

/** Turns of the event loop in which nothing moved: then nothing will, until time passes or the script lets something go. */
const QUIET_TURNS = 3
const TURNS_MAX = 10_000

export type Snapshot = ReturnType<MemoryChangelog['snapshot']>

export interface OpenOptions {
  /** A disk that is there already; default: a new one. */
  readonly disk?: MemoryStorage
  readonly spaces?: readonly SpaceIdOf<CaseApp>[]
  readonly server?: RunningServer
  readonly beat?: BeatPolicy
  /** What the tab's frames go through on their way to the line. */
  readonly through?: (line: ScriptedLine) => Transport
  /** The tab's own clock, made of the world's. */
  readonly clock?: (clock: Clock) => Clock
  readonly lifecycle?: Lifecycle
  readonly network?: Network
  readonly learnedPace?: ReplicaWorld<CaseApp>['learnedPace']
}

/**
 * Real server code and real client code, and nothing between them that the script did not ask for: frames and answers arrive at
 * once, chance is a fixed seed, time stands still until `pass` or `until`.
 */
export class ScriptedWorld implements LineWorld {
  readonly clock: ScriptedClock = new ScriptedClock()
  changelog: MemoryChangelog = memoryChangelog()
  /** What users may do in a space, now. */
  access: (user: string, space: SpaceId) => Access | Promise<Access> = () => 'write'
  server: RunningServer | undefined
  /** False in a tunnel: no connection begins, and no request arrives. */
  isReachable = true
  /** How long everything is on its way, in ms. */
  latencyMs = 0
  /** What persons typed, once it was saved on their device. */
  readonly typed: string[] = []
  readonly tabs: Tab[] = []
  /** True where drafts are read by their makers alone. */
  draftsOfMakers = false
  #moves = 0
  #held = 0
  #seed = 0

  constructor() {
    this.startServer()
  }

  /** A server process over the changelog of this world, or over another: the one that tabs reach from now on. */
  startServer(options: CaseAppOptions = {}, changelog: Changelog = this.changelog): RunningServer {
    this.server = this.startAnother(options, changelog)
    return this.server
  }

  /** A server process beside it, with a bus of its own: no hint of one reaches the other. */
  startAnother(options: CaseAppOptions = {}, changelog: Changelog = this.changelog): RunningServer {
    this.draftsOfMakers = options.drafts === 'creator'
    const process = new Process()
    const rule = (user: string, space: SpaceId) => this.access(user, space)
    const sync = createSyncServer({
      app: caseApp({ isStrict: true, ...options }),
      changelog,
      authenticate: async (user) => ({ tenant: 'default', user, expiresAtMs: undefined }),
      access: { room: rule, desk: rule },
      clock: this.clock.clockOf(process),
      turn: async () => {},
    })
    return { sync, process }
  }

  /** As by kill -9: nothing of it runs on, and its connections end. */
  killServer(): void {
    if (this.server !== undefined) this.server.process.alive = false
    this.server = undefined
    for (const { line } of this.tabs) line.cut()
  }

  /** Puts a backup in place of everything, under the feet of the server, which lives on. */
  restore(backup: Snapshot): void {
    this.changelog.restore(backup)
  }

  /** The same, by an operator who stops the server for it. */
  restoreAndRestart(backup: Snapshot, options: CaseAppOptions = {}): void {
    this.killServer()
    this.changelog.restore(backup)
    this.startServer(options)
  }

  async open(user: string, options: OpenOptions = {}): Promise<Tab> {
    const { disk = memoryStorage(), spaces = ['room:1'], server, beat = fixedBeat, through, lifecycle = NO_HINTS } = options
    const process = new Process()
    const line = new ScriptedLine(this, process, () => (this.isReachable ? (server ?? this.server) : undefined))
    const hints = new Set<() => void>()
    const replica = await createReplica({
      connect,
      app: caseApp(),
      user,
      token: () => user,
      storage: disk,
      durable: true,
      tables: () => ({ scope: () => ({}) as never, table: noTables, close() {} }),
      transport: through?.(line) ?? line,
      clock: options.clock?.(this.clock.clockOf(process)) ?? this.clock.clockOf(process),
      random: seededRandom(++this.#seed),
      lifecycle,
      network: options.network ?? {
        ...NO_HINTS,
        onChange(listener) {
          hints.add(listener)
          return () => hints.delete(listener)
        },
      },
      beat,
      learnedPace: options.learnedPace,
    })
    const tab = new Tab({ world: this, user, disk, line, replica, process, hints })
    this.tabs.push(tab)
    for (const space of spaces) tab.space(space)
    await this.settle()
    return tab
  }

  /** A program of the operator's writes a document; readers who are there have it when this resolves. */
  async put(space: SpaceId, c: string, id: string, doc: object, user = 'operator'): Promise<void> {
    await this.#write(space, user, (tx) => tx[c]?.put(id, doc))
  }

  async patch(space: SpaceId, c: string, id: string, fields: object): Promise<void> {
    await this.#write(space, 'operator', (tx) => tx[c]?.patch(id, fields))
  }

  async delete(space: SpaceId, c: string, id: string): Promise<void> {
    await this.#write(space, 'operator', (tx) => tx[c]?.delete(id))
  }

  async #write(space: SpaceId, user: string, run: (tx: Record<string, CollectionTransaction<object>>) => unknown): Promise<void> {
    await this.server?.sync.commit(space, (tx) => run(tx as never), { user })
    await this.pass(FAN_OUT_MS + 2 * this.latencyMs)
  }

  /** Forgets the log up to `logStart`, by itself the head, and deletions and seals up to `horizon`. */
  async trim(space: SpaceId, logStart?: number, horizon = 0): Promise<void> {
    await this.changelog.write(async (tenant) => {
      const tx = tenant('default')
      await tx.trim(space, toVersion(logStart ?? (await tx.head(space)).version), toVersion(horizon))
    })
  }

  changelogOf(backup: Snapshot): MemoryChangelog {
    return memoryChangelog(backup)
  }

  /** One page, as anybody may ask for it. */
  async pull(user: string, space: SpaceId, since: number, seal: string, limit: number): Promise<any> {
    const path = `/v1/spaces/${encodeURIComponent(space)}/changes?since=${since}&seal=${seal}&limit=${limit}`
    const answer = await this.server?.sync.hono.request(`http://server${path}`, { headers: { authorization: `Bearer ${user}` } })
    return await answer?.json()
  }

  head(space: SpaceId): Promise<{ readonly version: number; readonly seal: string }> {
    return this.changelog.read('default', (tx) => tx.head(space))
  }

  send(deliver: () => void): void {
    this.#moves++
    if (this.latencyMs > 0) this.clock.after(this.latencyMs, deliver)
    else queueMicrotask(deliver)
  }

  hold(work: Promise<unknown>): void {
    this.#held++
    const release = () => {
      this.#held--
    }
    work.then(release, release)
  }

  /** Everything happens that can, without time passing. */
  async settle(): Promise<void> {
    let seen = -1
    for (let turns = 0, quiet = 0; quiet < QUIET_TURNS; turns++) {
      if (turns > TURNS_MAX) throw new Error('what is to settle waits for a clock, or never ends')
      await new Promise<void>((resolve) => setImmediate(resolve))
      quiet = this.#moves === seen && this.#held === 0 ? quiet + 1 : 0
      seen = this.#moves
    }
  }

  async pass(ms: number): Promise<void> {
    const untilMs = this.clock.nowMs + ms
    do await this.settle()
    while (this.clock.step(untilMs))
  }

  /** Lets time pass until `check` holds. Throws with `what` where it does not within `withinMs`. */
  async until(what: string, check: () => boolean | Promise<boolean>, withinMs = 180_000): Promise<void> {
    const untilMs = this.clock.nowMs + withinMs
    for (;;) {
      await this.settle()
      if (await check()) return
      if (!this.clock.step(untilMs)) throw new Error(`not within ${withinMs} ms: ${what}`)
    }
  }
}

function noTables(): never {
  throw new Error('a case reads the disk')
}
