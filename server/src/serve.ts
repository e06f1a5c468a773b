import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { UnreadAnswers } from './http/unread-answers.ts'
import { isLoopbackAddress } from './loopback-host.ts'
import { systemClock } from './platform/system-clock.ts'
import type { SyncServer } from './sync-server.ts'
import { until } from './until.ts'

export interface Listening {
  /** Where a browser on this machine finds it. */
  readonly url: string
  readonly port: number
  /** Takes no more connections, ends the server, and resolves when all is quiet. */
  close(): Promise<void>
}

/** How long the headers of a request may take, and a whole request, in ms: a peer that sends a byte a minute holds nothing. How often that is looked at. */
const HEADERS_WITHIN_MS = 10_000
const REQUEST_WITHIN_MS = 60_000
const LOOKED_AT_EVERY_MS = 2000
const HEADER_BYTES_MAX = 16_384
/** How long a connection that has had its answer is kept for the next request, in ms: longer than the 60 s of nginx and of most balancers, so that it is they who end it. */
const KEPT_ALIVE_MS = 75_000
/** How long nothing may move on a connection in mid-request, in ms: an answer that is not taken is dropped. Live connections have deadlines of their own. */
const STILL_FOR_MS = 90_000
/** Bytes of answers that wait in memory for their readers, over all connections; how often that is looked at, in ms. */
const UNREAD_BYTES_MAX = 128 * 1_048_576
const UNREAD_EVERY_MS = 250
/** TCP connections held at once, live ones among them; past them new ones are closed unread. */
const CONNECTIONS_MAX = 110_000
/** TCP connections that wait to be taken; the system may allow fewer (net.core.somaxconn). Of those past it each would try again after 1, 3, 7 s. */
const BACKLOG = 4096
/** How long the last answers may take to leave, in ms. */
const LEAVE_WITHIN_MS = 500

/** Listens with HTTP and live connections on one port; on loopback unless `host` says otherwise. Port 0 takes a free one. Rejects with the system's error where it cannot. */
export async function serve(
  server: Pick<SyncServer, 'hono' | 'handleUpgrade' | 'reachableFromOutside' | 'close'>,
  { port = 8787, host = '127.0.0.1' }: { port?: number; host?: string } = {},
): Promise<Listening> {
  const http = createAdaptorServer({
    fetch: server.hono.fetch,
    serverOptions: {
      headersTimeout: HEADERS_WITHIN_MS,
      requestTimeout: REQUEST_WITHIN_MS,
      connectionsCheckingInterval: LOOKED_AT_EVERY_MS,
      maxHeaderSize: HEADER_BYTES_MAX,
      keepAliveTimeout: KEPT_ALIVE_MS,
    },
  }) as Server
  const unread = new UnreadAnswers(systemClock, UNREAD_BYTES_MAX, UNREAD_EVERY_MS)
  http.on('request', (_request, answer) => unread.watch(answer))
  http.timeout = STILL_FOR_MS
  http.maxConnections = CONNECTIONS_MAX
  http.on('upgrade', server.handleUpgrade)
  const loopback = isLoopbackAddress(host)
  server.reachableFromOutside = !loopback
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject)
    http.listen({ port, host, backlog: BACKLOG }, () => {
      http.off('error', reject)
      resolve()
    })
  })
  const address = http.address()
  const listeningOn = typeof address === 'object' && address !== null ? address.port : port
  const everywhere = host === '0.0.0.0' || host === '::'
  const name = loopback || everywhere ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return {
    url: `http://${name}:${listeningOn}`,
    port: listeningOn,
    async close() {
      let isQuiet = false
      const quiet = new Promise<void>((resolve) =>
        http.close(() => {
          isQuiet = true
          resolve()
        }),
      )
      http.closeIdleConnections()
      await server.close()
      await until(systemClock, LEAVE_WITHIN_MS, () => isQuiet)
      http.closeAllConnections()
      await quiet
    },
  }
}
