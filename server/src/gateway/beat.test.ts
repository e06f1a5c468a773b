import { describe, expect, it } from 'vitest'
import { GatewayWorld } from '../../test/gateway-world.ts'

/** What the beat's sum must be for these places. Source: protocol [B1]. */
function sum(...standings: [number, string][]): number {
  return standings.reduce((total, [version, seal]) => total + version + 1 + Number.parseInt(seal.slice(0, 8), 16), 0)
}

describe('beat', () => {
  it('[B1] its sum counts version + 1 + the seal digits of every followed space', async () => {
    const world = new GatewayWorld()
    world.backend.commit('room:a', 'one')
    world.backend.commit('room:a', 'two')
    const socket = await world.greet('alice', { 'room:a': [0, ''], 'room:b': [0, ''] })
    socket.say({ t: 'beat', nextS: 60 })
    await world.clock.pass(0)
    const seal = world.backend.commits('room:a')[1]?.seal ?? ''
    expect(socket.last('beat')).toMatchObject({ sum: sum([2, seal], [0, '00000000']), nowMs: world.clock.nowMs() })
  })

  it('[B1] comes after whatever ranges this connection lacks, the gathered ones too', async () => {
    const world = new GatewayWorld({ gatherMs: 5000 })
    const socket = await world.greet('alice', { 'room:a': [0, ''] })
    world.backend.commit('room:a', 'one')
    await world.clock.pass(0)
    world.backend.commit('room:a', 'two')
    socket.forget()
    socket.say({ t: 'beat', nextS: 60 })
    await world.clock.pass(0)
    expect(socket.order.at(-1)).toBe('beat')
    expect(socket.all('range').at(-1)?.to).toBe(2)
  })

  it('[B1] is answered after the follow before it, though the backend is slow', async () => {
    const world = new GatewayWorld()
    world.backend.commit('room:a', 'one')
    const socket = await world.greet('alice', {})
    let open = () => {}
    world.backend.gate = new Promise((resolve) => {
      open = resolve
    })
    socket.say({ t: 'follow', spaces: { 'room:a': [0, ''] } })
    socket.say({ t: 'beat', nextS: 60 })
    await world.clock.pass(1000)
    expect(socket.order).toEqual(['welcome'])
    open()
    await world.clock.pass(0)
    expect(socket.order).toEqual(['welcome', 'heads', 'range', 'beat'])
    expect(socket.last('beat')?.sum).toBe(sum([1, world.backend.commits('room:a')[0]?.seal ?? '']))
  })

  it('is answered though commits never stop', async () => {
    const world = new GatewayWorld()
    const socket = await world.greet('alice', { 'room:a': [0, ''] })
    const range = world.backend.range.bind(world.backend)
    // Each read takes a while, and each time the head has moved on when it is there.
    world.backend.range = async (...args) => {
      const answer = await range(...args)
      world.backend.commit('room:a', 'more')
      return answer
    }
    world.backend.commit('room:a', 'first')
    socket.say({ t: 'beat', nextS: 60 })
    for (let turn = 0; turn < 20 && socket.last('beat') === undefined; turn++) await Promise.resolve().then(() => undefined)
    expect(socket.last('beat')).toBeDefined()
    world.backend.range = range
    await world.clock.pass(0)
  })

  it('is answered when a space that lacked something is denied instead', async () => {
    const world = new GatewayWorld()
    const socket = await world.greet('alice', { 'room:a': [0, ''] })
    world.backend.down = true
    world.backend.commit('room:a', 'one')
    socket.say({ t: 'beat', nextS: 60 })
    await world.clock.pass(0)
    expect(socket.last('denied')?.error).toMatchObject({ code: 'unavailable', afterMs: 1000 })
    expect(socket.last('beat')?.sum).toBe(0)
  })

  it('a space that is unfollowed counts in no sum', async () => {
    const world = new GatewayWorld()
    const socket = await world.greet('alice', { 'room:a': [0, ''], 'room:b': [0, ''] })
    socket.say({ t: 'unfollow', spaces: ['room:a'] })
    socket.say({ t: 'beat', nextS: 60 })
    await world.clock.pass(0)
    expect(socket.last('beat')?.sum).toBe(1)
  })

  it('a backend that never answers does not hold it for ever: the space is denied as unavailable', async () => {
    const world = new GatewayWorld()
    const socket = await world.greet('alice', { 'room:a': [0, ''] }, { nextS: 600 })
    world.backend.gate = new Promise(() => {})
    world.backend.commit('room:a', 'one')
    socket.say({ t: 'beat', nextS: 600 })
    await world.clock.pass(20_000)
    expect(socket.order.slice(-2)).toEqual(['denied', 'beat'])
  })

  it('[B4] silence of 1.5 x the promised nextS + 10 s closes; any frame before that keeps', async () => {
    const world = new GatewayWorld()
    const socket = await world.greet('alice', {}, { nextS: 60 })
    await world.clock.pass(90_000)
    socket.say({ t: 'beat', nextS: 20 })
    await world.clock.pass(39_999)
    expect(socket.closed).toBeUndefined()
    await world.clock.pass(1)
    expect(socket.closed?.code).toBe(4408)
    expect(world.clock.timers).toBe(1)
  })

  it('[B4] a promise longer than the limit counts as the limit', async () => {
    const world = new GatewayWorld()
    const socket = await world.greet('alice', {}, { nextS: 1e9 })
    await world.clock.pass(1.5 * 3_600_000 + 10_000)
    expect(socket.closed?.code).toBe(4408)
  })
})
