import type { Older } from '@tidemark/client'
import { createReplica, fixedBeat, type MemoryStorage, memoryStorage, NO_HINTS } from '@tidemark/client/testing'
import { createSyncServer, type MemoryChangelog, memoryChangelog, type SyncServer } from '@tidemark/server'
import { FAIR, Network, type NetworkFaults } from './network.ts'
import { type Node, Scheduler } from './scheduler.ts'
import { type SeededRandom, seededRandom } from './seeded-random.ts'
import { app, type SimulatedSpace, SPACES } from './simulated-app.ts'
import { TokenIssuer } from './token-issuer.ts'

export type SimulatedReplica = Awaited<ReturnType<typeof createReplica<typeof app>>>

/** One device of one user: what is on its disk survives what happens to its process. */
export interface Device {
  readonly name: string
  readonly user: string
  node: Node
  storage: MemoryStorage
  replica: SimulatedReplica | undefined
  readonly spaces: Map<SimulatedSpace, ReturnType<SimulatedReplica['space']>>
}

/** What devices asked for. `saved`: the call had resolved, so it must take effect once, or be refused readably. */
export interface Operation {
  readonly id: string
  readonly kind: 'note' | 'count' | 'move' | 'hide' | 'forge'
  readonly space: SimulatedSpace
  readonly device: string
  saved: boolean
}

/** Devices, network, server and clock out of one seed; real client and real server code between them. */
export class World {
  readonly random: SeededRandom
  readonly scheduler: Scheduler
  readonly network: Network
  readonly issuer: TokenIssuer
  readonly devices: Device[]
  readonly operations: Operation[] = []
  readonly changelog: MemoryChangelog = memoryChangelog()
  readonly failures: string[] = []
  /** Pages of older lines that brought any. */
  pagesTaken = 0
  server: SyncServer | undefined
  #serverNode: Node = { name: 'server 0', alive: false }
  #starts = 0

