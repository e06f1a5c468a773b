import type { HttpAnswer, HttpRequest, LiveEvents, LiveSocket, Transport } from '@tidemark/client/testing'
import type { GatewaySocket, SocketEvents, SyncServer } from '@tidemark/server'
import { isProbe } from './lead-watch.ts'
import { FAIR, type IdleCut, type NetworkFaults } from './plan.ts'
import { type Node, newNode, type Scheduler } from './scheduler.ts'
import { type SeededRandom, streamOf } from './seeded-random.ts'
import type { WireWatch } from './wire-watch.ts'

/** `probe`: on a socket that only finds out how long one may be silent. */
type Sender = 'client' | 'server' | 'client probe' | 'server probe'

/** Puts something on its way. */
type Direction = (label: string, lateMs: number, deliver: () => void) => void

interface Host {
  readonly node: Node
  /** undefined while it is down. */
  readonly server: SyncServer | undefined
}

/** The way from a tab to the server. */
export interface Path {
  /** How many changes its pulls ask for at most; 0: as many as the server gives. */
  readonly pageChanges: number
  readonly idle: IdleCut | undefined
  /** Its device has a network at all. */
  isUp(): boolean
}

/** A connection that a process holds. */
interface Link {
  readonly tab: Node
  node: Node
  /** The network of the device is gone; `isTold`: its system tells the tab. */
  cutOff(isTold: boolean): void
  /** The process is gone. */
  ended(): void
  /** Tells both sides where one of them does not know that it is over. */
  endDead(): void
}

/** How long a pipe that takes no bytes does so at most, and a connection lives at most where it is to end by chance, in ms. */
const SLOW_MS_MAX = 20_000
const LIFE_MS_MAX = 60_000
const ENDPOINT = 'server'
/** Saved at import, for disks that put another in its place. */
const nextMacrotask = setImmediate
/** What a gateway reads as more than a reader may lack. */
const FULL_BYTES = 2 * 1_048_576

/** Turns of the event loop within which a body is read that was there from the beginning. */
const BODY_TURNS = 10

async function someTurns(): Promise<void> {
  for (let turn = 0; turn < BODY_TURNS; turn++) await new Promise<void>((resolve) => nextMacrotask(resolve))
}

/** Everything between devices and server. What goes wrong with a connection depends on the seed, its device and its number alone. */
export class Network {
  faults: NetworkFaults = FAIR
  /** A frame of the server's to a tab that this says true of vanishes. */
  swallows: (frame: string, tab: Node) => boolean = () => false
  /** How much later than it would this frame of the server's, or this answer to a request for a path, comes to a tab, in ms. */
  lateMs: (what: string, tab: Node) => number = () => 0
  /** For how long the connection of a tab takes nothing more after this frame, in ms. */
  restMs: (frame: string, tab: Node) => number = () => 0
  /** Hears of each connection that is begun, and of each frame as it is sent. */
  watch: WireWatch | undefined
  /** Frames by sender and type, since they were counted last. */
  readonly frames = new Map<string, number>()
  readonly #scheduler: Scheduler
  readonly #seed: number
  readonly #host: () => Host
  readonly #wire = newNode('network')
  readonly #connections = new Map<string, number>()
  readonly #links = new Set<Link>()

  constructor(scheduler: Scheduler, seed: number, host: () => Host) {
    this.#scheduler = scheduler
    this.#seed = seed
    this.#host = host
  }

  /** What a scene has done to it is over. */
  playFair(): void {
    this.swallows = () => false
    this.lateMs = this.restMs = () => 0
  }

  transportOf(tab: Node, path: Path): Transport {
    return {
      connect: (events) => this.#connect(tab, events, path),
      request: (request) => this.#request(tab, request, path),
    }
  }

