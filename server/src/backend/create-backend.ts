import {
  type Acked,
  type App,
  BadRequestError,
  type Clock,
  InternalError,
  isClientId,
  isSpaceId,
  isUserId,
  kindOf,
  type LaneDefinition,
  MODERATION,
  NotFoundError,
  PRESENCE_LANE,
  type Random,
  type SpaceId,
  SyncError,
  UnauthenticatedError,
  UnavailableError,
  type Version,
  within,
} from '@tidemark/shared'
import type { Bus } from '../bus/bus.ts'
import type { Changelog, ReadTransaction } from '../changelog/changelog.ts'
import type { LaneEngine, LanePlace, RingText } from '../lanes/lane-engine.ts'
import { laneOf, noLane } from '../lanes/lane-of.ts'
import type { PresenceTracker } from '../lanes/presence-tracker.ts'
import { createModeration, type ModerationOptions } from '../moderation/create-moderation.ts'
import type { Moderation } from '../moderation/moderation.ts'
import { withModeration } from '../moderation/with-moderation.ts'
import { type Log, SILENT } from '../observe/log.ts'
import type { BackendMetrics } from '../observe/metrics.ts'
import { type AccessRules, AccessUndecidedError, askAccess, assertAccessRules, assertReadable } from './access.ts'
import { asSyncError } from './as-sync-error.ts'
import type { Ask, Backend, EncodedRange, Opened, Principal, RangeBounds, Window } from './backend.ts'
import {
  AUTHENTICATE_WITHIN_MS,
  OPEN_SPACES_MAX,
  READ_WITHIN_MS,
  RECENT_READS_CHARACTERS_MAX,
  RECENT_READS_MAX,
  TOKEN_CHARACTERS_MAX,
} from './bounds.ts'
import { CommitQueue, type Turn } from './commit-queue.ts'
import { Commits } from './commits.ts'
import type { Authenticate } from './jwt.ts'
import { Mutate } from './mutate.ts'
import { readOlder } from './read-older.ts'
import { assertAsk, readRange } from './read-range.ts'
import { RecentReads, readTooLate } from './recent-reads.ts'
import { say } from './say.ts'
import { viewsOf } from './view.ts'

export interface BackendOptions<A extends App = App> {
  readonly app: A
  readonly changelog: Changelog
  /** Who a token stands for. */
  readonly authenticate: Authenticate
  /** What a user may do in a space: one rule a kind. */
  readonly access: AccessRules<A>
  readonly bus: Bus
  readonly clock: Clock
  readonly random: Random
  /** Runs the lanes; without it there are none. */
  readonly lanes?: LaneEngine | undefined
  /** How what is said in them is looked at. */
  readonly moderation?: ModerationOptions | undefined
  /** Who follows what; without it nobody is told. */
  readonly presence?: Pick<PresenceTracker, 'ring'> | undefined
  readonly log?: Log | undefined
  readonly metrics?: BackendMetrics | undefined
  /** Default: it resolves at once, and a group is what was handed in already. */
  readonly turn?: Turn | undefined
}

