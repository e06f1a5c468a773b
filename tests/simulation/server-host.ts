import {
  type Bus,
  createSyncServer,
  type Hint,
  inProcessBus,
  type MemoryChangelog,
  memoryChangelog,
  type SyncServer,
} from '@tidemark/server'
import { type Clock, toVersion, UnavailableError } from '@tidemark/shared'
import type { ServerFaults } from './plan.ts'
import { type Node, newNode, type Scheduler } from './scheduler.ts'
import { type SeededRandom, streamOf } from './seeded-random.ts'
import { POISON, plainApp, type SimulatedSpace, simulatedApp } from './simulated-app.ts'
import type { TokenIssuer } from './token-issuer.ts'

export type Access = 'none' | 'read' | 'write'
type Snapshot = ReturnType<MemoryChangelog['snapshot']>

/** Bounds so small that few documents make several pages. */
const GATEWAY_BOUNDS = { pageChangesMax: 4, catchUpBytesMax: 4000 }
/** How late a hint of the bus comes at most, in ms. */
const HINT_MS_MAX = 5000

export interface HostPorts {
  readonly seed: number
  readonly scheduler: Scheduler
  readonly issuer: TokenIssuer
  readonly faults: ServerFaults
  /** Called when a commit is durable, before anybody is told of it. */
  readonly committed: () => Promise<void>
  /** Called when the process is gone, so that its peers are told. */
  readonly died: (node: Node) => void
}

/** The machine of the server: one process at a time, and a disk that outlives it. */
export class ServerHost {
  server: SyncServer | undefined
  node: Node = newNode('server 0', { alive: false })
  changelog: MemoryChangelog = memoryChangelog()
  faults: ServerFaults
  isPoisoned = true
  isStopping = false
  /** True while the access rule throws. */
  isUndecided = false
  /** How long the access rule takes to answer beside what the faults say, in ms. */
  ruleMs = 0
  readonly access = new Map<string, Access>()
  /** Group commits that are to fail, and whether they take place all the same. */
  readonly failingCommits: boolean[] = []
  readonly #ports: HostPorts
  #starts = 0

  constructor(ports: HostPorts) {
    this.#ports = ports
    this.faults = ports.faults
  }

  start(): void {
    if (this.server !== undefined) return
    const { scheduler, seed, issuer } = this.#ports
    const node = newNode(`server ${++this.#starts}`)
    const clock = scheduler.clockOf(node)
    const random = streamOf(seed, node.name)
    this.node = node
    const app = simulatedApp((name) => {
      if (name === POISON && this.isPoisoned) throw new TypeError('this mutation is poison')
      if (random.chance(this.faults.throws)) throw new TypeError('a bug of the app, now and then')
    })
    const rules = streamOf(seed, 'rules', node.name)
    // As an app does that asks a database of its own.
    const asked = <T>(answer: () => T): T | Promise<T> => {
      const ms = this.ruleMs + rules.between(0, this.faults.ruleMsMax ?? 0)
      return ms > 0 ? new Promise<void>((resolve) => clock.after(ms, resolve)).then(answer) : answer()
    }
    const access = (user: string, space: string) => asked(() => this.#accessOf(user, space))
    this.server = createSyncServer({
      app: plainApp(app),
      changelog: this.#changelogOf(clock, random),
      authenticate: async (token, nowMs) => asked(() => issuer.check(token, nowMs)),
      access: { room: access, hall: access },
      clock,
      random: streamOf(seed, 'mutators', node.name),
      bus: this.#busOf(clock, random),
      gateway: { ...GATEWAY_BOUNDS, ...(this.faults.hellosPerS && { hellosPerS: this.faults.hellosPerS }) },
      turn: () => new Promise((resolve) => clock.after(0, () => resolve())),
    })
  }

  /** As by kill -9: nothing of the process runs on. */
  kill(): void {
    if (this.server === undefined) return
    this.node.alive = false
    this.server = undefined
    this.isStopping = false
    // Whatever the process had begun to write goes with it.
    this.changelog = memoryChangelog(this.changelog.snapshot())
    this.#ports.died(this.node)
  }

  /** Ends in good order; it serves nobody new meanwhile. */
  stop(): void {
    const { server, node } = this
    if (server === undefined) return
    this.isStopping = true
    void server.close().then(() => {
      if (this.node === node) this.kill()
    })
  }

  /** Puts a backup in place of everything; a process that lives goes on. */
  restore(backup: Snapshot): void {
    this.changelog.restore(backup)
  }

  /** Forgets the log but for the last `log` commits, and deletions but for the last `deletions`. */
  async trim(space: SimulatedSpace, log: number, deletions: number): Promise<void> {
    await this.changelog.write(async (tenant) => {
      // What is forgotten must have been looked at.
      await this.#ports.committed()
      const tx = tenant('default')
      const { version } = await tx.head(space)
      const logStart = Math.max(await tx.logStart(space), version - log, 0)
      const horizon = Math.max(await tx.horizon(space), Math.min(logStart, version - deletions), 0)
      if (version > 0) await tx.trim(space, toVersion(logStart), toVersion(horizon))
    })
  }

  #accessOf(user: string, space: string): Access {
    if (this.isUndecided) throw new Error('the access rule cannot tell now')
    if (user === 'mallory') return 'none'
    return this.access.get(`${user} ${space}`) ?? 'write'
  }

  /** What one process has of the disk: a flush takes its time, and a death within it takes the commit along. */
  #changelogOf(clock: Clock, random: SeededRandom): MemoryChangelog {
    const { changelog } = this
    const pause = async () => {
      const ms = random.between(0, this.faults.flushMsMax)
      if (this.faults.flushMsMax > 0) await new Promise<void>((resolve) => clock.after(ms, resolve))
    }
    return {
      ...changelog,
      write: async (work) => {
        const isTaken = this.failingCommits.shift()
        const result = await changelog.write(async (tenant) => {
          const done = await work(tenant)
          await pause()
          if (isTaken === false) throw new UnavailableError('The disk does not answer.')
          return done
        })
        await this.#ports.committed()
        await pause()
        if (isTaken === true) throw new UnavailableError('The disk did not answer.')
        return result
      },
      // The disk outlives the process.
      close: async () => {},
    }
  }

  #busOf(clock: Clock, random: SeededRandom): Bus {
    const bus = inProcessBus((error) => {
      throw error
    })
    return {
      publish: (hint: Hint) => {
        const { hints } = this.faults
        if (random.chance(hints)) return
        bus.publish(hint)
        if (random.chance(hints)) bus.publish(hint)
        if (random.chance(hints)) clock.after(random.between(1, HINT_MS_MAX), () => bus.publish(hint))
      },
      subscribe: (listener) => bus.subscribe(listener),
    }
  }
}
