import { describe, expect, it } from 'vitest'
import { CLIENT, GatewayWorld } from '../../test/gateway-world.ts'

const HOW = { afterMs: [500, 1000] as const, finishMs: 2000, graceMs: 500 }

describe('stop', () => {
  it('says goaway, closes with 1001, and terminates who does not close', async () => {
    const world = new GatewayWorld()
    const polite = await world.greet('alice', { 'room:a': [0, ''] })
    const stalled = await world.greet('bob', {})
    let stopped = false
    void world.gateway.stop(HOW).then(() => {
      stopped = true
    })
    await world.clock.pass(0)
    expect(polite.last('goaway')?.afterMs).toEqual([500, 1000])
    expect(polite.closed?.code).toBe(1001)
    polite.events?.closed()
    await world.clock.pass(400)
    expect(stopped).toBe(false)
    await world.clock.pass(200)
    expect(stopped).toBe(true)
    expect(stalled.terminated).toBe(true)
    expect(polite.terminated).toBe(false)
  })

  it('lets the batch in hand be answered before the connection closes', async () => {
    const world = new GatewayWorld()
    const socket = await world.greet('alice', {})
    let open = () => {}
    world.backend.gate = new Promise((resolve) => {
      open = resolve
    })
    socket.say({
      t: 'mutate',
      client: CLIENT,
      on: '',
      mutations: [{ n: 1, nonce: '9f86d08188c0ffee', space: 'room:a', name: 'x', args: {} }],
    })
    void world.gateway.stop(HOW)
    await world.clock.pass(1000)
    expect(socket.closed).toBeUndefined()
    open()
    await world.clock.pass(100)
    expect(socket.order.slice(-2)).toEqual(['goaway', 'ack'])
    expect(socket.closed?.code).toBe(1001)
  })

  it('[B11] does not wait for a crowd that waits for its welcome', async () => {
    const world = new GatewayWorld({ hellosPerS: 10 })
    const sockets = Array.from({ length: 20 }, () => world.connect())
    for (const socket of sockets) socket.say({ t: 'hello', client: CLIENT, token: 'alice', spaces: {}, nextS: 60, app: '1' })
    await world.clock.pass(0)
    void world.gateway.stop(HOW)
    await world.clock.pass(0)
    for (const socket of sockets) expect(socket.closed?.code).toBe(1001)
    expect(sockets.filter((socket) => socket.order.join() === 'goaway')).toHaveLength(19)
  })

  it('leaves no timer and no listener behind', async () => {
    const world = new GatewayWorld()
    const socket = await world.greet('alice', { 'room:a': [0, ''] })
    world.backend.commit('room:a', 'one')
    void world.gateway.stop(HOW)
    socket.events?.closed()
    await world.clock.pass(60_000)
    expect(world.clock.timers).toBe(0)
    expect(world.bus.listeners).toBe(0)
    expect(world.gateway.connections).toBe(0)
  })

  it('a connection that ends while its hello is with the backend leaves nothing behind', async () => {
    const world = new GatewayWorld()
    let open = () => {}
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    const asked = world.backend.open.bind(world.backend)
    world.backend.open = (...args) => gate.then(() => asked(...args))
    const socket = await world.greet('alice', { 'room:a': [0, ''] })
    socket.events?.closed()
    open()
    await world.clock.pass(100)
    world.backend.asked.length = 0
    world.backend.commit('room:a', 'one')
    await world.clock.pass(20_000)
    expect(world.backend.asked.filter(({ what }) => what !== 'differing')).toEqual([])
    expect(socket.texts).toEqual([])
  })

  it('a connection that ended is asked for no more, whatever it followed', async () => {
    const world = new GatewayWorld()
    const socket = await world.greet('alice', { 'room:a': [0, ''] })
    socket.events?.closed()
    world.backend.asked.length = 0
    world.backend.commit('room:a', 'one')
    await world.clock.pass(20_000)
    expect(world.backend.asked).toEqual([])
  })
})
