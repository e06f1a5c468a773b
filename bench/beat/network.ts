import type { NetworkKind } from '../../client/src/connection/hints.ts'
import { Radio } from './radio.ts'
import type { Timeline } from './timeline.ts'

/**
 * What a path does to a connection that was silent for longer than its limit. `drop`: forgets it, without a word, ever. `reset`: forgets it, and
 * answers the next packet with a reset. `close`: a proxy that closes it there and then.
 */
export type Cut = 'drop' | 'reset' | 'close'

/** A path to the server. */
export interface Path {
  /** By what an operating system calls it: only native apps may read that. */
  readonly label: string
  readonly kind: NetworkKind
  readonly cut: Cut
  /** Infinity: none. */
  readonly limitMs: number
}

/** From a packet to its answer, in ms. */
const ROUND_TRIP_MS = 100
/** From the wish to a connection that has been greeted, in ms. */
const CONNECT_MS = 1_000
/** Of an attempt where there is no network, in ms. */
const CONNECT_FAILS_MS = 10_000
/** What a frame costs beside its text: the headers of WebSocket (6), TLS (22) and TCP/IP (52), and an acknowledgement (52). */
export const HEADER_BYTES = 132
/** A beat and its answer: 25 and 50 characters. */
const BEAT_BYTES = 2 * HEADER_BYTES + 75
/** TCP and TLS 1.3, the upgrade, a hello with a token, a welcome. */
export const CONNECT_BYTES = 7_000

export interface SocketEvents {
  opened(): void
  heard(): void
  closed(): void
}

export interface Socket {
  /** Is answered, if the path still knows the connection. */
  send(): void
  close(): void
}

/** The paths of one device, one at a time, and what goes over them. */
export class Network {
  readonly radio = new Radio()
  connects = 0
  /** Live connections that a path took because they were silent. */
  losses = 0
  /** How long the server could reach the client over its live connection, and how long there was a network, in ms. */
  reachableMs = 0
  networkMs = 0
  readonly #time: Timeline
  readonly #sockets = new Set<NetworkSocket>()
  #path: Path | undefined
  #sinceMs = 0

  constructor(time: Timeline) {
    this.#time = time
  }

  get path(): Path | undefined {
    return this.#path
  }

  /** Another path, or none: no connection survives it, and none is told. */
  move(path: Path | undefined): void {
    this.settle()
    for (const socket of this.#sockets) socket.forget()
    this.#path = path
  }

  /** Another limit from now on, for what is open, too. */
  become(path: Path): void {
    this.settle()
    this.#path = path
    for (const socket of this.#sockets) socket.become(path)
  }

  /** A mishap that no idle limit explains: what is open is forgotten. */
  mishap(): void {
    this.move(this.#path)
  }

  /** Brings the sums up to now. */
  settle(): void {
    if (this.#path) this.networkMs += this.#time.nowMs - this.#sinceMs
    this.#sinceMs = this.#time.nowMs
    for (const socket of this.#sockets) socket.count()
  }

  /** `counts`: the server reaches the client over it. */
  connect(counts: boolean, events: SocketEvents): Socket {
    const socket = new NetworkSocket(this.#time, this, counts, events)
    this.#sockets.add(socket)
    return socket
  }

  over(socket: NetworkSocket): void {
    this.#sockets.delete(socket)
  }
}

class NetworkSocket implements Socket {
  readonly #time: Timeline
  readonly #network: Network
  readonly #counts: boolean
  readonly #events: SocketEvents
  /** The last packet; Infinity: the path does not know of it (any more). */
  #quietAtMs = Number.POSITIVE_INFINITY
  #countedMs = 0
  #limitMs = 0
  #cut: Cut = 'drop'
  #cancelCut = () => {}
  #over = false

  constructor(time: Timeline, network: Network, counts: boolean, events: SocketEvents) {
    this.#time = time
    this.#network = network
    this.#counts = counts
    this.#events = events
    const { path } = network
    network.connects++
    network.radio.packet(time.nowMs, CONNECT_BYTES)
    time.after(path ? CONNECT_MS : CONNECT_FAILS_MS, () => {
      if (this.#over) return
      if (!path || network.path !== path) return this.#closed()
      this.#cut = path.cut
      this.#limitMs = path.limitMs
      this.#countedMs = time.nowMs
      this.#packet(0)
      this.#events.opened()
    })
  }

  send(): void {
    const { nowMs } = this.#time
    this.#network.radio.packet(nowMs, BEAT_BYTES / 2)
    if (this.#over) return
    if (this.#quietAtMs === Number.POSITIVE_INFINITY) return
    if (nowMs - this.#quietAtMs > this.#limitMs) {
      this.#lose()
      if (this.#cut === 'reset') this.#time.after(ROUND_TRIP_MS, () => this.#closed())
      return
    }
    this.#packet(0)
    this.#time.after(ROUND_TRIP_MS, () => {
      if (this.#over || this.#quietAtMs === Number.POSITIVE_INFINITY) return
      this.#packet(BEAT_BYTES / 2)
      this.#events.heard()
    })
  }

  close(): void {
    this.count()
    this.#over = true
    this.#cancelCut()
    this.#network.over(this)
  }

  /** Its path is gone. */
  forget(): void {
    this.count()
    this.#cancelCut()
    this.#quietAtMs = Number.POSITIVE_INFINITY
  }

  become({ cut, limitMs }: Path): void {
    this.count()
    this.#cut = cut
    this.#limitMs = limitMs
  }

  #lose(): void {
    this.forget()
    if (this.#counts) this.#network.losses++
  }

  count(): void {
    const { nowMs } = this.#time
    const toMs = Math.min(nowMs, this.#quietAtMs + this.#limitMs)
    if (this.#quietAtMs < Number.POSITIVE_INFINITY && this.#counts && !this.#over)
      this.#network.reachableMs += Math.max(0, toMs - this.#countedMs)
    this.#countedMs = nowMs
  }

  #packet(bytes: number): void {
    this.count()
    const { nowMs } = this.#time
    this.#quietAtMs = nowMs
    this.#network.radio.packet(nowMs, bytes)
    if (this.#cut !== 'close' || this.#limitMs === Number.POSITIVE_INFINITY) return
    this.#cancelCut()
    this.#cancelCut = this.#time.after(this.#limitMs + 1, () => {
      this.#lose()
      this.#closed()
    })
  }

  #closed(): void {
    if (this.#over) return
    this.#network.radio.packet(this.#time.nowMs, BEAT_BYTES / 2)
    this.close()
    this.#events.closed()
  }
}
