import { type Clock, InternalError, RateLimitedError, type SpaceId, SyncError, UnavailableError } from '@tidemark/shared'
import { AWAY_MS_MAX, HELLO_HELD_MS_MAX } from '../admission.ts'
import { AdmissionLine } from '../admission-line.ts'
import type { Backend, LanePlace } from '../backend/backend.ts'
import type { Bus, RightsChanged } from '../bus/bus.ts'
import type { GatewayMetrics } from '../observe/gateway-metrics.ts'
import type { Log } from '../observe/log.ts'
import { until } from '../until.ts'
import { GATEWAY_BOUNDS, type GatewayBounds } from './bounds.ts'
import { Channel, type ChannelWorld } from './channel.ts'
import { Connection, type ConnectionWorld } from './connection.ts'
import type { ConnectionState } from './connection-state.ts'
import type { GatewaySocket, SocketEvents } from './gateway-socket.ts'
import { Giving } from './giving.ts'
import { Greetings } from './greetings.ts'
import { LaneChannel, LaneFollower } from './lane-channel.ts'
import type { Presence } from './presence.ts'
import { Probes } from './probes.ts'
import { recentRanges } from './recent-ranges.ts'
import { SelfCheck } from './self-check.ts'
import type { Session } from './session.ts'

export interface GatewayOptions {
  readonly backend: Backend
  readonly bus: Bus
  readonly clock: Clock
  /** Resolves when the event loop has gone round: other sockets were read. */
  readonly turn: () => Promise<void>
  /** Is told who is there. */
  readonly presence: Presence
  readonly metrics: GatewayMetrics
  readonly log: Log
  readonly bounds?: Partial<GatewayBounds>
}

export interface GatewayStop {
  /** Clients come back at a random moment between the two, in ms. */
  readonly afterMs: readonly [number, number]
  /** How long frames in hand may still be answered, in ms. */
  readonly finishMs: number
  /** How long the closing handshakes may take after that, in ms. */
  readonly graceMs: number
}

/** The access layer: connections, who follows what, fan-out. No data, no rules; asks its backend for everything. */
export interface Gateway {
  /** Why no socket of this address should be given to it now: one address alone asks for too much. */
  refusal(address?: string): SyncError | undefined
  /** Takes over a socket; its events go to what is returned. `address`: for whom it is counted while it has not said hello. */
  accept(socket: GatewaySocket, address?: string): SocketEvents
  readonly connections: number
  /** The welcomed connections of a tenant, the oldest first; made as they are asked for. */
  states(tenant: string): Iterable<ConnectionState>
  /** Welcomed connections, by tenant. */
  countByTenant(): ReadonlyMap<string, number>
  /** Connections that follow a space. */
  readersOf(tenant: string, space: SpaceId): number
  /** One check against the backend, now [B6]; it also runs by itself. */
  check(): Promise<void>
  /** Sends everybody away and ends. */
  stop(how: GatewayStop): Promise<void>
}

/** When to ask again of a server that is full, and of one that waits for too many a hello, in ms. */
const FULL_AFTER_MS: readonly [number, number] = [10_000, 60_000]
const GREETINGS_AFTER_MS = 2000

