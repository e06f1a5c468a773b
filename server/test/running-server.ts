import { parseServerFrame, type ServerFrame, SUBPROTOCOL } from '@tidemark/shared'
import WebSocket from 'ws'
import { type Authenticate, jwt, signToken } from '../src/backend/jwt.ts'
import { memoryChangelog } from '../src/changelog/memory/memory-changelog.ts'
import type { Log } from '../src/observe/log.ts'
import { systemClock } from '../src/platform/system-clock.ts'
import { type Listening, serve } from '../src/serve.ts'
import { createSyncServer, type SyncServerOptions } from '../src/sync-server.ts'
import { app, everybody } from './backend-world.ts'

const SECRET = 'a secret of the tests, 32 bytes and more'

/** A real server on a free port, with all that it logs. */
export class RunningServer {
  readonly listening: Listening
  readonly logged: string[]

  constructor(listening: Listening, logged: string[]) {
    this.listening = listening
    this.logged = logged
  }

  static async start(options: Partial<SyncServerOptions<typeof app>> = {}): Promise<RunningServer> {
    const logged: string[] = []
    const keep = (detail: object, message: string) => {
      logged.push(`${message} ${JSON.stringify(detail, (_, value) => (value instanceof Error ? value.stack : value))}`)
    }
    const log: Log = { info: keep, warn: keep, error: keep }
    const authenticate: Authenticate = jwt({ secret: SECRET, algorithms: ['HS256'] })
    const server = createSyncServer({ app, changelog: memoryChangelog(), authenticate, access: everybody(app), log, ...options })
    return new RunningServer(await serve(server, { port: 0 }), logged)
  }

  get url(): string {
    return this.listening.url
  }

  token(user: string, expiresInS = 3600): Promise<string> {
    return signToken({ secret: SECRET, user, nowMs: systemClock.nowMs(), expiresInS })
  }

  async fetch(path: string, user: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.url}${path}`, { ...init, headers: { authorization: `Bearer ${await this.token(user)}`, ...init.headers } })
  }

  connect(headers: Record<string, string> = {}, protocols: string | string[] = SUBPROTOCOL, path = '/v1/connect'): LiveSocket {
    return new LiveSocket(new WebSocket(`${this.url.replace('http', 'ws')}${path}`, protocols, { headers }))
  }

  /** A connection that said hello and was welcomed. */
  async greet(user: string, spaces: Record<string, [number, string]>, client = `c_${'A'.repeat(22)}`): Promise<LiveSocket> {
    const socket = this.connect()
    await socket.opened
    socket.say({ t: 'hello', client, token: await this.token(user), spaces, nextS: 60, app: '1' })
    await socket.next('welcome')
    return socket
  }

  close(): Promise<void> {
    return this.listening.close()
  }
}

/** A bare `ws` client: frames as they come, waited for by type. */
export class LiveSocket {
  readonly ws: WebSocket
  readonly opened: Promise<void>
  /** Close code, or the HTTP status of a handshake that was refused. */
  readonly ended: Promise<number>
  readonly frames: ServerFrame[] = []
  #wake: () => void = () => {}

  constructor(ws: WebSocket) {
    this.ws = ws
    this.opened = new Promise((resolve, reject) => {
      ws.once('open', resolve)
      ws.once('error', reject)
    })
    this.opened.catch(() => {})
    this.ended = new Promise((resolve) => {
      ws.once('unexpected-response', (_request, response) => {
        resolve(response.statusCode ?? 0)
        response.resume()
        ws.terminate()
      })
      ws.once('close', resolve)
    })
    ws.on('error', () => {})
    ws.on('message', (data: Buffer) => {
      const frame = parseServerFrame(data.toString())
      if (frame === undefined) throw new Error('no frame of the protocol')
      this.frames.push(frame)
      this.#wake()
    })
    ws.once('close', () => this.#wake())
  }

  say(frame: unknown): void {
    this.ws.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame))
  }

  /** The next frame of this type that was not taken yet; those before it are dropped. */
  async next<T extends ServerFrame['t']>(t: T): Promise<Extract<ServerFrame, { t: T }>> {
    for (;;) {
      const frame = this.frames.shift()
      if (frame?.t === t) return frame as Extract<ServerFrame, { t: T }>
      if (frame !== undefined) continue
      if (this.ws.readyState >= WebSocket.CLOSING) throw new Error(`closed before ${t} came`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}
