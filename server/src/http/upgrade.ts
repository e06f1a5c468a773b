import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import {
  BadRequestError,
  httpStatus,
  LIMITS,
  NotFoundError,
  PROTOCOL,
  PROTOCOL_SERVED_FROM,
  SUBPROTOCOL,
  type SyncError,
  toWire,
  UnavailableError,
  UpgradeRequiredError,
} from '@tidemark/shared'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Gateway } from '../gateway/gateway.ts'
import type { Log } from '../observe/log.ts'
import type { Arriving } from './arriving.ts'
import type { AddressOf } from './client-address.ts'
import { errorHeaders } from './json-answer.ts'
import { mayUse, type Origins, originRefused } from './origins.ts'
import { LastEncoded, WsSocket } from './ws-socket.ts'

export interface UpgradeWorld {
  readonly gateway: Gateway
  readonly origins: Origins
  readonly addressOf: AddressOf
  readonly log: Log
  readonly arriving: Arriving
  /** Why nothing is begun any more. */
  stopping(): SyncError | undefined
}

/** What a listener for `upgrade` of node:http is given. */
export type HandleUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

/** A frame that is a little too large is read, to be answered with `too-large`; a larger one ends the connection with 1009. */
const PAYLOAD_BYTES_MAX = 2 * LIMITS.bytes
const FRAGMENTS_MAX = 1024
const CHUNKS_MAX = 4096
/** How long a closing handshake may take, in ms. */
const CLOSE_WITHIN_MS = 5000
/** When a client that is newer than this server may come again, in ms: servers are replaced one after the other. */
const NEWER_AFTER_MS = 30_000

/** GET /v1/connect: the live connection. What is refused is refused before the handshake, as HTTP. */
export function createUpgrade({ gateway, origins, addressOf, log, arriving, stopping }: UpgradeWorld): HandleUpgrade {
  const encoded = new LastEncoded()
  // A variable: `closeTimeout` is missing from the types.
  const options = {
    noServer: true,
    clientTracking: false,
    // Shared contexts fragment the memory of ten thousand connections, and what is large goes over HTTP.
    perMessageDeflate: false,
    maxPayload: PAYLOAD_BYTES_MAX,
    maxFragments: FRAGMENTS_MAX,
    maxBufferedChunks: CHUNKS_MAX,
    closeTimeout: CLOSE_WITHIN_MS,
    handleProtocols: (offered: Set<string>) => `tidemark.${chosen(offered)}`,
  }
  const wss = new WebSocketServer(options)
  // Made once: made for each connection it would hold the request of each, with all its headers, as long as that is open.
  const noteFailure = (err: Error) => log.info({ err }, 'a connection failed')

  function refusal(request: IncomingMessage): SyncError | undefined {
    if (request.url?.split('?')[0] !== '/v1/connect') return new NotFoundError('There is no live connection at this path.')
    if (!mayUse(origins, request.headers.origin, request.headers.host)) return originRefused(request.headers.origin, request.headers.host)
    const end = stopping()
    if (end !== undefined) return end
    if (chosen(offeredBy(request)) === undefined) return new BadRequestError(`offer the subprotocol ${SUBPROTOCOL}`)
    return gateway.refusal(addressOf(request))
  }

  return (request, socket, head) => {
    socket.on('error', ignore)
    const error = refusal(request)
    if (error !== undefined) return refuse(socket, error)
    wss.handleUpgrade(request, socket, head, (ws) => {
      socket.off('error', ignore)
      const fault = faultOf(chosen(offeredBy(request)) ?? PROTOCOL)
      if (fault !== undefined) return sendAway(ws, fault)
      const adapted = new WsSocket(ws, encoded, arriving)
      adapted.attach(socket, gateway.accept(adapted, addressOf(request)), noteFailure)
    })
  }
}

const ignore = () => {}

const SUBPROTOCOLS = /^tidemark\.(0|[1-9]\d{0,8})$/

function offeredBy(request: IncomingMessage): readonly string[] {
  return request.headers['sec-websocket-protocol']?.split(',') ?? []
}

/**
 * The highest protocol that both ends speak, of what a handshake offers. Where there is none, the highest of ours that is offered: what a
 * handshake is refused for no browser tells its page, so it is taken, and sent away with a word. Source: protocol §5.
 */
function chosen(offered: Iterable<string>): number | undefined {
  const protocols = [...offered].flatMap((name) => SUBPROTOCOLS.exec(name.trim())?.[1] ?? []).map(Number)
  const highest = (some: readonly number[]) => (some.length > 0 ? Math.max(...some) : undefined)
  return highest(protocols.filter((protocol) => faultOf(protocol) === undefined)) ?? highest(protocols)
}

/** Why this protocol is not served. */
function faultOf(protocol: number): SyncError | undefined {
  if (protocol < PROTOCOL_SERVED_FROM)
    return new UpgradeRequiredError(`Protocol ${protocol} is no longer served here, ${PROTOCOL} is: update the app.`)
  if (protocol > PROTOCOL)
    return new UnavailableError(`Protocol ${protocol} is not served here yet, ${PROTOCOL} is: try again later.`, {
      afterMs: NEWER_AFTER_MS,
    })
  return undefined
}

/** A connection that ends with its first word. */
function sendAway(ws: WebSocket, error: SyncError): void {
  ws.on('error', () => {})
  ws.send(JSON.stringify({ t: 'error', error: toWire(error) }))
  ws.close(4000 + httpStatus(error), error.code)
}

function refuse(socket: Duplex, error: SyncError): void {
  const status = httpStatus(error)
  const body = JSON.stringify({ error: toWire(error) })
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}`,
      'Connection: close',
      ...Object.entries(errorHeaders(error)).map(([name, value]) => `${name}: ${value}`),
      'Content-Type: application/json; charset=utf-8',
      'Cache-Control: no-store',
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  )
}