  /** The network of these tabs is gone. */
  cutOff(tabs: readonly Node[], isTold: boolean): void {
    for (const link of this.#links) if (tabs.includes(link.tab)) link.cutOff(isTold)
  }

  /** The process behind this node died: its peers are told by their systems, unless nobody tells them. */
  died(node: Node): void {
    for (const link of this.#links) if (link.node === node) link.ended()
  }

  /** Both sides of what died without a word are told. */
  endDead(): void {
    for (const link of this.#links) link.endDead()
  }

  #connect(tab: Node, events: LiveEvents, path: Path): LiveSocket {
    const { faults } = this
    const random = this.#streamOf(tab)
    this.watch?.connects(tab)
    const wire = this.#wire
    const down = this.#direction(tab, random)
    let up: Direction | undefined
    let server: SocketEvents | undefined
    let host: Node | undefined
    let clientEnded = false
    let serverEnded = false
    let isDead = false
    let isOneWay = false
    let silentFrom = Number.POSITIVE_INFINITY
    let framesDown = 0
    let slowUntilMs = 0
    let probes = false
    let greets = false
    const isLate = random.chance(faults.late)
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
      if (!isDead && !random.chance(faults.silentClose)) this.#later(random, node, label, run)
    }
    const link: Link = {
      tab,
      node: this.#wire,
      cutOff: (isTold) => {
        if (isTold) this.#later(random, tab, 'no network', () => endAtClient(1006))
        isDead = true
      },
      ended: () => tell(tab, 'gone', () => endAtClient(1006)),
      endDead: () => {
        if (!isDead && !isOneWay && !isReset && clientEnded === serverEnded) return
        this.#later(random, tab, 'reset', () => endAtClient(1006))
        this.#later(random, link.node, 'reset', endAtServer)
      },
    }

    let heardMs = 0
    let isReset = false
    /** Whatever keeps an entry for this connection drops it where nothing passes for too long. */
    const watchSilence = ({ limitMs, cut }: IdleCut) => {
      heardMs = this.#scheduler.nowMs
      const look = () => {
        if (clientEnded || serverEnded || this.faults === FAIR) return
        const leftMs = heardMs + limitMs - this.#scheduler.nowMs
        if (leftMs > 0) return void this.#scheduler.at(wire, leftMs, 'silence', look)
        if (cut === 'close') {
          this.#later(random, tab, 'closed for silence', () => endAtClient(1001))
          if (host) this.#later(random, host, 'closed for silence', endAtServer)
        } else if (cut === 'reset') isReset = true
        else isDead = true
      }
      this.#scheduler.at(wire, limitMs, 'silence', look)
    }

    this.#later(random, wire, 'connect', () => {
      const { node, server: running } = this.#host()
      // Where there is no network some systems say so at once, and others wait.
      if (!path.isUp() && random.chance(0.3)) return
      if (
        !path.isUp() ||
        running === undefined ||
        random.chance(faults.cut / 2) ||
        random.chance(faults.refused) ||
        random.chance(faults.html)
      )
        return this.#later(random, tab, 'unreachable', () => endAtClient(1006))
      host = node
      up = this.#direction(node, random)
      if (random.chance(faults.cut))
        this.#unlessFair(wire, random.between(0, LIFE_MS_MAX), 'cut', () => {
          tell(node, 'cut', endAtServer)
          tell(tab, 'cut', () => endAtClient(1006))
        })
      if (random.chance(faults.halfOpen))
        this.#unlessFair(wire, random.between(0, LIFE_MS_MAX), 'dies', () => {
          isDead = true
        })
      if (random.chance(faults.oneWayCut)) {
        const isUp = random.chance(0.5)
        this.#unlessFair(wire, random.between(0, LIFE_MS_MAX / 2), 'one way', () => {
          isOneWay = true
          if (isUp) up = () => {}
          else silentFrom = framesDown
        })
      }
      if (path.idle) watchSilence(path.idle)
      const slow = () => this.#scheduler.nowMs < slowUntilMs
      const rest = (forMs: number) => {
        slowUntilMs = this.#scheduler.nowMs + forMs
        this.#scheduler.at(node, forMs, 'drained', () => !serverEnded && server?.drained())
      }
      if (random.chance(faults.slowPipe))
        this.#unlessFair(node, random.between(0, LIFE_MS_MAX / 2), 'slow', () => rest(random.between(100, SLOW_MS_MAX)))
      const socket: GatewaySocket = {
        send: (text) => {
          if (serverEnded) return
          this.#count(probes ? 'server probe' : 'server', text)
          this.watch?.sent('server', link, tab, text)
          framesDown++
          heardMs = this.#scheduler.nowMs
          if (isReset) return
          const restMs = this.restMs(text, tab)
          if (restMs > 0) rest(restMs)
          if (framesDown > silentFrom || this.swallows(text, tab)) return
          down(text.slice(0, 20), this.lateMs(text, tab), () => {
            if (isDead || (clientEnded && !isLate)) return
            // One that has not said hello yet may be a probe.
            const hears = !clientEnded && greets
            events.frame(text)
            // A probe that any answer made it open is over again by now.
            if (hears) this.watch?.heard(tab, text)
          })
        },
        close: (code) => {
          endAtServer()
          tell(tab, 'closed', () => endAtClient(code))
        },
        terminate: () => {
          endAtServer()
          tell(tab, 'terminated', () => endAtClient(1006))
        },
        get bufferedBytes() {
          return slow() ? FULL_BYTES : 0
        },
        pause() {},
        resume() {},
      }
      server = running.gateway.accept(socket)
      link.node = node
      this.#links.add(link)
      this.#later(random, tab, 'opened', () => !clientEnded && events.opened())
    })

    return {
      endpoint: ENDPOINT,
      send: (text) => {
        probes ||= isProbe(text)
        greets ||= !probes && text.startsWith('{"t":"hello"')
        this.#count(probes ? 'client probe' : 'client', text)
        this.watch?.sent('client', link, tab, text)
        heardMs = this.#scheduler.nowMs
        if (isReset) return void this.#later(random, tab, 'reset for silence', () => endAtClient(1006))
        up?.(text.slice(0, 20), 0, () => {
          if (!serverEnded && !isDead) server?.text(text)
        })
      },
      close: () => {
        clientEnded = true
        if (host !== undefined) tell(host, 'client closed', endAtServer)
      },
    }
  }

  #request(
    tab: Node,
    { path, token, body, timeoutMs, beginsMs = timeoutMs }: HttpRequest,
    { pageChanges, isUp }: Path,
  ): Promise<HttpAnswer> {
    const { faults } = this
    const random = this.#streamOf(tab)
    this.#frames('client', body !== undefined ? 'post' : path.includes('/older') ? 'older' : 'pull')
    const limited =
      pageChanges > 0 && body === undefined && !path.includes('limit=')
        ? `${path}${path.includes('?') ? '&' : '?'}limit=${pageChanges}`
        : path
    return new Promise((resolve, reject) => {
      const cancel = this.#scheduler.at(tab, beginsMs, 'request timeout', () => reject(new Error('no answer in time')))
      const end = (label: string, run: () => void, lateMs = 0) =>
        this.#scheduler.at(tab, this.#delayMs(random) + lateMs, label, () => {
          cancel()
          run()
        })
      this.#later(random, this.#wire, `request ${path}`, () => {
        const { server } = this.#host()
        if (random.chance(faults.html))
          return end('portal', () => resolve({ status: 200, contentType: 'text/html', text: '<html>Sign in to the hotel</html>' }))
        if (random.chance(faults.refused))
          return end('no upstream', () => resolve({ status: 503, contentType: 'text/html', text: '<html>503</html>' }))
        if (!isUp() && random.chance(0.3)) return
        if (!isUp() || server === undefined || random.chance(faults.cut)) return end('refused', () => reject(new Error('unreachable')))
        // Its answer, or it itself, is lost.
        if (random.chance(faults.oneWayCut) && random.chance(0.5)) return
        const isLost = random.chance(faults.oneWayCut)
        this.#answerOf(server, limited, token, body).then((answer) => {
          this.#scheduler.note(`answer ${answer.status} ${answer.text.length}`)
          if (!isLost) end('answer', () => resolve(answer), this.lateMs(path, tab))
        }, reject)
      })
    })
  }

  async #answerOf(server: SyncServer, path: string, token: string, posted: string | undefined): Promise<HttpAnswer> {
    const headers = { authorization: `Bearer ${token}`, ...(posted !== undefined && { 'content-type': 'application/json' }) }
    const asked = server.hono.request(`http://server${path}`, {
      headers,
      ...(posted !== undefined && { method: 'POST', body: posted }),
    })
    // So is the body of a request, and it is read before anything waits for the virtual clock.
    if (posted !== undefined) this.#scheduler.hold(someTurns())
    const answer = await asked
    const contentType = (answer.headers.get('content-type') ?? '').split(';')[0] ?? ''
    // A body is a stream, which takes turns of the event loop.
    const text = answer.text()
    this.#scheduler.hold(text)
    return { status: answer.status, contentType, text: await text }
  }

  /** What goes wrong then, unless the faults have ended by then. */
  #unlessFair(node: Node, afterMs: number, label: string, run: () => void): void {
    this.#scheduler.at(node, afterMs, label, () => {
      if (this.faults !== FAIR) run()
    })
  }

  /** One direction of one connection: in order, unless this network is worse than that. */
  #direction(to: Node, random: SeededRandom): Direction {
    let lastMs = 0
    return (label, lateMs, deliver) => {
      const { faults } = this
      if (random.chance(faults.loss)) return
      const copies = random.chance(faults.repeat) ? 2 : 1
      for (let copy = 0; copy < copies; copy++) {
        const atMs = this.#scheduler.nowMs + this.#delayMs(random) + lateMs
        if (!random.chance(faults.reorder)) lastMs = Math.max(lastMs + 1, atMs)
        this.#scheduler.at(to, Math.max(lastMs, atMs) - this.#scheduler.nowMs, label, deliver)
      }
    }
  }

  #streamOf({ name }: Node): SeededRandom {
    const number = (this.#connections.get(name) ?? 0) + 1
    this.#connections.set(name, number)
    return streamOf(this.#seed, 'network', name, number)
  }

  #later(random: SeededRandom, node: Node, label: string, run: () => void): void {
    this.#scheduler.at(node, this.#delayMs(random), label, run)
  }

  #delayMs(random: SeededRandom): number {
    return random.between(1, Math.max(1, this.faults.delayMsMax))
  }

  #count(sender: Sender, text: string): void {
    // The type comes first in every frame.
    this.#frames(sender, text.slice(6, text.indexOf('"', 6)))
  }

  #frames(sender: Sender, type: string): void {
    const key = `${sender} ${type}`
    this.#scheduler.note(key)
    this.frames.set(key, (this.frames.get(key) ?? 0) + 1)
  }
}
