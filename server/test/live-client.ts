import type { ServerFrame, SpaceId, Standing } from '@tidemark/shared'
import { sumOf } from '@tidemark/shared'
import type { Principal } from '../src/backend/backend.ts'
import type { Gateway } from '../src/gateway/gateway.ts'
import { after, type BackendWorld, clientOf } from './backend-world.ts'
import { Copy } from './copy.ts'
import { FakeSocket } from './fake-socket.ts'

/** A client by the letter of protocol §5: copies, one connection, a follow for what was lost, a pull for what is behind, the sum of each beat. */
export class LiveClient {
  readonly copies = new Map<SpaceId, Copy>()
  /** Beats whose sum was not that of the copies. */
  alarms = 0
  /** True for a frame that is to be lost, to see that it is noticed. */
  loses: (frame: ServerFrame) => boolean = () => false
  readonly #world: BackendWorld
  readonly #who: Principal
  #socket = new FakeSocket()
  #stating = new Set<SpaceId>()
  #followed = new Set<SpaceId>()

  constructor(world: BackendWorld, who: Principal, spaces: readonly SpaceId[]) {
    this.#world = world
    this.#who = who
    for (const space of spaces) this.copies.set(space, new Copy())
  }

  connect(gateway: Gateway): void {
    this.#socket.events?.closed()
    const socket = new FakeSocket()
    this.#socket = socket
    this.#stating = new Set()
    this.#followed = new Set()
    const send = socket.send.bind(socket)
    socket.send = (text) => {
      send(text)
      const frame = socket.frames.at(-1)
      if (frame !== undefined && socket === this.#socket && !this.loses(frame)) this.#read(frame)
    }
    socket.events = gateway.accept(socket)
    socket.say({
      t: 'hello',
      client: clientOf(this.#who),
      token: this.#who.user,
      spaces: this.#standings(this.copies.keys()),
      nextS: 60,
      app: '1',
    })
  }

  beat(): void {
    this.#socket.say({ t: 'beat', nextS: 60 })
  }

  #standings(spaces: Iterable<SpaceId>): Record<string, [number, string]> {
    return Object.fromEntries(Array.from(spaces, (space) => [space, [this.#of(space).standing.version, this.#of(space).standing.seal]]))
  }

  #of(space: SpaceId): Copy {
    const copy = this.copies.get(space)
    if (copy === undefined) throw new Error(`${space} came, which is not followed`)
    return copy
  }

  #state(spaces: readonly SpaceId[]): void {
    const next = spaces.filter((space) => !this.#stating.has(space))
    if (next.length === 0) return
    for (const space of next) this.#stating.add(space)
    // As a network would: later, never inside what the gateway is doing.
    queueMicrotask(() => this.#socket.say({ t: 'follow', spaces: this.#standings(next) }))
  }

  #read(frame: ServerFrame): void {
    switch (frame.t) {
      case 'welcome':
      case 'heads':
        for (const space of Object.keys(frame.heads)) {
          this.#followed.add(space)
          this.#stating.delete(space)
        }
        break
      case 'range':
        if (this.#of(frame.space).take(frame) === 'lost') this.#state([frame.space])
        break
      case 'behind':
        this.#followed.delete(frame.space)
        void this.#pull(frame.space)
        break
      case 'denied':
        this.#followed.delete(frame.space)
        break
      case 'beat': {
        const followed = [...this.#followed].filter((space) => !this.#stating.has(space))
        if (followed.length < this.#followed.size) break
        const mine = sumOf(followed.map((space): Standing => this.#of(space).standing))
        if (mine === frame.sum) break
        this.alarms++
        this.#state(followed)
        break
      }
    }
  }

  async #pull(space: SpaceId): Promise<void> {
    const copy = this.#of(space)
    for (;;) {
      const range = await this.#world.range(this.#who, space, copy.standing)
      copy.take(range)
      if (after(range).version === range.head) break
    }
    this.#state([space])
  }
}
