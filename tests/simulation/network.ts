import type { HttpAnswer, HttpRequest, LiveEvents, LiveSocket, Transport } from '@tidemark/client/testing'
import type { GatewaySocket, SocketEvents, SyncServer } from '@tidemark/server'
import type { Node, Scheduler } from './scheduler.ts'
import type { SeededRandom } from './seeded-random.ts'

/** How a network is bad; each between 0 (never) and 1. Classes are switched fully off in about half of the seeds. */
export interface NetworkFaults {
  readonly delayMsMax: number
  /** A frame vanishes, its connection lives on: no real network does that, a proxy with a bug does. */
  readonly loss: number
  readonly repeat: number
  readonly reorder: number
  /** A connection or request that hangs, dies, or ends without telling one side. */
  readonly cut: number
  /** A proxy answers in the server's place with a page of its own. */
  readonly wrongAnswer: number
}

export const FAIR: NetworkFaults = { delayMsMax: 40, loss: 0, repeat: 0, reorder: 0, cut: 0, wrongAnswer: 0 }

/** Puts something on its way. */
type Direction = (label: string, deliver: () => void) => void

interface Host {
  readonly node: Node
  /** undefined while it is down. */
  readonly server: SyncServer | undefined
}

/** Everything between devices and server, out of one seed. */
export class Network {
  faults: NetworkFaults = FAIR
  readonly #scheduler: Scheduler
  readonly #random: SeededRandom
  readonly #host: () => Host
  readonly #world: Node = { name: 'network', alive: true }

  constructor(scheduler: Scheduler, random: SeededRandom, host: () => Host) {
    this.#scheduler = scheduler
    this.#random = random
    this.#host = host
  }

  transportOf(device: Node): Transport {
    return {
      connect: (events) => this.#connect(device, events),
      request: (request) => this.#request(device, request),
    }
  }

  #connect(device: Node, events: LiveEvents): LiveSocket {
    const down = this.#direction(device)
    let up: Direction | undefined
    let server: SocketEvents | undefined
    let host: Node | undefined
    let clientEnded = false
    let serverEnded = false
    const endAtClient = (code: number) => {
      if (clientEnded) return
      clientEnded = true
      events.closed(code)
    }
    const endAtServer = () => {
      if (serverEnded) return
      serverEnded = true
      if (host?.alive) server?.closed()
    }
    /** One side learns of an end; now and then nobody tells it. */
    const tell = (node: Node, label: string, run: () => void) => {
      if (!this.#random.chance(this.faults.cut / 2)) this.#later(node, label, run)
    }

    this.#later(this.#world, 'connect', () => {
      const { node, server: running } = this.#host()
      if (running === undefined || this.#random.chance(this.faults.cut)) return tell(device, 'unreachable', () => endAtClient(1006))
      host = node
      up = this.#direction(node)
      const socket: GatewaySocket = {
        send: (text) => {
          if (serverEnded) return
          this.#scheduler.note(`down ${text.length}`)
          down(text.slice(0, 20), () => !clientEnded && events.frame(text))
        },
        close: (code) => {
          endAtServer()
          tell(device, 'closed', () => endAtClient(code))
        },
        terminate: () => {
          endAtServer()
          tell(device, 'terminated', () => endAtClient(1006))
        },
        bufferedBytes: 0,
        pause() {},
        resume() {},
      }
      server = running.gateway.accept(socket)
      this.#hosted.add({ node, ended: () => tell(device, 'gone', () => endAtClient(1006)) })
      this.#later(device, 'opened', () => !clientEnded && events.opened())
    })

    return {
      send: (text) => up?.(text.slice(0, 20), () => !serverEnded && server?.text(text)),
      close: () => {
        clientEnded = true
        if (host !== undefined) tell(host, 'client closed', endAtServer)
      },
    }
  }

  readonly #hosted = new Set<{ readonly node: Node; readonly ended: () => void }>()

  /** The process behind this node died: most of its peers are told by their systems. */
  died(node: Node): void {
    for (const link of [...this.#hosted]) {
      if (link.node !== node) continue
      this.#hosted.delete(link)
      link.ended()
    }
  }

  #request(device: Node, { path, token, timeoutMs }: HttpRequest): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      this.#scheduler.at(device, timeoutMs, 'request timeout', () => reject(new Error('no answer in time')))
      this.#later(this.#world, `request ${path}`, () => {
        const { server } = this.#host()
        if (this.#random.chance(this.faults.wrongAnswer))
          return this.#later(device, 'portal', () =>
            resolve({ status: 200, contentType: 'text/html', text: '<html>Sign in to the hotel</html>' }),
          )
        if (server === undefined || this.#random.chance(this.faults.cut))
          return this.#later(device, 'refused', () => reject(new Error('unreachable')))
        const answered = (async (): Promise<HttpAnswer> => {
          const answer = await server.hono.request(`http://server${path}`, {
            headers: { authorization: `Bearer ${token}` },
          })
          return {
            status: answer.status,
            contentType: (answer.headers.get('content-type') ?? '').split(';')[0] ?? '',
            text: await answer.text(),
          }
        })()
        this.#scheduler.hold(
          answered.then((answer) => {
            this.#scheduler.note(`answer ${answer.status} ${answer.text.length}`)
            if (!this.#random.chance(this.faults.cut)) this.#later(device, 'answer', () => resolve(answer))
          }, reject),
        )
      })
    })
  }

  /** One direction of one connection: in order, unless this network is worse than that. */
  #direction(to: Node): Direction {
    let lastMs = 0
    return (label, deliver) => {
      if (this.#random.chance(this.faults.loss)) return
      const copies = this.#random.chance(this.faults.repeat) ? 2 : 1
      for (let copy = 0; copy < copies; copy++) {
        const atMs = this.#scheduler.nowMs + this.#delayMs()
        if (!this.#random.chance(this.faults.reorder)) lastMs = Math.max(lastMs + 1, atMs)
        this.#scheduler.at(to, Math.max(lastMs, atMs) - this.#scheduler.nowMs, label, deliver)
      }
    }
  }

  #later(node: Node, label: string, run: () => void): void {
    this.#scheduler.at(node, this.#delayMs(), label, run)
  }

  #delayMs(): number {
    return this.#random.between(1, Math.max(1, this.faults.delayMsMax))
  }
}
