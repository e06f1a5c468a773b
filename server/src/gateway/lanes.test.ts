import { ForbiddenError } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { tickFrame } from '../../test/fake-backend.ts'
import type { FakeSocket } from '../../test/fake-socket.ts'
import { GatewayWorld, mutate } from '../../test/gateway-world.ts'
import type { GatewayBounds } from './bounds.ts'

const SPACE = 'room:a'
const LANE = 'danmu'

/** A world with one lane, `danmu` of room:a, in whose ring these ticks are. */
function worldOf({ ring = [], ...bounds }: Partial<GatewayBounds> & { ring?: number[] } = {}): GatewayWorld {
  const world = new GatewayWorld(bounds)
  world.backend.lanes.set(
    `${SPACE} ${LANE}`,
    ring.map((tick) => ({ tick, texts: [`of ${tick}`] })),
  )
  return world
}

function follow(world: GatewayWorld, user: string, { since = 0, ...more }: { since?: number; [field: string]: unknown } = {}) {
  return world.greet(user, { [SPACE]: [0, ''] }, { lanes: { [SPACE]: { [LANE]: since } }, ...more })
}

const ticksOf = (socket: FakeSocket) => socket.all('tick').map(({ tick }) => tick)
const codes = (socket: FakeSocket) => socket.all('error').map(({ error }) => error.code)

describe('a lane is followed', () => {
  it('[L4] by hello: it is answered by how it runs and the ticks of its ring after the stated one, and then by each new one', async () => {
    const world = worldOf({ ring: [1000, 2000, 3000] })
    const socket = await follow(world, 'alice', { since: 1000 })
    expect(socket.last('lane')).toEqual({ t: 'lane', space: SPACE, lane: LANE, tickMs: 1000, cap: 100 })
    expect(ticksOf(socket)).toEqual([2000, 3000])
    expect(socket.order.indexOf('lane')).toBeLessThan(socket.order.indexOf('tick'))
    world.backend.merge(SPACE, LANE, 4000, ['hi'])
    expect(ticksOf(socket)).toEqual([2000, 3000, 4000])
  })

  it('[L4] by follow, of a space that an earlier frame follows', async () => {
    const world = worldOf({ ring: [1000] })
    const socket = await world.greet('alice', { [SPACE]: [0, ''] })
    socket.say({ t: 'follow', spaces: {}, lanes: { [SPACE]: { [LANE]: 0 } } })
    await world.clock.pass(0)
    expect(ticksOf(socket)).toEqual([1000])
  })

  it('[L4] only of a space that is followed: another one is bad-request, and a lane that the kind has not is not-found', async () => {
    const world = worldOf()
    const socket = await world.greet('alice', {}, { lanes: { [SPACE]: { [LANE]: 0 } } })
    expect(codes(socket)).toEqual(['bad-request'])
    socket.say({ t: 'follow', spaces: { [SPACE]: [0, ''] }, lanes: { [SPACE]: { cellar: 0 } } })
    await world.clock.pass(0)
    expect(codes(socket)).toEqual(['bad-request', 'not-found'])
    expect(socket.last('lane')).toBeUndefined()
  })

  it('[L4] of many spaces that are not followed: one frame is told so once', async () => {
    const world = worldOf({ ring: [1000] })
    const others = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`room:x${n}`, { [LANE]: 0 }]))
    const socket = await follow(world, 'alice', { lanes: { ...others, [SPACE]: { [LANE]: 0 } } })
    expect(codes(socket)).toEqual(['bad-request'])
    expect(ticksOf(socket)).toEqual([1000])
  })

  it('of a space that is denied by the same frame: the denial says it all', async () => {
    const world = worldOf({ ring: [1000] })
    world.backend.denied.set(`alice ${SPACE}`, new ForbiddenError('no'))
    const socket = await follow(world, 'alice')
    expect(socket.order).toEqual(['welcome', 'denied'])
  })

  it('again: from where the client says that it stands, and each new tick comes once', async () => {
    const world = worldOf({ ring: [1000, 2000] })
    const socket = await follow(world, 'alice')
    socket.say({ t: 'follow', spaces: {}, lanes: { [SPACE]: { [LANE]: 1000 } } })
    await world.clock.pass(0)
    world.backend.merge(SPACE, LANE, 3000, ['hi'])
    expect(ticksOf(socket)).toEqual([1000, 2000, 2000, 3000])
  })

  it('a tick that is merged while the ring is read comes once, in its place', async () => {
    const world = worldOf({ ring: [1000] })
    const gate = Promise.withResolvers<void>()
    world.backend.laneGate = gate.promise
    const socket = await follow(world, 'alice')
    // Merged after the ring was read, and one that the answer has already.
    world.bus.publish({ tenant: 'default', space: SPACE, lane: LANE, frame: tickFrame(SPACE, LANE, 1000, ['of 1000']), tick: 1000 })
    world.backend.merge(SPACE, LANE, 2000, ['hi'])
    expect(ticksOf(socket)).toEqual([])
    gate.resolve()
    await world.clock.pass(0)
    expect(ticksOf(socket)).toEqual([1000, 2000])
  })

  it('how it runs comes again when that changes', async () => {
    const world = worldOf()
    const socket = await follow(world, 'alice')
    const frame = JSON.stringify({ t: 'lane', space: SPACE, lane: LANE, tickMs: 500, cap: 10, stopped: true })
    world.bus.publish({ tenant: 'default', space: SPACE, lane: LANE, frame })
    expect(socket.all('lane').map(({ tickMs, stopped }) => [tickMs, stopped])).toEqual([
      [1000, undefined],
      [500, true],
    ])
  })

  it('of one tenant alone, by all of its followers: one text, built by nobody here', async () => {
    const world = worldOf()
    const sockets = [await follow(world, 'alice'), await follow(world, 'bob'), await follow(world, 'eve@other')]
    const frame = tickFrame(SPACE, LANE, 1000, ['hi'])
    world.bus.publish({ tenant: 'default', space: SPACE, lane: LANE, frame, tick: 1000 })
    expect(sockets.map(({ texts }) => texts.at(-1) === frame)).toEqual([true, true, false])
  })

  it('up to a number a connection, and no more questions than that are under way', async () => {
    const world = worldOf({ lanesMax: 3 })
    const lanes = Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((lane) => [lane, 0]))
    for (const lane of Object.keys(lanes)) world.backend.lanes.set(`${SPACE} ${lane}`, [])
    const socket = await world.greet('alice', { [SPACE]: [0, ''] }, { lanes: { [SPACE]: lanes } })
    expect(socket.all('lane')).toHaveLength(3)
    expect(codes(socket)).toEqual(['rate-limited'])
    socket.say({ t: 'follow', spaces: {}, lanes: { [SPACE]: { d: 0 } } })
    await world.clock.pass(0)
    expect(codes(socket)).toEqual(['rate-limited', 'too-large'])
    socket.say({ t: 'unfollow', spaces: [], lanes: { [SPACE]: ['a'] } })
    socket.say({ t: 'follow', spaces: {}, lanes: { [SPACE]: { d: 0 } } })
    await world.clock.pass(0)
    expect(socket.all('lane').map(({ lane }) => lane)).toEqual(['a', 'b', 'c', 'd'])
  })

  it('[B12] by no probe, which may not say anything either', async () => {
    const world = worldOf({ ring: [1000] })
    const beside = await world.greet('bob', {}, { lanes: { [SPACE]: { [LANE]: 0 } }, probe: true })
    expect(beside.order).toEqual(['welcome'])
    const socket = await follow(world, 'alice', { probe: true })
    socket.say({ t: 'say', space: SPACE, lane: LANE, n: 1, body: {} })
    await world.clock.pass(0)
    expect([socket.order, socket.last('said')?.error?.code, world.backend.said]).toEqual([['welcome', 'said'], 'bad-request', []])
  })
})