/** Rules, mutators and commits over a changelog. Throws TypeError where `access` lacks a kind of the app. */
export function createBackend<A extends App>(
  options: BackendOptions<A>,
): Backend & { readonly commits: Commits; readonly moderation: Moderation | undefined } {
  const { changelog, bus, clock, random, metrics } = options
  const { log = SILENT, turn = async () => {} } = options
  assertAccessRules(options.app, options.access)
  const app = withModeration(options.app)
  const ask = askAccess({ [MODERATION]: () => 'none', ...options.access }, clock, log)
  const viewOf = viewsOf(app)
  const hasKind = (kind: string): boolean => Object.hasOwn(app.spaces, kind)
  const recent = new RecentReads(clock, RECENT_READS_MAX, RECENT_READS_CHARACTERS_MAX)
  const world = { app, clock, random, log }
  const queue = new CommitQueue({ changelog, bus, clock, log, metrics, turn })
  const mutate = new Mutate({ world, queue, ask, hasKind, metrics })
  const commits = new Commits({ queue, world, metrics })
  const moderation =
    options.lanes && createModeration({ app, changelog, commits, engine: options.lanes, bus, clock, log }, options.moderation)

  /** Errors leave as SyncErrors; what is a fault of the server's is told to the log. */
  async function guarded<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      const ours = asSyncError(error)
      if (ours.code === 'internal' && !(error instanceof AccessUndecidedError)) log.error({ err: error }, `${what} failed`)
      throw ours
    }
  }

  function reading<T>(tenant: string, work: (tx: ReadTransaction) => Promise<T>): Promise<T> {
    return within(clock, READ_WITHIN_MS, changelog.read(tenant, work), readTooLate)
  }

  async function range(
    tx: ReadTransaction,
    principal: Principal,
    space: SpaceId,
    asked: Ask,
    bounds: RangeBounds,
    window: Window,
  ): Promise<EncodedRange> {
    const view = viewOf(kindOf(space), principal.user)
    const key = JSON.stringify([principal.tenant, space, view.id, asked.version, asked.seal, bounds.changesMax, bounds.bytesMax, window])
    const head = await tx.head(space)
    const state = [head.version, head.seal, await tx.logStart(space), await tx.horizon(space)].join(' ')
    return recent.of(key, state, () => readRange(tx, { space, ask: asked, view, bounds, window }, metrics))
  }

  return {
    commits,

    authenticate: (token) => guarded('authenticate', () => authenticated(options.authenticate, token, clock)),

    open: (principal, client, spaces) =>
      guarded('open', async () => {
        if (!isClientId(client)) throw new BadRequestError('client: not a client id')
        if (spaces.length > OPEN_SPACES_MAX) throw new BadRequestError(`spaces: more than ${OPEN_SPACES_MAX}`)
        const denied = await Promise.all(spaces.map((space) => denial(() => readable(principal, space))))
        return reading(principal.tenant, async (tx) => {
          const opened = new Map<SpaceId, Opened>()
          for (const [at, space] of spaces.entries()) {
            const error = denied[at]
            if (error !== undefined) opened.set(space, { denied: error })
            else opened.set(space, { view: viewOf(kindOf(space), principal.user).id, head: (await tx.head(space)).version })
          }
          return { opened, acked: await ackedOf(tx, principal, client) }
        })
      }),

    range: (principal, space, asked, bounds) =>
      guarded('range', async () => {
        assertAsk(space, asked)
        await readable(principal, space)
        return reading(principal.tenant, (tx) => range(tx, principal, space, asked, bounds, 'default'))
      }),

    pull: (principal, space, asked, bounds, client, window) =>
      guarded('pull', async () => {
        assertAsk(space, asked)
        if (client !== undefined && !isClientId(client)) throw new BadRequestError('client: not a client id')
        await readable(principal, space)
        return reading(principal.tenant, async (tx) => ({
          range: await range(tx, principal, space, asked, bounds, window),
          acked: client === undefined ? undefined : await ackedOf(tx, principal, client),
        }))
      }),

    older: (principal, space, collection, before, bounds) =>
      guarded('older', async () => {
        if (!Number.isSafeInteger(before) || before < 0) throw new BadRequestError('before: not a version')
        await readable(principal, space)
        const view = viewOf(kindOf(space), principal.user)
        return reading(principal.tenant, (tx) => readOlder(tx, { space, collection, before, view, bounds }))
      }),

    mutate: (principal, batch) => guarded('mutate', () => mutate.run(principal, batch)),

    moderation,

    say: (principal, saying) =>
      guarded('say', async () => {
        if (options.lanes === undefined || moderation === undefined) return noLane(saying.lane)
        return say({ app, ask, random, engine: options.lanes, moderation }, principal, saying)
      }),

    lane: (principal, space, lane, since) =>
      guarded('lane', async () => {
        if (!Number.isSafeInteger(since) || since < 0) throw new BadRequestError('since: not a tick')
        if (lane === PRESENCE_LANE) return presence(principal, space, since)
        const { lanes, place, definition } = await readableLane(principal, space, lane)
        return lanes.ring(place, definition, since)
      }),

    lanePage: (principal, space, lane, from) =>
      guarded('lanePage', async () => {
        if (!Number.isSafeInteger(from) || from < 0) throw new BadRequestError('from: not a time')
        const { lanes, place, definition } = await readableLane(principal, space, lane)
        return lanes.page(place, definition, from)
      }),

    differing: (tenant, stated) =>
      guarded('differing', async () => {
        const heads = new Map<SpaceId, Version>()
        const all = [...stated]
        // In pieces, so that no read transaction holds its moment for long.
        for (let at = 0; at < all.length; at += OPEN_SPACES_MAX) {
          await reading(tenant, async (tx) => {
            for (const [space, { version, seal }] of all.slice(at, at + OPEN_SPACES_MAX)) {
              const head = await tx.head(space)
              if (head.version !== version || (version > 0 && seal.slice(0, 8) !== head.seal)) heads.set(space, head.version)
            }
          })
        }
        return heads
      }),

    ready: () => guarded('ready', () => within(clock, READ_WITHIN_MS, changelog.ready(), readTooLate)),
  }

  async function presence(principal: Principal | undefined, space: SpaceId, since: number): Promise<RingText> {
    if (principal === undefined) throw new UnauthenticatedError()
    await readable(principal, space)
    return options.presence?.ring(principal.tenant, space, since) ?? noLane(PRESENCE_LANE)
  }

  /** A lane that is public is read by anyone, of the tenant of their token, or of the one that has no name. */
  async function readableLane(
    principal: Principal | undefined,
    space: SpaceId,
    lane: string,
  ): Promise<{ lanes: LaneEngine; place: LanePlace; definition: LaneDefinition }> {
    if (!isSpaceId(space)) throw new BadRequestError('space: not a space id')
    const definition = laneOf(app, space, lane)
    if (definition?.public !== true) {
      if (principal === undefined) throw new UnauthenticatedError()
      await readable(principal, space)
    }
    const { lanes } = options
    if (lanes === undefined || definition === undefined) return noLane(lane)
    return { lanes, place: { tenant: principal?.tenant ?? DEFAULT_TENANT, space, lane }, definition }
  }

  async function readable(principal: Principal, space: SpaceId): Promise<void> {
    if (!isSpaceId(space)) throw new BadRequestError('space: not a space id')
    if (!hasKind(kindOf(space))) throw new NotFoundError(`There is no space kind ${kindOf(space)}.`)
    await assertReadable(ask, principal, space)
  }
}