  constructor(seed: number, users: readonly string[]) {
    this.random = seededRandom(seed)
    this.scheduler = new Scheduler(this.random.fork())
    this.network = new Network(this.scheduler, this.random.fork(), () => ({ node: this.#serverNode, server: this.server }))
    this.issuer = new TokenIssuer(this.random.fork(), this.scheduler.clockOf({ name: 'issuer', alive: true }))
    this.devices = users.map((user, at) => ({
      name: `device ${at}`,
      user,
      node: { name: `device ${at}`, alive: false },
      storage: memoryStorage(),
      replica: undefined,
      spaces: new Map(),
    }))
  }

  startServer(): void {
    if (this.server !== undefined) return
    this.#serverNode = { name: `server ${++this.#starts}`, alive: true }
    const { changelog } = this
    const clock = this.scheduler.clockOf(this.#serverNode)
    this.server = createSyncServer({
      app,
      // The disk outlives the process.
      changelog: {
        write: (work) => changelog.write(work),
        read: (tenant, work) => changelog.read(tenant, work),
        spaces: (after, count) => changelog.spaces(after, count),
        clients: (after, count) => changelog.clients(after, count),
        ready: () => changelog.ready(),
        close: async () => {},
      },
      authenticate: async (token, nowMs) => this.issuer.check(token, nowMs),
      access: { room: () => 'write' },
      clock,
      turn: () => new Promise((resolve) => clock.after(0, () => resolve())),
    })
  }

  /** As by kill -9: nothing of the process runs on. */
  killServer(): void {
    this.#serverNode.alive = false
    this.server = undefined
    this.network.died(this.#serverNode)
  }

  startDevice(device: Device): void {
    if (device.node.alive) return
    const node: Node = { name: device.name, alive: true }
    device.node = node
    device.storage = device.storage.reopen()
    const random = this.random.fork()
    const clock = this.scheduler.clockOf(node, random.between(-86_400_000, 86_400_000))
    createReplica({
      app,
      user: device.user,
      token: () => this.issuer.issue(device.user, clock),
      storage: device.storage,
      durable: true,
      tables: () => ({ scope: () => ({}) as never, table: noTables, close() {} }),
      transport: this.network.transportOf(node),
      clock,
      random,
      lifecycle: NO_HINTS,
      network: NO_HINTS,
      beat: fixedBeat,
    }).then(
      (replica) => {
        if (device.node !== node || !node.alive) return
        device.replica = replica
        for (const id of SPACES) device.spaces.set(id, replica.space(id))
      },
      (error) => this.failures.push(`${device.name} could not open its replica: ${error}`),
    )
  }

  /** The process dies; what was committed to its disk stays. */
  crashDevice(device: Device): void {
    device.node.alive = false
    device.storage.crash()
    device.replica = undefined
    device.spaces.clear()
  }

  /** The browser clears its disk. */
  wipe(device: Device): void {
    this.crashDevice(device)
    device.storage = memoryStorage()
    this.startDevice(device)
  }

  /** Schedules `times` of `act` within `withinMs`, at moments of chance. */
  sprinkle(times: number, withinMs: number, label: string, act: () => void): void {
    const world: Node = { name: 'world', alive: true }
    for (let time = 0; time < times; time++) this.scheduler.at(world, this.random.between(0, withinMs), label, act)
  }

  operate(device: Device): void {
    const space = device.spaces.get(this.random.pick(SPACES))
    if (space === undefined) return
    const id = `${device.name.replace(' ', '-')}-${this.operations.length}`
    const kind = this.random.pick(['note', 'count', 'count', 'move', 'hide', 'forge'] as const)
    const operation: Operation = { id, kind, space: space.id as SimulatedSpace, device: device.name, saved: false }
    const other = SPACES.find((candidate) => candidate !== space.id) as SimulatedSpace
    const call = () => {
      switch (kind) {
        case 'note':
          return space.mutate.note({ id, text: id })
        case 'count':
          return space.mutate.count({ operation: id })
        case 'move':
          return space.mutate.move({ operation: id, to: other })
        case 'hide':
          return space.mutate.hide({ id, text: id })
        case 'forge':
          // Somebody else's note, if there is one: fine here, forbidden there. Without one it is refused at the call.
          return space.mutate.patch({ c: 'notes', id: this.#noteOfAnother(device, operation.space), set: { text: id } })
      }
    }
    this.operations.push(operation)
    call().then(
      () => {
        operation.saved = true
      },
      () => {},
    )
  }

  /** Changes a line, or deletes it. What becomes of it is held against the log alone. */
  scribble(device: Device): void {
    const space = device.spaces.get(this.random.pick(SPACES))
    const id = `line-${this.random.between(0, 20)}`
    const doc = { text: `${this.random.between(0, 1e9)}`, by: device.user }
    const done = this.random.chance(0.3) ? space?.mutate.delete({ c: 'lines', id }) : space?.mutate.put({ c: 'lines', id, doc })
    // A crash takes its answer with it.
    done?.catch(() => {})
  }

  scrollUp(device: Device): void {
    const page = device.spaces.get(this.random.pick(SPACES))?.lines.older({ limit: this.random.between(1, 6) })
    page?.then(
      ({ added }: Older) => {
        if (added > 0) this.pagesTaken++
      },
      () => {},
    )
  }

  heal(): void {
    this.network.faults = FAIR
    this.issuer.faults = { ...this.issuer.faults, fails: 0, delayMsMax: 0 }
    this.startServer()
    for (const device of this.devices) this.startDevice(device)
  }

  set faults(faults: NetworkFaults) {
    this.network.faults = faults
  }

  #noteOfAnother(device: Device, space: SimulatedSpace): string {
    const note = this.operations.find(
      ({ kind, space: where, device: whose }) => kind === 'note' && where === space && this.#userOf(whose) !== device.user,
    )
    return note?.id ?? 'nobody'
  }

  #userOf(name: string): string | undefined {
    return this.devices.find((device) => device.name === name)?.user
  }
}

function noTables(): never {
  throw new Error('a simulated device reads its storage')
}
