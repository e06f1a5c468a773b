import {
  type Bus,
  createSyncServer,
  type Hint,
  inProcessBus,
  type LaneStore,
  type MemoryChangelog,
  memoryChangelog,
  memoryLaneStore,
  type SyncServer,
} from '@tidemark/server'
import { type Clock, UnavailableError } from '@tidemark/shared'
import { type Node, newNode, type Scheduler } from '../scheduler.ts'
import { streamOf } from '../seeded-random.ts'
import type { TokenIssuer } from '../token-issuer.ts'
import { plain, showApp } from './show-app.ts'
import type { ShowPlan } from './show-plan.ts'
import type { ShowWatch } from './show-watch.ts'

const DELAYED_MS_MAX = 3000
/** More than anybody here says. */
const PACES = { perS: 1000, burst: 1000 }

interface HostPorts {
  readonly plan: Pick<ShowPlan, 'seed' | 'storeMsMax' | 'lostTicks'>
  readonly scheduler: Scheduler
  readonly issuer: TokenIssuer
  readonly watch: ShowWatch
  died(node: Node): void
}

/** The machine of a show: one process at a time, and two disks that outlive it: a log, and what lanes keep. */
export class ShowHost {
  server: SyncServer | undefined
  node: Node = newNode('server 0', { alive: false })
  changelog: MemoryChangelog = memoryChangelog()
  readonly lanes: LaneStore = memoryLaneStore()
  /** Nothing fails any more. */
  isFair = false
  /** Its wall clock is off by that much, in ms. */
  skewMs = 0
  /** Timers that were set, and that nobody has called off or fired. */
  timersSet = 0
  readonly #ports: HostPorts
  #starts = 0
  #calls = 0
  #death: { readonly at: number; readonly isBefore: boolean; readonly downMs: number } | undefined
  #failures = 0

  constructor(ports: HostPorts) {
    this.#ports = ports
  }

  start(): void {
    if (this.server !== undefined) return
    const { scheduler, plan, issuer, watch } = this.#ports
    const node = newNode(`server ${++this.#starts}`, { skewMs: this.skewMs })
    const { after, ...wall } = scheduler.clockOf(node)
    const clock: Clock = {
      ...wall,
      after: (ms, task) => {
        this.timersSet++
        return after(ms, task)
      },
    }
    this.node = node
    const access = (user: string) => (user === 'host' ? 'admin' : 'write')
    this.server = createSyncServer({
      app: plain(showApp),
      changelog: this.#changelogOf(clock),
      authenticate: async (token, nowMs) => issuer.check(token, nowMs),
      access: { show: access, moderation: (user: string) => (user === 'host' ? 'admin' : 'none') } as never,
      lanes: {
        store: this.#storeOf(node, clock),
        paces: { lane: PACES, all: PACES },
      },
      clock,
      random: streamOf(plan.seed, 'server', node.name),
      bus: this.#busOf(clock, node),
      log: {
        info() {},
        warn() {},
        error: (_detail, message) => message.includes('broke') && watch.fail('log', message),
      },
      turn: () => new Promise((resolve) => clock.after(0, () => resolve())),
    })
    watch.began()
  }

  /** As by kill -9: nothing of the process runs on. */
  kill(): void {
    if (this.server === undefined) return
    this.node.alive = false
    this.server = undefined
    this.#death = undefined
    this.changelog = memoryChangelog(this.changelog.snapshot())
    this.#ports.died(this.node)
  }

  /** Ends in good order, and begins again. */
  restart(): void {
    const { server, node } = this
    if (server === undefined) return
    void server.close().then(() => {
      if (this.node !== node) return
      this.kill()
      this.start()
    })
  }

  dieAt(calls: number, isBefore: boolean, downMs: number): void {
    this.#death = { at: this.#calls + calls, isBefore, downMs }
  }

  failNext(calls: number): void {
    this.#failures = calls
  }

  stepClock(byMs: number): void {
    this.skewMs += byMs
    this.node.skewMs += byMs
  }

  /** What fails is over. */
  heal(): void {
    this.isFair = true
    this.#death = undefined
    this.#failures = 0
    this.start()
  }

  /** What one process has of the log: what it has begun to write goes with it. */
  #changelogOf(clock: Clock): MemoryChangelog {
    const { changelog } = this
    const { plan } = this.#ports
    const random = streamOf(plan.seed, 'log', this.node.name)
    return {
      ...changelog,
      write: (work) =>
        changelog.write(async (tenant) => {
          const done = await work(tenant)
          const ms = this.isFair ? 1 : random.between(1, Math.max(1, plan.storeMsMax))
          await new Promise<void>((resolve) => clock.after(ms, resolve))
          return done
        }),
      // The disk outlives the process.
      close: async () => {},
    }
  }

  /** What one process has of the store: each step takes its time, and a death before it is done takes it along. */
  #storeOf(node: Node, clock: Clock): LaneStore {
    const { lanes } = this
    const { plan, scheduler, watch } = this.#ports
    const random = streamOf(plan.seed, 'store', node.name)
    const never = () => new Promise<never>(() => {})
    const die = (downMs: number) => {
      this.kill()
      scheduler.at(newNode('again'), downMs, 'start', () => this.start())
      return never()
    }
    const pause = async () => {
      const ms = this.isFair ? 0 : random.between(0, plan.storeMsMax)
      if (ms > 0) await new Promise<void>((resolve) => clock.after(ms, resolve))
    }
    const step = async <T>(work: () => Promise<T>, canFail = true): Promise<T> => {
      await pause()
      if (!node.alive) return never()
      const death = ++this.#calls === this.#death?.at ? this.#death : undefined
      if (death?.isBefore) return die(death.downMs)
      if (canFail && this.#failures > 0) {
        this.#failures--
        throw new UnavailableError('The disk does not answer.')
      }
      const done = await work()
      if (death) return die(death.downMs)
      await pause()
      return node.alive ? done : never()
    }
    return {
      ...lanes,
      append: (says, idsFromMs) =>
        step(async () => {
          const isNew = await lanes.append(says, idsFromMs)
          watch.appended(says, isNew)
          return isNew
        }),
      merge: (ticks) =>
        step(async () => {
          await lanes.merge(ticks)
          watch.merged(ticks)
        }),
      lane: (place, ring) => step(() => lanes.lane(place, ring)),
      left: (at, count) => step(() => lanes.left(at, count), false),
      close: async () => {},
    }
  }

  #busOf(clock: Clock, node: Node): Bus {
    const { plan, watch } = this.#ports
    const bus = inProcessBus((error) => {
      throw error
    })
    const random = streamOf(plan.seed, 'bus', node.name)
    return {
      publish: (hint: Hint) => {
        if (!('lane' in hint)) return bus.publish(hint)
        if (hint.lane !== 'presence') watch.published(hint.lane, hint.frame, hint.tick)
        const lost = this.isFair ? 0 : plan.lostTicks
        if (random.chance(lost)) return
        bus.publish(hint)
        if (random.chance(lost)) bus.publish(hint)
        if (random.chance(lost)) clock.after(random.between(1, DELAYED_MS_MAX), () => bus.publish(hint))
      },
      subscribe: (listener) => bus.subscribe(listener),
    }
  }
}
