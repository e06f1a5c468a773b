import {
  type Connection,
  type ConnectionEvent,
  connectionWakeAtMs,
  fixedBeat,
  NEVER,
  NOT_STARTED,
  stepConnection,
} from '@tidemark/client/testing'
import { type Clock, errorFromWire, isSpaceId, UnavailableError } from '@tidemark/shared'

/** One socket, as a returning client uses it. */
export interface ClientSocket {
  send(text: string): void
  close(): void
}

export interface ClientSocketEvents {
  opened(): void
  text(frame: string): void
  closed(): void
}

export interface ReturningClientPorts {
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly chance: () => number
  readonly token: string
  readonly connect: (events: ClientSocketEvents) => ClientSocket
}

/** What the wire tells a client of its connection; data it only counts. */
type Frame =
  | { readonly t: 'welcome'; readonly heads: Readonly<Record<string, number>> }
  | { readonly t: 'range'; readonly space: string; readonly to: number; readonly seal: string; readonly head: number }
  | { readonly t: 'goaway'; readonly afterMs: [number, number]; readonly error?: { readonly code: string; readonly message: string } }
  | { readonly t: 'error'; readonly error: { readonly code: string; readonly message: string; readonly afterMs?: number } }
  | { readonly t: 'beat' | 'denied' | 'behind' | 'ack' | 'heads' }

/** A device that comes back: the client's own connection machine over a bare socket, and no replica, so that thousands fit in one process. */
export class ReturningClient {
  readonly #ports: ReturningClientPorts
  readonly #client: string
  readonly #standings: Map<string, readonly [number, string]>
  #state: Connection = NOT_STARTED
  #socket: ClientSocket | undefined
  #connection = 0
  #spokeAtMs = 0
  #cancel = () => {}
  readonly #lacking = new Set<string>()
  /** When a socket of its own was opened, by the clock's wall time in ms. */
  readonly openedAtMs: number[] = []
  /** How often it was told to come again. */
  sentAway = 0
  /** When it lacked nothing after its last welcome; undefined while it lacks something. */
  liveAtMs: number | undefined

  constructor(client: string, spaces: readonly string[], ports: ReturningClientPorts) {
    this.#client = client
    this.#standings = new Map(spaces.filter(isSpaceId).map((space) => [space, [0, '']]))
    this.#ports = ports
  }

  start(): void {
    this.#tell({ type: 'resume', pause: 'app' })
  }

  /** Its device says that the network is back. */
  hint(): void {
    this.#tell({ type: 'hint' })
  }

  stop(): void {
    this.#tell({ type: 'pause', pause: 'closed' })
    this.#cancel()
  }

  /** Forgets what it counted. */
  forget(): void {
    this.openedAtMs.length = 0
    this.sentAway = 0
  }

  #tell(event: ConnectionEvent): void {
    const { clock, chance } = this.#ports
    const nextBeat = () => ({ atMs: this.#spokeAtMs + fixedBeat.intervalMs, answerMs: fixedBeat.timeoutMs })
    const { state, effects } = stepConnection(this.#state, event, clock.monotonicMs(), chance(), nextBeat())
    this.#state = state
    for (const effect of effects) {
      if (effect === 'open') this.#open()
      else if (effect === 'close') this.#close()
      else this.#send({ t: 'beat', nextS: fixedBeat.promisedS })
    }
    this.#cancel()
    const wakeAtMs = connectionWakeAtMs(state, nextBeat())
    this.#cancel = wakeAtMs === NEVER ? () => {} : clock.after(wakeAtMs - clock.monotonicMs(), () => this.#tell({ type: 'time' }))
  }

  #send(frame: object): void {
    this.#spokeAtMs = this.#ports.clock.monotonicMs()
    this.#socket?.send(JSON.stringify(frame))
  }

  #close(): void {
    this.#connection += 1
    this.liveAtMs = undefined
    this.#socket?.close()
    this.#socket = undefined
  }

  #open(): void {
    const { clock, connect, token } = this.#ports
    const mine = ++this.#connection
    const ifMine = (work: () => void) => {
      if (mine === this.#connection) work()
    }
    this.#socket = connect({
      opened: () =>
        ifMine(() => {
          this.openedAtMs.push(clock.nowMs())
          this.#tell({ type: 'opened' })
          const spaces = Object.fromEntries(this.#standings)
          this.#send({ t: 'hello', client: this.#client, token, spaces, nextS: fixedBeat.promisedS, app: '1' })
        }),
      text: (frame) => ifMine(() => this.#take(JSON.parse(frame) as Frame)),
      closed: () => ifMine(() => this.#tell({ type: 'failed', because: new UnavailableError('the connection ended') })),
    })
  }

  #take(frame: Frame): void {
    this.#tell({ type: 'frame' })
    if (frame.t === 'welcome') {
      for (const space of Object.keys(frame.heads)) this.#lacking.add(space)
      this.#tell({ type: 'welcomed' })
    } else if (frame.t === 'range') {
      this.#standings.set(frame.space, [frame.to, frame.seal])
      if (frame.to === frame.head) this.#lacking.delete(frame.space)
      if (this.#lacking.size === 0) this.liveAtMs ??= this.#ports.clock.nowMs()
    } else if (frame.t === 'goaway') {
      this.sentAway += 1
      this.#tell({
        type: 'failed',
        because: errorFromWire(frame.error ?? { code: 'unavailable', message: 'it goes away' }),
        windowMs: frame.afterMs,
      })
    } else if (frame.t === 'error') this.#tell({ type: 'failed', because: errorFromWire(frame.error) })
  }
}
