import { describe, expect, it } from 'vitest'
import type { FakeSocket } from '../../test/fake-socket.ts'
import { GatewayWorld } from '../../test/gateway-world.ts'
import { PRESENCE_USERS_MAX } from '../lanes/presence-tracker.ts'
import { GATEWAY_BOUNDS, type GatewayBounds } from './bounds.ts'

const SPACE = 'live:1'
/** Connections in a crowd; presence-tracker.test.ts has as many as the protocol speaks of each time. */
const CROWD = process.env.CI === undefined ? 1000 : 10_000

/** A world in which the lane `presence` is answered by its tracker, as the backend does it. */
function worldOf(bounds: Partial<GatewayBounds> = {}): GatewayWorld {
  const world = new GatewayWorld(bounds)
  const { backend } = world
  const lane = backend.lane.bind(backend)
  backend.lane = async (principal, space, name, since) =>
    (name === 'presence' ? world.presence.ring(principal?.tenant ?? '', space, since) : undefined) ?? lane(principal, space, name, since)
  return world
}

function enter(world: GatewayWorld, user: string, more: object = {}): Promise<FakeSocket> {
  return world.greet(user, { [SPACE]: [0, ''] }, { lanes: { [SPACE]: { presence: 0 } }, ...more })
}

const told = (socket: FakeSocket) => socket.all('tick').map(({ items }) => items[0]?.body)
const newest = (socket: FakeSocket) => told(socket).at(-1)

