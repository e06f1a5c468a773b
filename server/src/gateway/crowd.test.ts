// Goal: hellos that come together are answered at a pace [B11]. Method: a gateway over a fake backend, under a virtual clock.
import { describe, expect, it } from 'vitest'
import type { FakeSocket } from '../../test/fake-socket.ts'
import { CLIENT, GatewayWorld } from '../../test/gateway-world.ts'

const clientOf = (n: number) => `c_${String(n).padStart(22, 'A')}`

describe('a crowd', () => {
  const come = async (world: GatewayWorld, count: number): Promise<FakeSocket[]> => {
    const sockets = Array.from({ length: count }, () => world.connect())
    for (const [n, socket] of sockets.entries())
      socket.say({ t: 'hello', client: clientOf(n), token: `u${n}`, spaces: { 'room:a': [0, ''] }, nextS: 60, app: '1' })
    await world.clock.pass(0)
    return sockets
  }
  const welcomed = (sockets: readonly FakeSocket[]) => sockets.filter((socket) => socket.last('welcome') !== undefined).length

  it('[B11] is welcomed at the pace that is set, in the order in which it came, what each lacks included', async () => {
    const world = new GatewayWorld({ hellosPerS: 100 })
    const sockets = await come(world, 300)
    expect(welcomed(sockets)).toBe(10)
    await world.clock.pass(1000)
    expect(welcomed(sockets)).toBe(110)
    expect(sockets.slice(0, 110).every((socket) => socket.order.join() === 'welcome,range')).toBe(true)
    await world.clock.pass(1900)
    expect(welcomed(sockets)).toBe(300)
    expect(world.counts.admitted).toBe(300)
    expect(world.counts.sentAway).toBeUndefined()
  })

  it('[B11] who would wait for more than 4 s is told its place behind them, and closed with 4503; who comes then is welcomed', async () => {
    const world = new GatewayWorld({ hellosPerS: 100 })
    const sockets = await come(world, 1000)
    const away = sockets.filter((socket) => socket.last('goaway') !== undefined)
    expect(away).toHaveLength(1000 - 410)
    expect(away.every(({ closed }) => closed?.code === 4503)).toBe(true)
    expect(away[0]?.last('goaway')?.error).toMatchObject({ code: 'unavailable', retryable: true })
    const windows = away.map((socket) => socket.last('goaway')?.afterMs ?? [0, 0]) as [number, number][]
    expect(windows.map(([from]) => from)).toEqual(away.map((_, at) => 4010 + 10 * at))
    expect(world.counts.sentAway).toBe(away.length)
    const back: FakeSocket[] = []
    for (const [at, [from]] of windows.entries()) {
      await world.clock.pass(at === 0 ? from : 10)
      const socket = world.connect()
      socket.say({ t: 'hello', client: clientOf(1000 + at), token: `u${1000 + at}`, spaces: {}, nextS: 60, app: '1' })
      back.push(socket)
    }
    await world.clock.pass(4000)
    expect(welcomed(back)).toBe(back.length)
  })

  it('[B11] one address, however many hellos it sends, takes half of the pace: others are welcomed beside it', async () => {
    const world = new GatewayWorld({ hellosPerS: 100 })
    const flood: FakeSocket[] = []
    const hello = (n: number, address: string | undefined): FakeSocket => {
      const socket = world.connect(address)
      socket.say({ t: 'hello', client: clientOf(n), token: `u${n}`, spaces: {}, nextS: 3600, app: '1' })
      return socket
    }
    const others: FakeSocket[] = []
    for (let second = 0; second < 20; second++) {
      for (let n = 0; n < 500; n++) flood.push(hello(n, '203.0.113.9'))
      for (let n = 0; n < 10; n++) others.push(hello(n, `203.0.113.${n + 10}`), hello(n, undefined))
      await world.clock.pass(1000)
    }
    await world.clock.pass(4000)
    expect(welcomed(others)).toBe(others.length)
    expect(welcomed(flood)).toBe(100 + 50 * 19)
    expect(flood.at(-1)?.last('goaway')).toMatchObject({ afterMs: [5000, 60_000], error: { code: 'rate-limited' } })
    expect(flood.at(-1)?.closed?.code).toBe(4429)
  })

  it('who goes while it waits for its turn leaves nothing behind', async () => {
    const world = new GatewayWorld({ hellosPerS: 100 })
    const sockets = await come(world, 200)
    world.backend.asked.length = 0
    for (const socket of sockets) socket.events?.closed()
    await world.clock.pass(4000)
    expect(world.backend.asked).toEqual([])
    expect(world.gateway.connections).toBe(0)
  })

  it('who is served already does not wait for a crowd', async () => {
    const world = new GatewayWorld({ hellosPerS: 100 })
    const socket = await world.greet('alice', { 'room:a': [0, ''] })
    await come(world, 300)
    socket.forget()
    socket.say({ t: 'beat', nextS: 60 })
    await world.clock.pass(0)
    expect(socket.order).toEqual(['beat'])
  })
})

describe('a probe', () => {
  const probe = (world: GatewayWorld, user = 'alice', more: object = {}) =>
    world.greet(user, { 'room:a': [0, ''] }, { probe: true, nextS: 900, ...more })

  it('[B12] follows nothing, whatever it states, costs no range, and is beaten for', async () => {
    const world = new GatewayWorld()
    const socket = await probe(world)
    world.backend.commit('room:a', 'one')
    await world.clock.pass(10_000)
    expect(socket.last('welcome')?.heads).toEqual({})
    socket.say({ t: 'follow', spaces: { 'room:a': [0, ''] } })
    socket.say({
      t: 'mutate',
      client: CLIENT,
      on: '',
      mutations: [{ n: 1, nonce: '9f86d08188c0ffee', space: 'room:a', name: 'x', args: {} }],
    })
    socket.say({ t: 'beat', nextS: 900 })
    await world.clock.pass(0)
    expect(socket.order).toEqual(['welcome', 'error', 'error', 'beat'])
    expect(socket.last('error')?.error.code).toBe('bad-request')
    expect(socket.last('beat')?.sum).toBe(0)
    expect(world.backend.asked.filter(({ what }) => what === 'range' || what === 'mutate')).toEqual([])
  })

  it('[B12] of one device there is one: a newer one ends it, with 4429; other devices and the live connection stay', async () => {
    const world = new GatewayWorld()
    const live = await world.greet('alice', {})
    const [first, bob, other] = [await probe(world), await probe(world, 'bob'), await probe(world, 'alice', { client: clientOf(7) })]
    const second = await probe(world)
    expect(first.closed?.code).toBe(4429)
    const third = await probe(world)
    expect(second.closed?.code).toBe(4429)
    expect([live, bob, other, third].map(({ closed }) => closed)).toEqual([undefined, undefined, undefined, undefined])
    third.events?.closed()
    const fourth = await probe(world)
    expect(fourth.last('welcome')).toBeDefined()
    expect(world.gateway.connections).toBe(4)
  })

  it('[B4] is kept through the silence that it promised: 900 s and half as much again', async () => {
    const world = new GatewayWorld()
    const socket = await probe(world)
    await world.clock.pass(1_359_000)
    expect(socket.closed).toBeUndefined()
    await world.clock.pass(1000)
    expect(socket.closed?.code).toBe(4408)
  })
})