describe('the follow of a lane ends', () => {
  it('[L4] with unfollow of it, or of its space', async () => {
    for (const unfollow of [{ spaces: [], lanes: { [SPACE]: [LANE] } }, { spaces: [SPACE] }]) {
      const world = worldOf()
      const socket = await follow(world, 'alice')
      socket.say({ t: 'unfollow', ...unfollow })
      await world.clock.pass(0)
      world.backend.merge(SPACE, LANE, 1000, ['hi'])
      expect(ticksOf(socket)).toEqual([])
    }
  })

  it('[L4] with denied of its space, as soon as its rights are said to have changed', async () => {
    const world = worldOf()
    const [socket, other] = [await follow(world, 'alice'), await follow(world, 'bob')]
    world.backend.denied.set(`alice ${SPACE}`, new ForbiddenError('no'))
    world.bus.publish({ tenant: 'default', user: 'alice' })
    await world.clock.pass(0)
    world.backend.merge(SPACE, LANE, 1000, ['hi'])
    expect([socket.order.at(-1), ticksOf(socket), ticksOf(other)]).toEqual(['denied', [], [1000]])
  })

  it('[L4] not with behind; and its rights are looked at all the same', async () => {
    const world = worldOf({ bufferedBytesMax: 1000, ticksBufferedBytesMax: 10_000 })
    const socket = await follow(world, 'alice')
    socket.stalled = true
    world.backend.padding = 'x'.repeat(2000)
    world.backend.commit(SPACE, 'a')
    await world.clock.pass(50)
    world.backend.commit(SPACE, 'b')
    await world.clock.pass(50)
    expect(socket.order.at(-1)).toBe('behind')
    socket.drain()
    world.backend.merge(SPACE, LANE, 1000, ['hi'])
    expect(ticksOf(socket)).toEqual([1000])
    world.backend.denied.set(`alice ${SPACE}`, new ForbiddenError('no'))
    await world.gateway.check()
    expect(socket.order.at(-1)).toBe('denied')
    world.backend.merge(SPACE, LANE, 2000, ['hi'])
    expect(ticksOf(socket)).toEqual([1000])
  })

  it('with its connection, and nothing of it is left', async () => {
    const world = worldOf()
    const socket = await follow(world, 'alice')
    socket.events?.closed()
    world.backend.merge(SPACE, LANE, 1000, ['hi'])
    expect(ticksOf(socket)).toEqual([])
  })

  it('while its ring is on its way: that is not sent', async () => {
    const world = worldOf({ ring: [1000] })
    const gate = Promise.withResolvers<void>()
    world.backend.laneGate = gate.promise
    const socket = await follow(world, 'alice')
    socket.say({ t: 'unfollow', spaces: [SPACE] })
    await world.clock.pass(0)
    gate.resolve()
    await world.clock.pass(0)
    expect([socket.last('lane'), codes(socket)]).toEqual([undefined, []])
  })
})

