import { type Clock, InternalError, type SpaceId, SyncError } from '@tidemark/shared'
import type { Backend } from '../backend/backend.ts'
import type { Bus } from '../bus/bus.ts'
import type { GatewayMetrics } from '../observe/gateway-metrics.ts'
import type { Log } from '../observe/log.ts'
import { until } from '../until.ts'
import { GATEWAY_BOUNDS, type GatewayBounds } from './bounds.ts'
import { Channel, type ChannelWorld } from './channel.ts'
import { Connection } from './connection.ts'
import type { GatewaySocket, SocketEvents } from './gateway-socket.ts'
import { RecentRanges } from './recent-ranges.ts'
import { SelfCheck } from './self-check.ts'
import type { Session, SessionWorld } from './session.ts'

export interface GatewayOptions {
  readonly backend: Backend
  readonly bus: Bus
  readonly clock: Clock
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
  /** Takes over a socket; its events go to what is returned. */
  accept(socket: GatewaySocket): SocketEvents
  readonly connections: number
  /** True when no further socket should be given to it. */
  readonly isFull: boolean
  /** One check against the backend, now [B6]; it also runs by itself. */
  check(): Promise<void>
  /** Sends everybody away and ends. */
  stop(how: GatewayStop): Promise<void>
}

export function createGateway(options: GatewayOptions): Gateway {
  const { backend, bus, clock, metrics, log } = options
  const bounds: GatewayBounds = { ...GATEWAY_BOUNDS, ...options.bounds }
  const connections = new Set<Connection>()
  const channels = new Map<string, Channel>()
  let memories = 0

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
    recent: new RecentRanges(bounds.recentRangesMax, bounds.recentCharactersMax),
    nextMemory: () => ++memories,
    deserted(channel) {
      const key = channelKey(channel.tenant, channel.space)
      if (channels.get(key) === channel) channels.delete(key)
    },
  }

  const sessionWorld: SessionWorld = {
    backend,
    clock,
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
  const endHints = bus.subscribe(({ tenant, space, version }) => channels.get(channelKey(tenant, space))?.hint(version))
  selfCheck.start()

  return {
    accept(socket) {
      metrics.opened()
      const connection = new Connection(sessionWorld, socket, (ended) => {
        connections.delete(ended)
        metrics.closed()
      })
      connections.add(connection)
      return connection
    },
    get connections() {
      return connections.size
    },
    get isFull() {
      return connections.size >= bounds.connectionsMax
    },
    check: () => selfCheck.run(),
    async stop({ afterMs, finishMs, graceMs }) {
      selfCheck.stop()
      const sockets = [...connections]
      for (const connection of sockets) connection.goaway(afterMs)
      await until(clock, finishMs, () => sockets.every(({ working }) => !working))
      for (const connection of sockets) connection.close(1001, 'going away')
      await until(clock, graceMs, () => sockets.every(({ gone }) => gone))
      for (const connection of sockets) connection.terminate()
      endHints()
    },
  }
}

/** No space id holds a blank. */
function channelKey(tenant: string, space: SpaceId): string {
  return `${space} ${tenant}`
}
