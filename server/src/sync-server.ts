import { type App, type Clock, kindOf, type Random, type SpaceId, UnavailableError, within } from '@tidemark/shared'
import type { Hono } from 'hono'
import { AWAY_MS_MAX, PULL_HELD_MS_MAX, PULLS_PER_S, RESTART_MS } from './admission.ts'
import { AdmissionLine } from './admission-line.ts'
import { type ApiKeys, checkApiKey } from './api-keys/api-keys.ts'
import { type AccessRules, askAccess } from './backend/access.ts'
import { anonymousTokens } from './backend/anonymous-tokens.ts'
import { createBackend } from './backend/create-backend.ts'
import type { Authenticate, Secret } from './backend/jwt.ts'
import { type RetentionOptions, RetentionRounds, retentionOf } from './backend/retention.ts'
import { type ServerCommits, serverCommits } from './backend/server-commits.ts'
import type { Bus } from './bus/bus.ts'
import { inProcessBus } from './bus/in-process-bus.ts'
import type { Changelog } from './changelog/changelog.ts'
import { Console } from './console/console.ts'
import { limitsOfSays } from './console/limits-of-says.ts'
import { GATEWAY_BOUNDS, type GatewayBounds } from './gateway/bounds.ts'
import { createGateway, type Gateway } from './gateway/gateway.ts'
import { anonymousRoute } from './http/anonymous-route.ts'
import { Arriving } from './http/arriving.ts'
import { clientAddress } from './http/client-address.ts'
import { commitsRoute } from './http/commits-route.ts'
import { createCompression } from './http/compression.ts'
import type { DevSignIn } from './http/dev-sign-in.ts'
import { assertOrigins, type Origins, SAME_ORIGIN } from './http/origins.ts'
import { createRoutes } from './http/routes.ts'
import { createUpgrade, type HandleUpgrade } from './http/upgrade.ts'
import { createLaneEngine } from './lanes/create-lane-engine.ts'
import type { LaneEngine } from './lanes/lane-engine.ts'
import type { LaneStore } from './lanes/lane-store.ts'
import { memoryLaneStore } from './lanes/memory/memory-lane-store.ts'
import { PresenceTracker } from './lanes/presence-tracker.ts'
import type { ModerationOptions } from './moderation/create-moderation.ts'
import { type Log, SILENT } from './observe/log.ts'
import { notingRefusals } from './observe/noting-refusals.ts'
import { createPrometheus } from './observe/prometheus.ts'
import { nextTurn } from './platform/next-turn.ts'
import { systemClock } from './platform/system-clock.ts'
import { systemRandom } from './platform/system-random.ts'
import { until } from './until.ts'

export interface SyncServerOptions<A extends App> {
  readonly app: A
  /** Taken over: `close` closes it. */
  readonly changelog: Changelog
  /** Who a token stands for; `jwt({ ... })` for signed ones. */
  readonly authenticate: Authenticate
  /** What a user may do in a space: one rule for each kind of the app. */
  readonly access: AccessRules<A>
  /** Pages that may use this server. Default: those that it serves itself, `['same-origin']`. */
  readonly origins?: Origins
  /** Addresses of proxies in front, as in `10.0.0.7` or `fd00::/8`, that say who their client is (X-Forwarded-For). Default: this machine. */
  readonly proxies?: readonly string[]
  /** Development sign-in: any name gets in. Refused under NODE_ENV=production. */
  readonly dev?: DevSignIn
  /** What lanes keep, and how what is said in them is looked at, where the app has some. */
  readonly lanes?: LanesOptions
  /** Whoever asks (POST /v1/anonymous) gets a token, under a name made by chance, so that a plain web page can join. Default: nobody does. */
  readonly anonymous?: AnonymousOptions
  /** Who may write over HTTP without a user (POST /v1/commits): the records of keys, or where they are looked up at each request. */
  readonly apiKeys?: ApiKeys
  /** A folder with a built page, served beside the API. */
  readonly page?: string
  /** The page for who moderates, at /console, and what it shows, at /v1/console. Default: where `access.moderation` says who that is. */
  readonly console?: boolean
  readonly log?: Log
  readonly clock?: Clock
  readonly random?: Random
  readonly bus?: Bus
  /** Bounds of live connections that are to be other than GATEWAY_BOUNDS. */
  readonly gateway?: Partial<GatewayBounds>
  /** Pulls answered a second, in the long run: what a crowd that comes back asks for over HTTP. Default: 2000. */
  readonly pullsPerS?: number
  /** How long it takes from the end of this process to the next one that listens, in ms: earlier no client is asked to come back. Default: 2000. */
  readonly restartMs?: number
  /** How long the log and deletions are kept. */
  readonly retention?: RetentionOptions
  /** Resolves once all that has arrived by now was handed in, so that it is committed together. Default: the event loop goes round. */
  readonly turn?: () => Promise<void>
}

