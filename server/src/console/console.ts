import {
  type App,
  BadRequestError,
  type Clock,
  ForbiddenError,
  isSpaceId,
  isUserId,
  kindOf,
  LANE_BOUNDS,
  LIMITS,
  NotFoundError,
  type SpaceId,
  SyncError,
  within,
} from '@tidemark/shared'
import type { AskAccess } from '../backend/access.ts'
import type { Principal } from '../backend/backend.ts'
import { READ_WITHIN_MS } from '../backend/bounds.ts'
import { readTooLate } from '../backend/recent-reads.ts'
import { type View, viewsOf } from '../backend/view.ts'
import type { Bus } from '../bus/bus.ts'
import type { Changelog } from '../changelog/changelog.ts'
import type { GatewayBounds } from '../gateway/bounds.ts'
import type { ConnectionState } from '../gateway/connection-state.ts'
import type { Gateway } from '../gateway/gateway.ts'
import type { RefusedOf } from '../observe/refused-of.ts'
import { Activity, SAMPLE_MS } from './activity.ts'
import type {
  ConsoleConnections,
  ConsoleKind,
  ConsoleLimits,
  ConsoleLog,
  ConsoleOverview,
  ConsoleRefused,
  ConsoleSpace,
  ConsoleSpaces,
  ConsoleUser,
  Refusal,
} from './answers.ts'
import { logTail } from './log-tail.ts'
import { REFUSALS_KEPT, Refusals } from './refusals.ts'
import { replicasOf } from './replicas-of.ts'

/** The space whose rule says who may look at the console. */
const MODERATION = 'moderation'
/** Rows of one answer. */
export const CONNECTIONS_PAGE = 500
export const SPACES_PAGE = 200

export interface ConsoleWorld {
  readonly app: App
  readonly ask: AskAccess
  readonly changelog: Changelog
  readonly gateway: Pick<Gateway, 'states' | 'countByTenant' | 'readersOf'>
  readonly bus: Bus
  readonly clock: Clock
  readonly bounds: GatewayBounds
  /** Of other parts of the server, by part and name; the names bear their units. */
  readonly limits: Readonly<Record<string, Readonly<Record<string, number>>>>
}

/** What the server tells who looks after it; each of one tenant, the caller's. It only looks: acts are mutations of the space `moderation`. */
export class Console {
  readonly #world: ConsoleWorld
  readonly #activity = new Activity()
  readonly #refusals = new Refusals()
  readonly #viewOf: (kind: string, user: string) => View
  readonly #startedMs: number
  #end: (() => void) | undefined

  constructor(world: ConsoleWorld) {
    this.#world = world
    this.#viewOf = viewsOf(world.app)
    this.#startedMs = world.clock.nowMs()
  }

