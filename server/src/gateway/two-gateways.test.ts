import type { JsonObject } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { app, BackendWorld, user } from '../../test/backend-world.ts'
import { LiveClient } from '../../test/live-client.ts'
import { UNCOUNTED, UNTOLD } from '../../test/uncounted.ts'
import type { Bus } from '../bus/bus.ts'
import { SILENT } from '../observe/log.ts'
import type { GatewayBounds } from './bounds.ts'
import { createGateway, type Gateway } from './gateway.ts'

// Two gateways over one backend in one process, with a bus between that drops half of its hints and doubles the rest, late.
// Clients come and go between the two, some lose ranges, some are told behind. In the end every copy is what the backend holds.

const SPACES = ['open:a', 'open:b', 'mixed:c']
const NAMES = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank']

/** Chance that a failing seed repeats: a linear congruential generator (Numerical Recipes). */
function chanceOf(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

function badBus(world: BackendWorld, draw: (below: number) => number): Bus {
  return {
    publish: (hint) => world.bus.publish(hint),
    subscribe: (listener) =>
      world.bus.subscribe((hint) => {
        if (draw(2) === 0) return
        for (let copy = 0; copy < 2; copy++) world.clock.after(draw(3000), () => listener(hint))
      }),
  }
}

function gatewayOf(world: BackendWorld, bus: Bus, bounds: Partial<GatewayBounds> = {}): Gateway {
  return createGateway({
    backend: world.backend,
    bus,
    clock: world.clock,
    turn: async () => {},
    log: SILENT,
    metrics: UNCOUNTED,
    presence: UNTOLD,
    bounds,
  })
}

async function truth(world: BackendWorld, name: string, space: string): Promise<{ version: number; documents: JsonObject }> {
  const reader = new LiveClient(world, user(name), [space])
  const quiet = gatewayOf(world, world.bus)
  reader.connect(quiet)
  await world.clock.pass(100)
  const copy = reader.copies.get(space)
  if (copy === undefined) throw new Error('no copy')
  return { version: copy.standing.version, documents: copy.documents }
}

async function expectConverged(world: BackendWorld, clients: readonly LiveClient[]): Promise<void> {
  for (const [at, client] of clients.entries()) {
    for (const [space, copy] of client.copies) {
      const name = NAMES[at] ?? ''
      expect({ name, space, version: copy.standing.version, documents: copy.documents }).toEqual({
        name,
        space,
        ...(await truth(world, name, space)),
      })
    }
  }
}

describe('two gateways over one backend', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])(
    'converge though half of the hints are lost and the rest comes twice (seed %i)',
    async (seed) => {
      const draw = chanceOf(seed)
      const world = new BackendWorld({ app })
      const gateways = [
        gatewayOf(world, badBus(world, draw)),
        gatewayOf(world, badBus(world, draw), { catchUpBytesMax: 300, pageBytesMax: 200 }),
      ]
      const clients = NAMES.map((name) => new LiveClient(world, user(name), SPACES))
      for (const client of clients) {
        client.loses = (frame) => frame.t === 'range' && draw(10) === 0
        client.connect(gateways[draw(2)] as Gateway)
      }
      for (let step = 0; step < 60; step++) {
        const writer = user(NAMES[draw(NAMES.length)] ?? 'alice')
        const id = `d${draw(8)}`
        const at = draw(4)
        if (at === 0) await world.put(writer, 'open:a', 'notes', id, { text: `${step}` })
        else if (at === 1) await world.put(writer, 'open:b', 'notes', id, { text: `${step}`.repeat(40) })
        else if (at === 2) await world.put(writer, 'mixed:c', 'mine', `${writer.user}-${id}`, { text: `of ${writer.user}` })
        else await world.delete(writer, 'open:a', 'notes', id)
        if (draw(6) === 0) clients[draw(clients.length)]?.connect(gateways[draw(2)] as Gateway)
        if (draw(4) === 0) clients[draw(clients.length)]?.beat()
        await world.clock.pass(draw(500))
      }
      for (const client of clients) client.loses = () => false
      // Longer than one check of the gateways [B6], then one beat each [B1].
      await world.clock.pass(11_000)
      for (const client of clients) client.beat()
      await world.clock.pass(1000)
      await expectConverged(world, clients)
      // What the beat found is healed: the next one agrees.
      const alarms = clients.map((client) => client.alarms)
      for (const client of clients) client.beat()
      await world.clock.pass(1000)
      expect(clients.map((client) => client.alarms)).toEqual(alarms)
    },
  )

  it('converge with a bus that carries nothing at all, within one check', async () => {
    const world = new BackendWorld({ app })
    const deaf: Bus = { publish() {}, subscribe: () => () => {} }
    const gateways = [gatewayOf(world, deaf), gatewayOf(world, deaf)]
    const clients = NAMES.map((name) => new LiveClient(world, user(name), SPACES))
    for (const [at, client] of clients.entries()) client.connect(gateways[at % 2] as Gateway)
    await world.clock.pass(100)
    await world.put(user('alice'), 'open:a', 'notes', 'one', { text: 'hello' })
    await world.clock.pass(5_100)
    await expectConverged(world, clients)
  })

  it('a range withheld from one client is found by the next beat', async () => {
    const world = new BackendWorld({ app })
    const gateway = gatewayOf(world, world.bus)
    const client = new LiveClient(world, user('alice'), ['open:a'])
    client.connect(gateway)
    await world.clock.pass(100)
    client.loses = ({ t }) => t === 'range'
    await world.put(user('bob'), 'open:a', 'notes', 'one', { text: 'hello' })
    await world.clock.pass(100)
    client.loses = () => false
    expect(client.copies.get('open:a')?.standing.version).toBe(0)
    client.beat()
    await world.clock.pass(100)
    expect(client.alarms).toBe(1)
    await expectConverged(world, [client])
  })
})
