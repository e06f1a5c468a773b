import { describe, expect, it } from 'vitest'
import { GatewayWorld } from '../../test/gateway-world.ts'

describe('the token of a connection', () => {
  it('that ends closes it with 4401, after saying so', async () => {
    const world = new GatewayWorld()
    world.backend.expiresAtMs = world.clock.nowMs() + 30_000
    const socket = await world.greet('alice', { 'room:a': [0, ''] })
    await world.clock.pass(29_999)
    expect(socket.closed).toBeUndefined()
    await world.clock.pass(1)
    expect(socket.last('error')?.error.code).toBe('token-expired')
    expect(socket.closed?.code).toBe(4401)
  })

  it('[§5] that ends soon is announced once, with the time that is left; a fresh one in place is announced anew', async () => {
    const world = new GatewayWorld()
    world.backend.expiresAtMs = world.clock.nowMs() + 90_000
    const socket = await world.greet('alice', {})
    const notices = () => socket.all('error').map(({ error }) => [error.code, error.afterMs])
    await world.clock.pass(29_999)
    expect(notices()).toEqual([])
    await world.clock.pass(20_000)
    expect(notices()).toEqual([['token-expired', 60_000]])
    world.backend.expiresAtMs = world.clock.nowMs() + 100_000
    socket.say({ t: 'auth', token: 'alice' })
    await world.clock.pass(50_000)
    expect(notices()).toEqual([
      ['token-expired', 60_000],
      ['token-expired', 60_000],
    ])
    expect(socket.closed).toBeUndefined()
  })

  it('is renewed in place, and the new end counts', async () => {
    const world = new GatewayWorld()
    world.backend.expiresAtMs = world.clock.nowMs() + 30_000
    const socket = await world.greet('alice', {})
    world.backend.expiresAtMs = world.clock.nowMs() + 60_000
    socket.say({ t: 'auth', token: 'alice' })
    await world.clock.pass(59_000)
    expect(socket.closed).toBeUndefined()
    await world.clock.pass(1_000)
    expect(socket.closed?.code).toBe(4401)
  })

  it('renewed with an earlier end closes at that one', async () => {
    const world = new GatewayWorld()
    const socket = await world.greet('alice', {})
    world.backend.expiresAtMs = world.clock.nowMs() + 5_000
    socket.say({ t: 'auth', token: 'alice' })
    await world.clock.pass(5_000)
    expect(socket.closed?.code).toBe(4401)
  })

  it('a bad one in its place is refused, and the connection goes on with the old one', async () => {
    const world = new GatewayWorld()
    const socket = await world.greet('alice', { 'room:a': [0, ''] })
    socket.say({ t: 'auth', token: 'bad' })
    await world.clock.pass(0)
    expect(socket.last('error')?.error.code).toBe('unauthenticated')
    world.backend.commit('room:a', 'one')
    await world.clock.pass(100)
    expect(socket.last('range')?.to).toBe(1)
  })

  it.each(['bob', 'alice@elsewhere'])('of %s on a connection of alice closes it with 4403', async (token) => {
    const world = new GatewayWorld()
    const socket = await world.greet('alice', {})
    socket.say({ t: 'auth', token })
    await world.clock.pass(0)
    expect(socket.closed?.code).toBe(4403)
  })
})