  start(): void {
    const { bus, clock, gateway } = this.#world
    const endHints = bus.subscribe((hint) => {
      if (hint.version !== undefined) this.#activity.moved(hint)
    })
    let cancel = () => {}
    const sampleLater = () => {
      cancel = clock.after(SAMPLE_MS, () => {
        this.#activity.sample(clock.nowMs(), gateway.countByTenant())
        sampleLater()
      })
    }
    sampleLater()
    this.#end = () => {
      cancel()
      endHints()
    }
  }

  stop(): void {
    this.#end?.()
    this.#end = undefined
  }

  /** Something was refused; what nobody's is, is counted elsewhere. */
  refused(code: Refusal['code'], { tenant, ...of }: RefusedOf): void {
    this.#activity.refused(tenant)
    this.#refusals.add(tenant, { ...of, code, atMs: this.#world.clock.nowMs() })
  }

  /** Whether this user may act, or look. Throws ForbiddenError, which says who decides, and NotFoundError where there is nothing to moderate. */
  async may(principal: Principal): Promise<'read' | 'admin'> {
    const access: string = await this.#world.ask(principal, MODERATION)
    if (access === 'admin' || access === 'read') return access
    throw new ForbiddenError('The console is not for you: `access.moderation` of this server answers neither read nor admin.')
  }

  async overview(principal: Principal): Promise<ConsoleOverview> {
    const may = await this.may(principal)
    const { tenant, user } = principal
    const { app, clock, gateway } = this.#world
    const users = new Set<string>()
    let connections = 0
    let lagging = 0
    let bufferedBytes = 0
    for (const state of gateway.states(tenant)) {
      connections += 1
      users.add(state.user)
      bufferedBytes += state.bufferedBytes
      if (state.copies.some(({ version, head }) => version < head)) lagging += 1
    }
    const busiest = this.#activity.busiest(tenant).map((busy) => ({ ...busy, readers: gateway.readersOf(tenant, busy.space) }))
    return {
      nowMs: clock.nowMs(),
      tenant,
      user,
      may,
      startedMs: this.#startedMs,
      connections,
      users: users.size,
      lagging,
      bufferedBytes,
      sampleMs: SAMPLE_MS,
      samples: this.#activity.samplesOf(tenant),
      busiest,
      kinds: kindsOf(app),
    }
  }

  /** Those after number `after`, of one user where one is named. */
  async connections(principal: Principal, after: number, user: string | undefined): Promise<ConsoleConnections> {
    await this.may(principal)
    const page: ConnectionState[] = []
    let total = 0
    let next: number | undefined
    for (const state of this.#world.gateway.states(principal.tenant)) {
      if (user !== undefined && state.user !== user) continue
      total += 1
      if (state.id <= after) continue
      if (page.length < CONNECTIONS_PAGE) page.push(state)
      else next ??= page.at(-1)?.id
    }
    return { nowMs: this.#world.clock.nowMs(), total, connections: page, next }
  }

  /** Those whose ids come after `after`. */
  async spaces(principal: Principal, after: string): Promise<ConsoleSpaces> {
    await this.may(principal)
    const { tenant } = principal
    const extents = await this.#reading(this.#world.changelog.spaces({ tenant, space: after }, SPACES_PAGE))
    const own = extents.filter((extent) => extent.tenant === tenant)
    const spaces = own.map(({ space, version, logStart, horizon }) => ({ ...this.#rowOf(tenant, space, version), logStart, horizon }))
    return { spaces, next: own.length < SPACES_PAGE ? undefined : own.at(-1)?.space }
  }

  /** Throws NotFoundError for a space of an unknown kind. */
  async log(principal: Principal, space: string): Promise<ConsoleLog> {
    await this.may(principal)
    if (!isSpaceId(space)) throw new BadRequestError('space: not a space id')
    const view = (await this.#isReadable(principal, space)) ? this.#viewOf(kindOf(space), principal.user) : undefined
    return this.#reading(this.#world.changelog.read(principal.tenant, (tx) => logTail(tx, space, view)))
  }

  /** Devices are listed from after client id `after` on. */
  async user(principal: Principal, user: string, after: string): Promise<ConsoleUser> {
    const { connections } = await this.connections(principal, 0, user)
    if (!isUserId(user)) throw new BadRequestError('user: not a user id')
    const { changelog } = this.#world
    const { replicas, next } = await this.#reading(replicasOf(changelog, principal.tenant, user, after))
    return { user, connections, replicas, next }
  }

  async refusals(principal: Principal): Promise<ConsoleRefused> {
    await this.may(principal)
    return { nowMs: this.#world.clock.nowMs(), keptMax: REFUSALS_KEPT, refused: this.#refusals.of(principal.tenant) }
  }

  async limits(principal: Principal): Promise<ConsoleLimits> {
    await this.may(principal)
    const { bounds, limits } = this.#world
    const all = { ...limits, gateway: bounds, lanes: LANE_BOUNDS, protocol: LIMITS }
    return { groups: Object.entries(all).map(([name, limits]) => ({ name, limits: { ...limits } })) }
  }

  #rowOf(tenant: string, space: SpaceId, version: number): ConsoleSpace {
    return {
      space,
      version,
      commits: this.#activity.commitsOf(tenant, space),
      readers: this.#world.gateway.readersOf(tenant, space),
    }
  }

  /** To moderate is no right to read: what is in a space is shown to whom its own rule lets read it. */
  async #isReadable(principal: Principal, space: SpaceId): Promise<boolean> {
    try {
      return (await this.#world.ask(principal, space)) !== 'none'
    } catch (error) {
      // An unknown kind is said to be so; a rule that fails hides what it decides on.
      if (error instanceof NotFoundError || !(error instanceof SyncError)) throw error
      return false
    }
  }

  #reading<T>(read: Promise<T>): Promise<T> {
    return within(this.#world.clock, READ_WITHIN_MS, read, readTooLate)
  }
}

function kindsOf({ spaces }: App): Readonly<Record<string, ConsoleKind>> {
  const kinds = Object.entries(spaces).map(([kind, { collections, lanes, presence }]): [string, ConsoleKind] => {
    const told = Object.entries(lanes).map(([name, { tickMs, cap, ring, text, public: isPublic, archiveMs }]) => {
      return [name, { tickMs, cap, ring, text, public: isPublic, archiveMs }] as const
    })
    return [kind, { collections: Object.keys(collections), lanes: Object.fromEntries(told), presence }]
  })
  return Object.fromEntries(kinds)
}
