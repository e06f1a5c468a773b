import type { Standings } from '@tidemark/shared'
import type { GatewayBounds } from '../src/gateway/bounds.ts'
import { createGateway, type Gateway } from '../src/gateway/gateway.ts'
import { PresenceTracker } from '../src/lanes/presence-tracker.ts'
import { SILENT } from '../src/observe/log.ts'
import { FakeBackend, FakeBus } from './fake-backend.ts'
import { FakeSocket } from './fake-socket.ts'
import { VirtualClock } from './virtual-clock.ts'

export const CLIENT = `c_${'A'.repeat(22)}`

/** A frame with one mutation, which is answered with one ack. */
export function mutate(n: number, args: object = {}): object {
  const mutation = { n, nonce: n.toString(16).padStart(16, '0'), space: 'room:a', name: 'put', args, madeMs: 1 }
  return { t: 'mutate', client: CLIENT, on: '', mutations: [mutation] }
}

/** One gateway over a fake backend, under a virtual clock. */
export class GatewayWorld {
  readonly clock = new VirtualClock()
  readonly bus = new FakeBus()
  readonly backend = new FakeBackend(this.bus)
  readonly counts: Record<string, number> = {}
  /** The event loop goes round: nothing else waits in a test, unless it says so. */
  turn: () => Promise<void> = async () => {}
  /** Kinds that tell who is there. */
  readonly presence = new PresenceTracker({
    clock: this.clock,
    bus: this.bus,
    optionOf: (space) => (space.startsWith('live:') ? 'who' : undefined),
  })
  readonly gateway: Gateway

  constructor(bounds: Partial<GatewayBounds> = {}) {
    const count = (name: string) => {
      this.counts[name] = (this.counts[name] ?? 0) + 1
    }
    this.gateway = createGateway({
      backend: this.backend,
      bus: this.bus,
      clock: this.clock,
      turn: () => this.turn(),
      presence: this.presence,
      log: SILENT,
      bounds,
      metrics: {
        opened: () => count('opened'),
        closed: () => count('closed'),
        ranges: () => count('ranges'),
        gaps: () => count('gaps'),
        behind: () => count('behind'),
        said: () => count('said'),
        ticks: () => count('ticks'),
        tickMissed: () => count('tickMissed'),
        admitted: () => count('admitted'),
        sentAway: () => count('sentAway'),
        refused: (code) => count(code),
      },
    })
  }

  connect(address?: string): FakeSocket {
    const socket = new FakeSocket()
    socket.events = this.gateway.accept(socket, address)
    return socket
  }

  /** A connection that said hello and was answered. */
  async greet(user: string, spaces: Standings | Record<string, [number, string]>, more: object = {}): Promise<FakeSocket> {
    const socket = this.connect()
    socket.say({ t: 'hello', client: CLIENT, token: user, spaces, nextS: 60, app: '1', ...more })
    await this.clock.pass(0)
    return socket
  }
}