describe('presence', () => {
  it('[L6] a new follower is told at once who is there, and everybody when that changes, at most once a second', async () => {
    const world = worldOf()
    const alice = await enter(world, 'alice')
    expect(told(alice)).toEqual([{ online: 1, users: ['alice'] }])
    const bob = await enter(world, 'bob')
    expect(told(bob)).toEqual([{ online: 1, users: ['alice'] }])
    await enter(world, 'carol')
    await world.clock.pass(999)
    expect(told(alice)).toHaveLength(1)
    await world.clock.pass(1)
    const all = { online: 3, users: ['alice', 'bob', 'carol'] }
    expect([newest(alice), newest(bob), told(alice).length]).toEqual([all, all, 2])
    await world.clock.pass(10_000)
    expect(told(alice)).toHaveLength(2)
  })

  it('[L6] counts each user once, however many connections are theirs, and no probe', async () => {
    const world = worldOf()
    const first = await enter(world, 'alice')
    const second = await enter(world, 'alice')
    await enter(world, 'bob', { probe: true })
    await world.clock.pass(2000)
    expect(newest(first)).toEqual({ online: 1, users: ['alice'] })
    second.events?.closed()
    await world.clock.pass(2000)
    expect(told(first)).toHaveLength(1)
  })

  it('[L6] who unfollows, is denied, or closes, is gone with the next tick', async () => {
    const world = worldOf()
    const watcher = await enter(world, 'watcher')
    const [a, b] = [await enter(world, 'a'), await enter(world, 'b')]
    await world.clock.pass(1000)
    a.say({ t: 'unfollow', spaces: [SPACE] })
    b.events?.closed()
    await world.clock.pass(1000)
    expect(newest(watcher)).toEqual({ online: 1, users: ['watcher'] })
  })

  it('[L6] who vanishes without a close is gone within 1.5 x the promised nextS + 10 s, and a second', async () => {
    const world = worldOf()
    const watcher = await enter(world, 'watcher', { nextS: 3600 })
    await enter(world, 'alice', { nextS: 20 })
    await world.clock.pass(1000)
    expect(newest(watcher)).toEqual({ online: 2, users: ['alice', 'watcher'] })
    await world.clock.pass(38_000)
    expect(newest(watcher)).toEqual({ online: 2, users: ['alice', 'watcher'] })
    await world.clock.pass(2000)
    expect(newest(watcher)).toEqual({ online: 1, users: ['watcher'] })
  })

  it('[L6] where more are there than can be named, it is told how many', async () => {
    const world = worldOf()
    const watcher = await enter(world, 'watcher')
    const others: FakeSocket[] = []
    for (let at = 1; at <= PRESENCE_USERS_MAX; at++) others.push(await enter(world, `u${at}`))
    await world.clock.pass(1000)
    expect(newest(watcher)).toEqual({ online: PRESENCE_USERS_MAX + 1 })
    others[0]?.events?.closed()
    await world.clock.pass(1000)
    expect(newest(watcher)).toMatchObject({ online: PRESENCE_USERS_MAX, users: expect.any(Array) })
  })

  it(`[L6] ${CROWD} who come within 10 s cost one frame a second`, async () => {
    const world = worldOf()
    const watcher = await enter(world, 'watcher', { nextS: 3600 })
    watcher.forget()
    const [steps, perStep] = [20, CROWD / 20]
    for (let step = 0; step < steps; step++) {
      for (let at = 0; at < perStep; at++) {
        const socket = world.connect()
        // Nobody looks at what these are sent.
        socket.send = () => {}
        socket.say({
          t: 'hello',
          client: `c_${'A'.repeat(22)}`,
          token: `u${step * perStep + at}`,
          spaces: { [SPACE]: [0, ''] },
          lanes: { [SPACE]: { presence: 0 } },
          nextS: 60,
          app: '1',
        })
      }
      await world.clock.pass(10_000 / steps)
    }
    await world.clock.pass(1000)
    expect(watcher.all('tick').length).toBeLessThanOrEqual(11)
    expect(newest(watcher)).toEqual({ online: CROWD + 1 })
  })

  it('who is behind counts as there until they follow again, or for a while', async () => {
    const world = worldOf({ bufferedBytesMax: 100, ticksBufferedBytesMax: 1_000_000 })
    const watcher = await enter(world, 'watcher', { nextS: 3600 })
    const slow = await world.greet('alice', { [SPACE]: [0, ''] }, { nextS: 3600 })
    const falls = async () => {
      slow.stalled = true
      slow.bufferedBytes = 200
      world.backend.commit(SPACE, 'x')
      await world.clock.pass(100)
      expect(slow.order.at(-1)).toBe('behind')
      slow.drain()
    }
    const both = { online: 2, users: ['alice', 'watcher'] }
    await falls()
    await world.clock.pass(GATEWAY_BOUNDS.presentBehindMs - 1000)
    slow.say({ t: 'follow', spaces: { [SPACE]: [0, ''] } })
    await world.clock.pass(5000)
    expect(newest(watcher)).toEqual(both)
    await falls()
    await world.clock.pass(GATEWAY_BOUNDS.presentBehindMs - 1000)
    expect(newest(watcher)).toEqual(both)
    await world.clock.pass(2000)
    expect(newest(watcher)).toEqual({ online: 1, users: ['watcher'] })
  })

  it('[L6] who is behind and then vanishes counts no longer than their silence may last', async () => {
    const world = worldOf({ bufferedBytesMax: 100, ticksBufferedBytesMax: 1_000_000 })
    const watcher = await enter(world, 'watcher', { nextS: 3600 })
    const slow = await world.greet('alice', { [SPACE]: [0, ''] }, { nextS: 2 })
    await world.clock.pass(5000)
    slow.stalled = true
    slow.bufferedBytes = 200
    world.backend.commit(SPACE, 'x')
    await world.clock.pass(100)
    expect(slow.order.at(-1)).toBe('behind')
    expect(newest(watcher)).toEqual({ online: 2, users: ['alice', 'watcher'] })
    await world.clock.pass(1.5 * 2000 + 10_000 - 5000)
    expect(newest(watcher)).toEqual({ online: 1, users: ['watcher'] })
  })

  it('who polls counts as there between two polls', async () => {
    const world = worldOf()
    const watcher = await enter(world, 'watcher', { nextS: 3600 })
    const polling = world.connect()
    Object.assign(polling, { isPoll: true })
    polling.say({ t: 'hello', client: `c_${'A'.repeat(22)}`, token: 'alice', spaces: { [SPACE]: [0, ''] }, nextS: 60, app: '1' })
    await world.clock.pass(1000)
    polling.events?.closed()
    await world.clock.pass(GATEWAY_BOUNDS.presentAfterPollMs - 1)
    expect(newest(watcher)).toEqual({ online: 2, users: ['alice', 'watcher'] })
    await world.clock.pass(1001)
    expect(newest(watcher)).toEqual({ online: 1, users: ['watcher'] })
  })

  it('of a space whose kind does not tell it is a lane that is not found', async () => {
    const world = worldOf()
    const socket = await world.greet('alice', { 'room:a': [0, ''] }, { lanes: { 'room:a': { presence: 0 } } })
    expect(socket.last('error')?.error.code).toBe('not-found')
  })
})