/** Of whoever comes without a token. */
const DEFAULT_TENANT = 'default'

async function authenticated(authenticate: Authenticate, token: string, clock: Clock): Promise<Principal> {
  if (typeof token !== 'string' || token === '' || token.length > TOKEN_CHARACTERS_MAX) throw new UnauthenticatedError()
  const principal = await within(
    clock,
    AUTHENTICATE_WITHIN_MS,
    Promise.resolve().then(() => authenticate(token, clock.nowMs())),
    () => new UnavailableError('The token could not be checked in time. Try again.'),
  )
  if (!isUserId(principal.user) || !isUserId(principal.tenant))
    throw new InternalError('`authenticate` gave a user or tenant that is not 1 to 128 of A-Z a-z 0-9 . _ ~ -')
  if (principal.expiresAtMs !== undefined && !(principal.expiresAtMs >= 0))
    throw new InternalError('`authenticate` gave an `expiresAtMs` that is no time in ms since the epoch; undefined stands for never')
  return principal
}

/** Why something is denied; undefined where it is not. */
async function denial(work: () => Promise<void>): Promise<SyncError | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    if (error instanceof SyncError) return error
    throw error
  }
}

/** The last mutation done for a client id, as far as this user may know. Source: protocol [M4]. */
async function ackedOf(tx: ReadTransaction, principal: Principal, client: string): Promise<Acked> {
  const record = await tx.client(client)
  return record === undefined || record.user !== principal.user ? [0, ''] : [record.n, record.nonce]
}
