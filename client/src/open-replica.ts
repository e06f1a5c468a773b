import { type App, BadRequestError, type Clock, isUserId, type Random } from '@tidemark/shared'
import { type BeatPolicy, CAREFUL_BEAT } from './connection/beat-policy.ts'
import type { Lifecycle, Network } from './connection/hints.ts'
import type { TokenSource } from './connection/tokens.ts'
import type { Transport } from './connection/transport.ts'
import { createReplica } from './create-replica.ts'
import type { Device } from './device.ts'
import { loadedConnected } from './loaded-connected.ts'
import { browserDevice } from './platform/browser-device.ts'
import { browserTabs, hasChannels } from './platform/browser-tabs.ts'
import { browserTurn } from './platform/browser-turn.ts'
import { developmentWarning } from './platform/development.ts'
import { browserNetwork, pageLifecycle } from './platform/page-hints.ts'
import { basesOf, ENDPOINTS_MAX, type ServerUrl } from './platform/server-url.ts'
import { systemClock } from './platform/system-clock.ts'
import { systemRandom } from './platform/system-random.ts'
import { dexieStorage } from './replica/dexie-storage.ts'
import { dexieTables } from './replica/scope.ts'
import type { ShownCopies } from './replica/shown-copies.ts'
import type { ReplicaStorage } from './replica/storage.ts'
import type { Replica } from './replica-api.ts'

export interface OpenReplicaOptions<A extends App> {
  readonly app: A
  /** The server: `location.origin` where it serves the page too. Of several addresses of one server (8 at most) the best is found by a race. */
  readonly url: ServerUrl
  /** Whose replica it is; each user has a database of their own. The token must name the same one. */
  readonly user: string
  /** Called when a token is needed, never while one is good. */
  readonly token: TokenSource
  /** Which of several customers of one server. Default: `default`. */
  readonly tenant?: string | undefined
  /** The database. Default: `tidemark:{tenant}:{user}`. */
  readonly name?: string | undefined
  /** Instead of IndexedDB; `durable: false` is told to the app. */
  readonly storage?: ReplicaStorage | undefined
  readonly indexedDB?: IDBFactory | undefined
  readonly IDBKeyRange?: typeof IDBKeyRange | undefined
  /** What outlives the database, to notice that it was cleared. Default: the browser's localStorage. */
  readonly device?: Device | undefined
  readonly transport?: Transport | undefined
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
  readonly lifecycle?: Lifecycle | undefined
  readonly network?: Network | undefined
  /** A fixed beat. Default: one that finds out how seldom it may be. */
  readonly beat?: BeatPolicy | undefined
}

/** What a page needs to connect, and not to read or write: it comes while the storage opens. */
const loadConnected = () => import('./platform/web-connected.ts')

/** What browsers answer where a page may have no IndexedDB: private modes, frames of other sites. */
const NO_STORAGE = ['MissingAPIError', 'SecurityError', 'NotSupportedError']

/**
 * Opens all that one user has on this device, offline as well as online, and begins to connect. Where the browser gives no
 * storage the replica lives in memory, and what is sent says `durable: false`. Throws BadRequestError for an option that is not
 * what it must be, UnavailableError when the storage is there and does not open.
 */
export async function openReplica<A extends App>(options: OpenReplicaOptions<A>): Promise<Replica<A>> {
  const { app, url, user, token, tenant = 'default', clock = systemClock, name = `tidemark:${tenant}:${user}`, indexedDB } = options
  need(app?.spaces, 'app: what defineApp returns is needed')
  need(options.transport || areWebAddresses(url), `url: http://… or https://… is needed, not "${url}"`)
  // Not what stands there instead: it may be a token.
  need(typeof token === 'function', 'token: a function is needed')
  need(isUserId(user), `${user} is no user id: 1 to 128 letters, digits and . _ ~ -`)
  const { device = browserDevice, network = browserNetwork } = options
  // Whether it came is looked at once the storage is open.
  loadConnected().catch(() => {})
  const world = {
    app,
    user,
    token,
    // Where the database is not the browser's own, those of the same name are not the same.
    turn: indexedDB ? undefined : browserTurn(`${name} token`),
    clock,
    network,
    transport: options.transport,
    random: options.random ?? systemRandom,
    lifecycle: options.lifecycle ?? pageLifecycle,
    beat: options.beat ?? CAREFUL_BEAT,
    warn: developmentWarning,
    connect: loadedConnected(async () => (await loadConnected()).connectTo(url, { network, clock, device })),
    // Loaded once something is connected.
    learnedPace: options.beat ? undefined : async () => (await import('./platform/browser-pace.ts')).browserPace(clock),
  }
  // Loaded only here, as the storage in memory is: hardly any page needs either.
  const withoutDatabase = async (storage: ReplicaStorage) => {
    const { plainTables } = await import('./plain-tables.ts')
    return createReplica({ ...world, storage, durable: false, tables: (core) => plainTables(storage, core) })
  }
  if (options.storage) return withoutDatabase(options.storage)
  try {
    const { IDBKeyRange } = options
    const storage = dexieStorage({ name, app, clock, indexedDB, IDBKeyRange, unheard: !hasChannels })
    const tables = (core: ShownCopies) => dexieTables(storage, core)
    const tabs = indexedDB ? undefined : browserTabs(name)
    return await createReplica({ ...world, storage, durable: true, device, database: name, tables, tabs })
  } catch (error) {
    if (!saysNoStorage(error)) throw error
    const { memoryStorage } = await import('./replica/memory-storage.ts')
    return withoutDatabase(memoryStorage())
  }
}

function need(isThere: unknown, otherwise: string): void {
  if (!isThere) throw new BadRequestError(otherwise)
}

function areWebAddresses(url: ServerUrl): boolean {
  try {
    const bases = basesOf(url)
    return bases.length > 0 && bases.length <= ENDPOINTS_MAX && bases.every((base) => /^https?:/.test(base))
  } catch {
    return false
  }
}

function saysNoStorage(error: unknown): boolean {
  const { name = '', cause, inner } = (error ?? {}) as { name?: string; cause?: unknown; inner?: unknown }
  return NO_STORAGE.includes(name) || (error !== undefined && saysNoStorage(cause ?? inner))
}