export interface LanesOptions extends ModerationOptions {
  /** Taken over: `close` closes it. Default: memory, so that what was said ends with the process; `sqliteLaneStore(file)` for a file of its own. */
  readonly store?: LaneStore
}

export interface AnonymousOptions {
  /** What these tokens are signed with: at least 32 bytes that nothing else is signed with. */
  readonly secret: Secret
  /** How long a token lasts, in ms: a minute to a day. It is renewed as long as it lasts. Default: one hour. */
  readonly ttlMs?: number
  /** New names that one address is given in an hour: all who sit behind one router share one. Default: 300. */
  readonly perAddressPerHour?: number
  /** The tenant of all of them. Default: `default`. */
  readonly tenant?: string
}

export interface SyncServer<A extends App = App> extends ServerCommits<A> {
  /** An ordinary Hono app: mount it, or add routes to it. */
  readonly hono: Hono
  /** Live connections, for a transport of your own: `accept` takes any socket. */
  readonly gateway: Pick<Gateway, 'accept' | 'connections'>
  /** For the `upgrade` event of a node:http server. */
  readonly handleUpgrade: HandleUpgrade
  /**
   * Say it where what `access` answers has changed, of a user, a space, or of all there is: whoever it concerns and is connected is held against
   * it at once. Where nobody says it, it takes up to five seconds.
   */
  rightsChanged(of?: { readonly tenant?: string; readonly user?: string; readonly space?: SpaceId }): void
  /** Set where the address is one that other machines reach. */
  reachableFromOutside: boolean
  /** Sends clients away, lets what is in hand finish, merges what was said, closes lanes and changelog. Call it twice, it ends once. */
  close(): Promise<void>
}

