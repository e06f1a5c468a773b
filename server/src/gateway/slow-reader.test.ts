import { describe, expect, it } from 'vitest'
import { GatewayWorld, mutate } from '../../test/gateway-world.ts'

describe('a slow reader', () => {
  it('[B5] is told behind in place of the range, and the space counts in no sum', async () => {
    const world = new GatewayWorld({ bufferedBytesMax: 1000 })
    const socket = await world.greet('alice', { 'room:a': [0, ''] })
    socket.stalled = true
    world.backend.padding = 'x'.repeat(600)
    for (let n = 0; n < 20; n++) {
      world.backend.commit('room:a', `${n}`)
      await world.clock.pass(100)
    }
    expect(socket.all('behind')).toEqual([{ t: 'behind', space: 'room:a', head: 3 }])
    expect(socket.order.slice(-1)).toEqual(['behind'])
    expect(socket.bufferedBytes).toBeLessThan(3000)
    socket.drain()
    socket.say({ t: 'beat', nextS: 60 })
    await world.clock.pass(100)
    expect(socket.last('beat')?.sum).toBe(0)
    expect(world.counts.behind).toBe(1)
  })

  it('[B5] after its behind follows again from where it pulled to', async () => {
    const world = new GatewayWorld({ bufferedBytesMax: 10 })
    const socket = await world.greet('alice', { 'room:a': [0, ''] })
    socket.stalled = true
    for (let n = 0; n < 3; n++) {
      world.backend.commit('room:a', `${n}`)
      await world.clock.pass(100)
    }
    socket.drain()
    const { seal } = world.backend.commits('room:a')[2] ?? { seal: '' }
    socket.say({ t: 'follow', spaces: { 'room:a': [3, seal] } })
    await world.clock.pass(0)
    expect(socket.last('range')).toMatchObject({ from: 3, to: 3 })
  })

  it('keeps nobody else waiting', async () => {
    const world = new GatewayWorld({ bufferedBytesMax: 10 })
    const slow = await world.greet('alice', { 'room:a': [0, ''] })
    const quick = await world.greet('bob', { 'room:a': [0, ''] })
    slow.stalled = true
    for (let n = 0; n < 5; n++) {
      world.backend.commit('room:a', `${n}`)
      await world.clock.pass(100)
    }
    expect(quick.last('range')?.to).toBe(5)
  })

  it('one far behind is pushed page by page, each when it took the one before', async () => {
    const world = new GatewayWorld({ catchUpBufferedBytes: 10 })
    world.backend.pageMax = 2
    for (let n = 0; n < 10; n++) world.backend.commit('room:a', `${n}`)
    const socket = world.connect()
    socket.stalled = true
    socket.say({ t: 'hello', client: `c_${'A'.repeat(22)}`, token: 'alice', spaces: { 'room:a': [0, ''] }, nextS: 60, app: '1' })
    await world.clock.pass(100)
    // The welcome alone fills the little room there is.
    expect(socket.order).toEqual(['welcome'])
    for (let page = 1; page <= 5; page++) {
      socket.drain()
      socket.stalled = true
      await world.clock.pass(100)
      expect(socket.all('range').at(-1)?.to).toBe(2 * page)
    }
  })

  it('one too far behind to be pushed is told behind', async () => {
    const world = new GatewayWorld({ catchUpBytesMax: 2500 })
    world.backend.pageMax = 2
    world.backend.padding = 'x'.repeat(400)
    for (let n = 0; n < 50; n++) world.backend.commit('room:a', `${n}`)
    const socket = await world.greet('alice', { 'room:a': [0, ''] })
    expect(socket.order).toEqual(['welcome', 'range', 'range', 'range', 'behind'])
    expect(socket.last('behind')).toEqual({ t: 'behind', space: 'room:a', head: 50 })
  })

  it('of acks is not read any further, and is cut off past the last bound', async () => {
    const world = new GatewayWorld({ bufferedBytesMax: 500, bufferedBytesCutOff: 5000, queueFramesMax: 10 })
    const socket = await world.greet('alice', {})
    socket.stalled = true
    for (let n = 1; n <= 200; n++) socket.say(mutate(n))
    await world.clock.pass(1000)
    expect(socket.paused).toBe(true)
    expect(socket.all('ack').length).toBeLessThan(10)
    socket.drain()
    await world.clock.pass(1000)
    expect(socket.paused).toBe(false)
    expect(socket.all('ack')).toHaveLength(200)
    socket.stalled = true
    world.gateway.accept(socket)
    socket.bufferedBytes = 6000
    socket.say({ t: 'beat', nextS: 60 })
    await world.clock.pass(0)
    expect(socket.terminated).toBe(true)
  })

  it('asks for a few of its many spaces at a time', async () => {
    const world = new GatewayWorld({ asksPerConnectionMax: 3 })
    let inHand = 0
    let most = 0
    const range = world.backend.range.bind(world.backend)
    world.backend.range = async (...args) => {
      most = Math.max(most, ++inHand)
      const answer = await range(...args)
      await new Promise((resolve) => setImmediate(resolve))
      inHand--
      return answer
    }
    const spaces = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`room:${n}`, [0, ''] as [number, string]]))
    const socket = await world.greet('alice', spaces)
    for (let turn = 0; turn < 60; turn++) await world.clock.pass(1)
    expect(socket.all('range')).toHaveLength(50)
    expect(most).toBe(3)
  })
})
