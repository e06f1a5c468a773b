import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { isLoopbackHost } from './loopback-host.ts'
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

/** How long the headers of a request may take, and a whole request, in ms: a peer that sends a byte a minute holds nothing. */
const HEADERS_WITHIN_MS = 10_000
const REQUEST_WITHIN_MS = 60_000
const HEADER_BYTES_MAX = 16_384
/** How long the last answers may take to leave, in ms. */
const LEAVE_WITHIN_MS = 500

/** Listens with HTTP and live connections on one port; on loopback unless `host` says otherwise. Port 0 takes a free one. Rejects with the system's error where it cannot. */
export async function serve(
  server: SyncServer,
  { port = 8787, host = '127.0.0.1' }: { port?: number; host?: string } = {},
): Promise<Listening> {
  const http = createAdaptorServer({
    fetch: server.hono.fetch,
    serverOptions: { headersTimeout: HEADERS_WITHIN_MS, requestTimeout: REQUEST_WITHIN_MS, maxHeaderSize: HEADER_BYTES_MAX },
  }) as Server
  http.on('upgrade', server.handleUpgrade)
  const loopback = isLoopbackHost(host.includes(':') ? `[${host}]` : host)
  server.reachableFromOutside = !loopback
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject)
    http.listen(port, host, () => {
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