describe('ticks and what is slow', () => {
  it('[L4] a reader that does not take what it is sent misses ticks, and takes part again when it has', async () => {
    const world = worldOf({ ticksBufferedBytesMax: 300 })
    const [slow, other] = [await follow(world, 'alice'), await follow(world, 'bob')]
    slow.stalled = true
    for (const tick of [1000, 2000, 3000, 4000]) world.backend.merge(SPACE, LANE, tick, ['x'.repeat(200)])
    expect([ticksOf(slow), ticksOf(other)]).toEqual([[1000], [1000, 2000, 3000, 4000]])
    expect(world.counts.tickMissed).toBe(3)
    slow.drain()
    world.backend.merge(SPACE, LANE, 5000, ['x'])
    expect(ticksOf(slow)).toEqual([1000, 5000])
  })

  it('a ring that is long is sent as far as there is room, the newest of it', async () => {
    const ring = [1000, 2000, 3000, 4000]
    const world = worldOf({ ring, ringCharactersMax: 2.5 * tickFrame(SPACE, LANE, 1000, ['of 1000']).length })
    expect(ticksOf(await follow(world, 'alice'))).toEqual([3000, 4000])
  })

  it('[L3] a lane that does not answer holds up neither ranges nor mutations nor beats, and is unavailable in the end', async () => {
    const world = worldOf({ ring: [1000] })
    world.backend.laneGate = new Promise(() => {})
    const socket = await follow(world, 'alice')
    socket.say(mutate(1))
    socket.say({ t: 'beat', nextS: 60 })
    await world.clock.pass(0)
    expect(socket.order).toEqual(['welcome', 'range', 'ack', 'range', 'beat'])
    await world.clock.pass(3000)
    expect(codes(socket)).toEqual(['unavailable'])
  })

  it('[L3] a crowd is given a tick in several turns of the event loop; ticks keep their order for each of it', async () => {
    const world = worldOf({ tickReadersPerTurn: 2 })
    const sockets = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((user) => follow(world, user)))
    let turns = 0
    world.turn = async () => {
      turns++
      if (turns === 1) world.backend.merge(SPACE, LANE, 2000, ['second'])
      await Promise.resolve()
    }
    world.backend.merge(SPACE, LANE, 1000, ['first'])
    await world.clock.pass(0)
    expect(turns).toBe(5)
    for (const socket of sockets) expect(ticksOf(socket)).toEqual([1000, 2000])
  })

  it('[L3] ticks of several lanes that end in one moment share the turns, one lane after the other, and one that never ends keeps none waiting', async () => {
    const world = worldOf({ tickReadersPerTurn: 2 })
    const lanes = ['one', 'two', 'three']
    for (const lane of lanes) world.backend.lanes.set(`${SPACE} ${lane}`, [])
    const stated = { [SPACE]: { one: 0, two: 0, three: 0 } }
    const sockets = await Promise.all(['a', 'b'].map((user) => world.greet(user, { [SPACE]: [0, ''] }, { lanes: stated })))
    const given = () => sockets.flatMap((socket) => socket.all('tick')).length
    const perTurn: number[] = []
    world.turn = async () => {
      perTurn.push(given() - perTurn.reduce((sum, number) => sum + number, 0))
      if (perTurn.length < 10) world.backend.merge(SPACE, 'one', 2000 + perTurn.length, ['on and on'])
      await Promise.resolve()
    }
    for (const lane of lanes) world.backend.merge(SPACE, lane, 1000, ['hi'])
    await world.clock.pass(0)
    expect(Math.max(...perTurn)).toBe(2)
    const firstOf = (lane: string) => sockets[0]?.all('tick').findIndex((tick) => tick.lane === lane)
    // Of the first of them there was more at once.
    expect(lanes.map(firstOf)).toEqual([0, 2, 3])
  })

  it('[L3] a connection that breaks while it is given a tick keeps it from nobody else', async () => {
    const world = worldOf()
    const [broken, other] = [await follow(world, 'alice'), await follow(world, 'bob')]
    broken.send = () => {
      throw new Error('broken')
    }
    world.backend.merge(SPACE, LANE, 1000, ['hi'])
    world.backend.merge(SPACE, LANE, 2000, ['hi'])
    await world.clock.pass(0)
    expect(ticksOf(other)).toEqual([1000, 2000])
  })
})