/** How long frames in hand may take when the server ends, and closing handshakes after that, in ms. */
const FINISH_MS = 2000
const GRACE_MS = 500
/** How long each part of it may take to end, in ms. */
const END_WITHIN_MS = 5000
/** The least time over which clients come back, in ms, however few they are. */
const BACK_SPREAD_MS_MIN = 500
/** Bytes of frames and bodies that are not whole yet, over all connections. */
const ARRIVING_BYTES_MAX = 64 * 1_048_576
/** Everything in one process. Throws TypeError, saying what to do, for settings that are missing or unsafe. */
export function createSyncServer<A extends App>(options: SyncServerOptions<A>): SyncServer<A> {
  const { app, changelog, access, log = SILENT, clock = systemClock, random = systemRandom } = options
  const { turn = nextTurn, origins = [SAME_ORIGIN] } = options
  if (typeof options.authenticate !== 'function')
    throw new TypeError(
      'createSyncServer: `authenticate` is missing. Without it anyone would be anyone: pass jwt({ ... }), or a function of your own.',
    )
  if (options.dev !== undefined && process.env.NODE_ENV === 'production')
    throw new TypeError('createSyncServer: `dev` lets anyone sign in under any name, and is refused under NODE_ENV=production.')
  assertOrigins(origins)
  const addressOf = clientAddress(options.proxies)
  const { restartMs = RESTART_MS } = options

  const anonymous = options.anonymous && anonymousTokens({ ...options.anonymous, clock, random })
  const authenticate = anonymous?.beside(options.authenticate) ?? options.authenticate
  const prometheus = createPrometheus()
  const bus = options.bus ?? inProcessBus((err) => log.error({ err }, 'a listener of the bus failed'))
  const presence = new PresenceTracker({ clock, bus, optionOf: (space) => app.spaces[kindOf(space)]?.presence })
  const backendMetrics = notingRefusals(prometheus.backend, (code, of) => ownConsole?.refused(code, of))
  const hasLanes = Object.values(app.spaces).some(({ lanes }) => Object.keys(lanes).length > 0)
  const lanes: LaneEngine | undefined = hasLanes
    ? createLaneEngine({
        app,
        store: options.lanes?.store ?? memoryLaneStore(),
        bus,
        clock,
        random,
        log,
        turn,
        metrics: prometheus.lanes,
        settings: (place) => backend.moderation?.settings(place) ?? {},
      })
    : undefined
  const backend = createBackend({
    app,
    changelog,
    authenticate,
    access,
    bus,
    clock,
    random,
    log,
    turn,
    lanes,
    moderation: options.lanes,
    presence,
    metrics: backendMetrics,
  })
  const bounds: GatewayBounds = { ...GATEWAY_BOUNDS, ...options.gateway }
  const gatewayMetrics = notingRefusals(prometheus.gateway, (code, of) => ownConsole?.refused(code, of))
  const gateway = createGateway({ backend, bus, clock, turn, presence, log, metrics: gatewayMetrics, bounds })
  const pullsPerS = options.pullsPerS ?? PULLS_PER_S
  const limits = {
    says: limitsOfSays(options.lanes),
    http: { pullsPerS, pullHeldMsMax: PULL_HELD_MS_MAX, arrivingBytesMax: ARRIVING_BYTES_MAX },
    server: { restartMs },
  }
  const hasConsole = options.console ?? 'moderation' in access
  const ownConsole = hasConsole
    ? new Console({ app, ask: askAccess(access, clock, log), changelog, gateway, bus, clock, bounds, limits })
    : undefined
  const pulls = new AdmissionLine(clock, {
    perS: pullsPerS,
    heldMsMax: PULL_HELD_MS_MAX,
    awayMsMax: AWAY_MS_MAX,
    addressesMax: bounds.addressesMax,
  })
  const retention = new RetentionRounds({ changelog, clock, log, retention: retentionOf(options.retention) })
  retention.start()
  void lanes?.start()
  ownConsole?.start()
  let closed: Promise<void> | undefined
  let requestsInHand = 0
  const arriving = new Arriving(ARRIVING_BYTES_MAX)
  const stopping = () => (closed === undefined ? undefined : new UnavailableError('This server is about to stop.', { afterMs: restartMs }))

  const server: SyncServer<A> = {
    ...serverCommits<A>(backend.commits),
    gateway,
    hono: createRoutes({
      backend,
      gateway,
      clock,
      addressOf,
      origins,
      log,
      prometheus,
      compression: createCompression(),
      arriving,
      stopping,
      async admitted(address) {
        const admitted = pulls.ask(address)
        if (admitted.afterMs !== undefined) {
          prometheus.gateway.sentAway()
          throw admitted.error
        }
        prometheus.gateway.admitted(admitted.turn === undefined ? 0 : await admitted.turn)
      },
      inHand(change) {
        requestsInHand += change
      },
      commits: options.apiKeys && commitsRoute({ commits: backend.commits, checkApiKey: checkApiKey(options.apiKeys, clock, log), log }),
      dev: options.dev,
      anonymous:
        anonymous && anonymousRoute({ tokens: anonymous, clock, addressOf, perAddressPerHour: options.anonymous?.perAddressPerHour }),
      page: options.page,
      console: ownConsole,
      loopbackOnly: () => !server.reachableFromOutside,
    }),
    handleUpgrade: createUpgrade({ gateway, origins, addressOf, log, arriving, stopping }),
    rightsChanged: ({ tenant = 'default', user, space } = {}) => bus.publish({ tenant, user, space }),
    reachableFromOutside: false,
    close() {
      closed ??= end()
      return closed
    },
  }

  async function end(): Promise<void> {
    // They come back by lot within as long as the next process takes for so many.
    const spreadMs = Math.min(AWAY_MS_MAX, BACK_SPREAD_MS_MIN + Math.ceil((gateway.connections * 1000) / bounds.hellosPerS))
    await gateway.stop({ afterMs: [restartMs, restartMs + spreadMs], finishMs: FINISH_MS, graceMs: GRACE_MS })
    await until(clock, FINISH_MS, () => requestsInHand === 0)
    ownConsole?.stop()
    presence.stop()
    if (backend.moderation !== undefined) await ended('moderation', backend.moderation.stop())
    if (lanes !== undefined) await ended('lanes', lanes.stop())
    await ended('retention', retention.stop())
    await ended('changelog', changelog.close())
  }

  /** Waits for what may hang with its disk: what is stored is stored, whoever waits. */
  async function ended(what: string, end: Promise<void>): Promise<void> {
    let isLate = false
    await within(clock, END_WITHIN_MS, end, () => {
      isLate = true
      return new Error(`no end within ${END_WITHIN_MS} ms`)
    }).catch((error) => {
      if (!isLate) throw error
      log.error({ err: error, what }, 'a part of the server did not end')
    })
  }

  return server
}