export function createGateway(options: GatewayOptions): Gateway {
  const { backend, bus, clock, turn, presence, metrics, log } = options
  const bounds: GatewayBounds = { ...GATEWAY_BOUNDS, ...options.bounds }
  const connections = new Set<Connection>()
  const channels = new Map<string, Channel>()
  const laneChannels = new Map<string, LaneChannel>()
  const giving = new Giving({
    readersPerTurn: bounds.tickReadersPerTurn,
    turn,
    failed: (error) => log.error({ err: error }, 'a connection could not be given a frame of a lane'),
  })
  const greetings = new Greetings()
  const probes = new Probes()
  const hellos = new AdmissionLine(clock, {
    perS: bounds.hellosPerS,
    heldMsMax: HELLO_HELD_MS_MAX,
    awayMsMax: AWAY_MS_MAX,
    addressesMax: bounds.addressesMax,
  })
  let memories = 0
  let accepted = 0

  function wireable(error: unknown): SyncError {
    if (error instanceof SyncError && error.code !== 'internal') return error
    log.error({ err: error }, 'a request failed inside the server')
    return error instanceof SyncError ? error : new InternalError(undefined, { cause: error })
  }

  const channelWorld: ChannelWorld = {
    backend,
    clock,
    bounds,
    metrics,
    wireable,
    recent: recentRanges(bounds.recentRangesMax, bounds.recentCharactersMax),
    nextMemory: () => ++memories,
    deserted(channel) {
      const key = channelKey(channel.tenant, channel.space)
      if (channels.get(key) === channel) channels.delete(key)
    },
  }

  const world: ConnectionWorld = {
    admit: (address) => hellos.ask(address),
    greeted: (connection) => greetings.remove(connection),
    probes(connection, device) {
      probes.add(device, connection)?.close(4429, 'another probe of this device')
      return () => probes.remove(device, connection)
    },
    closed(connection) {
      greetings.remove(connection)
      connections.delete(connection)
      metrics.closed()
    },
    backend,
    clock,
    turn,
    bounds,
    metrics,
    wireable,
    channel(tenant, space) {
      const key = channelKey(tenant, space)
      const found = channels.get(key)
      if (found !== undefined) return found
      const made = new Channel(channelWorld, tenant, space)
      channels.set(key, made)
      return made
    },
    channelIfAny: (tenant, space) => channels.get(channelKey(tenant, space)),
    joinLane(place, reader) {
      const key = laneKey(place)
      const channel = laneChannels.get(key) ?? new LaneChannel({ bounds, metrics, giving })
      laneChannels.set(key, channel)
      const follower = new LaneFollower({ bounds, metrics }, reader)
      channel.join(follower)
      return { follower, channel }
    },
    leftLane(place, channel) {
      const key = laneKey(place)
      if (channel.isDeserted && laneChannels.get(key) === channel) laneChannels.delete(key)
    },
    presence,
  }

  function* concerned({ tenant, user, space }: RightsChanged): Iterable<Session> {
    for (const { session } of connections) {
      if (session?.principal.tenant !== tenant || (user !== undefined && session.principal.user !== user)) continue
      if (space === undefined || session.concerns(space)) yield session
    }
  }

  const selfCheck = new SelfCheck({
    backend,
    clock,
    bounds,
    channels: () => channels.values(),
    *sessions(): Iterable<Session> {
      for (const { session } of connections) if (session !== undefined) yield session
    },
    failed: (error) => log.warn({ err: error }, 'a check against the backend failed; the next one follows'),
  })
  const endHints = bus.subscribe((hint) => {
    if ('frame' in hint) laneChannels.get(laneKey(hint))?.hand({ text: hint.frame, tick: hint.tick })
    else if (hint.version !== undefined) channels.get(channelKey(hint.tenant, hint.space))?.hint(hint.version)
    else selfCheck.recheck(concerned(hint))
  })
  selfCheck.start()

  return {
    refusal(address) {
      if (greetings.countOf(address) >= bounds.greetingsPerAddressMax)
        return new RateLimitedError('Too many connections of this address have not said hello.', { afterMs: GREETINGS_AFTER_MS })
      return undefined
    },
    accept(socket, address) {
      // A client says hello at once: of those who have not, the one that waits longest is the least likely to.
      if (greetings.size >= bounds.greetingsMax) greetings.oldest?.terminate()
      const isFull = connections.size >= bounds.connectionsMax
      metrics.opened()
      const connection = new Connection(world, socket, address, ++accepted)
      connections.add(connection)
      greetings.add(connection, address)
      if (isFull)
        connection.sendAway(
          FULL_AFTER_MS,
          new UnavailableError('This server holds as many connections as it can.', { afterMs: FULL_AFTER_MS[0] }),
        )
      return connection
    },
    get connections() {
      return connections.size
    },
    *states(tenant) {
      for (const connection of connections) {
        const state = connection.session?.principal.tenant === tenant ? connection.state : undefined
        if (state !== undefined) yield state
      }
    },
    countByTenant() {
      const counts = new Map<string, number>()
      for (const { session } of connections) {
        if (session !== undefined) counts.set(session.principal.tenant, (counts.get(session.principal.tenant) ?? 0) + 1)
      }
      return counts
    },
    readersOf: (tenant, space) => channels.get(channelKey(tenant, space))?.followers.size ?? 0,
    check: () => selfCheck.run(),
    async stop({ afterMs, finishMs, graceMs }) {
      selfCheck.stop()
      const sockets = [...connections]
      const error = new UnavailableError('This server is about to stop.', { afterMs: afterMs[0] })
      for (const connection of sockets) connection.goaway(afterMs, error)
      await until(clock, finishMs, () => sockets.every(({ working }) => !working))
      for (const connection of sockets) connection.close(1001, 'going away')
      await until(clock, graceMs, () => sockets.every(({ gone }) => gone))
      for (const connection of sockets) connection.terminate()
      endHints()
    },
  }
}

function laneKey({ tenant, space, lane }: LanePlace): string {
  return `${lane} ${space} ${tenant}`
}

/** No space id holds a blank. */
function channelKey(tenant: string, space: SpaceId): string {
  return `${space} ${tenant}`
}
