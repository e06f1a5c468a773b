import type { HttpAnswer, HttpRequest, LiveEvents, LiveSocket, Transport } from '@tidemark/client/testing'
import type { GatewaySocket, SocketEvents, SyncServer } from '@tidemark/server'
import type { Process } from './scripted-clock.ts'

/** `up` and `down`: frames of the live connection. `request` and `answer`: HTTP. */
export type Way = 'up' | 'down' | 'request' | 'answer'

/** Something on its way. */
export interface Passing {
  readonly way: Way
  /** A frame or the body of an answer; of a request `{ path }`. */
  readonly body: any
  readonly pass: () => void
}

/** A server process. */
export interface RunningServer {
  readonly sync: SyncServer
  readonly process: Process
}

/** The part of a world that a line needs. */
export interface LineWorld {
  /** Puts something on its way. */
  send(deliver: () => void): void
  /** Holds the world until it settles. */
  hold(work: Promise<unknown>): void
}

/** What the script keeps back. */
export class Hold {
  readonly kept: Passing[] = []
  readonly way: Way
  readonly wants: (body: Passing['body']) => boolean
  readonly #end: () => void

  constructor(way: Way, wants: (body: Passing['body']) => boolean, end: (hold: Hold) => void) {
    this.way = way
    this.wants = wants
    this.#end = () => end(this)
  }

  /** Ends the hold; what was kept arrives now, in its order. */
  release(): void {
    this.#end()
    for (const { pass } of this.kept.splice(0)) pass()
  }

  /** Ends the hold; what was kept never arrives. */
  drop(): void {
    this.#end()
    this.kept.length = 0
  }
}

/** The wire between one tab and its server. Everything arrives at once and in order, but for what the script holds. */
export class ScriptedLine implements Transport {
  /** What has arrived, in order. */
  readonly passed: Passing[] = []
  /** Bytes that the tab has not taken yet, as its server sees it. */
  bufferedBytes = 0
  /** Where the live connection goes, and where requests go; undefined: unreachable. */
  liveAt: () => RunningServer | undefined
  requestsAt: (path: string) => RunningServer | undefined
  readonly #world: LineWorld
  readonly #tab: Process
  readonly #holds = new Set<Hold>()
  #live: { readonly events: LiveEvents; cut(): void } | undefined

  constructor(world: LineWorld, tab: Process, server: () => RunningServer | undefined) {
    this.#world = world
    this.#tab = tab
    this.liveAt = server
    this.requestsAt = server
  }

  /** Keeps back what it wants from now on, until the hold ends. */
  hold(way: Way, wants: (body: Passing['body']) => boolean = () => true): Hold {
    const hold = new Hold(way, wants, (ended) => this.#holds.delete(ended))
    this.#holds.add(hold)
    return hold
  }

  /** Frames, or bodies, of one type that have arrived; `from` is a count of `passed` taken before. */
  seen(way: Way, t?: string, from = 0): Passing['body'][] {
    return this.passed.flatMap((passing, at) =>
      at >= from && passing.way === way && (t === undefined || passing.body.t === t) ? [passing.body] : [],
    )
  }

  /** The live connection ends, for both of its ends. */
  cut(): void {
    this.#live?.cut()
  }

  /** A frame that no server sent here: another reader's, or one of another time. */
  inject(frame: object): void {
    const { events } = this.#live ?? {}
    this.#world.send(() => this.#tab.run(() => events?.frame(JSON.stringify(frame))))
  }

  connect(events: LiveEvents): LiveSocket {
    const server = this.liveAt()
    if (server === undefined || !server.process.alive) {
      this.#world.send(() => this.#tab.run(() => events.closed(1006)))
      return { send() {}, close() {} }
    }
    let isOver = false
    let atServer: SocketEvents | undefined
    const end = (code: number) => {
      if (isOver) return
      isOver = true
      this.#world.send(() => server.process.run(() => atServer?.closed()))
      this.#world.send(() => this.#tab.run(() => events.closed(code)))
    }
    const line = this
    const socket: GatewaySocket = {
      // What an earlier connection still brings is the client's to ignore [B7].
      send: (text) => this.#pass('down', JSON.parse(text), () => this.#tab.run(() => events.frame(text))),
      close: end,
      terminate: () => end(1006),
      get bufferedBytes() {
        return line.bufferedBytes
      },
      pause() {},
      resume() {},
    }
    this.#live = { events, cut: () => end(1006) }
    this.#world.send(() => {
      atServer = server.sync.gateway.accept(socket)
      this.#tab.run(() => events.opened())
    })
    return {
      send: (text) => this.#pass('up', JSON.parse(text), () => !isOver && server.process.run(() => atServer?.text(text))),
      close: () => end(1000),
    }
  }

  request({ path, token }: HttpRequest): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      this.#pass('request', { path }, () => {
        const server = this.requestsAt(path)
        if (server === undefined || !server.process.alive) return reject(new Error('unreachable'))
        const asked = (async () => {
          const answer = await server.sync.hono.request(`http://server${path}`, { headers: { authorization: `Bearer ${token}` } })
          const text = await answer.text()
          const contentType = (answer.headers.get('content-type') ?? '').split(';')[0] ?? ''
          this.#pass('answer', JSON.parse(text), () => this.#tab.run(() => resolve({ status: answer.status, contentType, text })))
        })()
        this.#world.hold(asked.catch(reject))
      })
    })
  }

  #pass(way: Way, body: Passing['body'], deliver: () => void): void {
    const pass = () =>
      this.#world.send(() => {
        this.passed.push(passing)
        deliver()
      })
    const passing: Passing = { way, body, pass }
    for (const hold of this.#holds)
      if (hold.way === way && hold.wants(body)) {
        hold.kept.push(passing)
        return
      }
    pass()
  }
}
