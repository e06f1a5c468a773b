import { ForbiddenError } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import type { FakeSocket } from '../../test/fake-socket.ts'
import { GatewayWorld, mutate } from '../../test/gateway-world.ts'
import { GATEWAY_BOUNDS } from './bounds.ts'

const { saysBurst, saysPerS, saysWaitingMax, answerWithinMs } = GATEWAY_BOUNDS
const say = (n: number, more: object = {}) => ({ t: 'say', space: 'live:1', lane: 'danmu', n, body: { text: `say ${n}` }, ...more })
const said = (socket: FakeSocket) => socket.all('said').map(({ n, id, error }) => [n, id ?? error?.code])

describe('say', () => {
  it('[L1] is answered by said, with the id that it bears, or one that the server made', async () => {
    const world = new GatewayWorld()
    const socket = await world.greet('alice', {})
    socket.say(say(1, { id: 'mine' }))
    socket.say(say(2))
    await world.clock.pass(0)
    expect(said(socket)).toEqual([
      [1, 'mine'],
      [2, 'made-2'],
    ])
    expect(world.backend.said[0]).toEqual({ space: 'live:1', lane: 'danmu', id: 'mine', body: { text: 'say 1' } })
    expect(world.counts.said).toBe(2)
  })

  it('[L1] what is refused is answered with why, and the next one is said', async () => {
    const world = new GatewayWorld()
    world.backend.judge = async ({ id }) => {
      if (id === 'bad') throw new ForbiddenError('blocked')
    }
    const socket = await world.greet('alice', {})
    socket.say(say(1, { id: 'bad' }))
    socket.say(say(2, { id: 'good' }))
    await world.clock.pass(0)
    expect(said(socket)).toEqual([
      [1, 'forbidden'],
      [2, 'good'],
    ])
  })

  it('[L3] that is not answered holds up no mutation and no beat, keeps its order, and is unavailable in the end', async () => {
    const world = new GatewayWorld()
    world.backend.judge = ({ id }) => (id === 'first' ? new Promise(() => {}) : Promise.resolve())
    const socket = await world.greet('alice', { 'live:1': [0, ''] })
    socket.say(say(1, { id: 'first' }))
    socket.say(say(2, { id: 'second' }))
    socket.say(mutate(1))
    socket.say({ t: 'beat', nextS: 60 })
    await world.clock.pass(0)
    expect([socket.all('ack').length, socket.all('beat').length, said(socket)]).toEqual([1, 1, []])
    await world.clock.pass(answerWithinMs)
    expect(said(socket)).toEqual([
      [1, 'unavailable'],
      [2, 'second'],
    ])
  })

  it('[L3] in a flood holds up no mutation, neither of the same connection nor of another one', async () => {
    const world = new GatewayWorld()
    world.backend.judge = () => new Promise((resolve) => world.clock.after(100, resolve))
    const [socket, other] = [await world.greet('alice', {}), await world.greet('bob', {})]
    for (let n = 1; n <= 2000; n++) socket.say(say(n))
    socket.say(mutate(1))
    other.say(mutate(1))
    await world.clock.pass(0)
    expect([socket.all('ack').length, other.all('ack').length]).toEqual([1, 1])
    await world.clock.pass(60_000)
    const taken = said(socket).filter(([, what]) => what !== 'rate-limited')
    expect([said(socket).length, taken.length]).toEqual([2000, saysWaitingMax + 1])
  })

  it('more than a budget is rate-limited, told when to say it again, and never reaches the backend', async () => {
    const world = new GatewayWorld()
    const socket = await world.greet('alice', {})
    for (let n = 1; n <= saysBurst + 3; n++) {
      socket.say(say(n))
      await world.clock.pass(0)
    }
    expect(said(socket).slice(saysBurst)).toEqual([1, 2, 3].map((more) => [saysBurst + more, 'rate-limited']))
    expect(socket.last('said')?.error?.afterMs).toBeGreaterThan(0)
    expect(world.backend.said).toHaveLength(saysBurst)
    await world.clock.pass(1000)
    socket.forget()
    for (let n = 1; n <= saysPerS + 1; n++) {
      socket.say(say(n))
      await world.clock.pass(0)
    }
    expect(said(socket).filter(([, what]) => what === 'rate-limited')).toEqual([[saysPerS + 1, 'rate-limited']])
  })

  it('waits for those before, up to a number, and up to as many characters', async () => {
    const world = new GatewayWorld()
    const gate = Promise.withResolvers<void>()
    world.backend.judge = () => gate.promise
    const socket = await world.greet('alice', {})
    for (let n = 1; n <= saysWaitingMax + 2; n++) socket.say(say(n))
    await world.clock.pass(0)
    expect(said(socket)).toEqual([[saysWaitingMax + 2, 'rate-limited']])
    const other = await world.greet('bob', {})
    other.say(say(1, { body: 'x'.repeat(40_000) }))
    other.say(say(2, { body: 'x'.repeat(40_000) }))
    other.say(say(3))
    await world.clock.pass(0)
    expect(said(other)).toEqual([[2, 'rate-limited']])
    gate.resolve()
    await world.clock.pass(0)
    expect(said(socket)).toHaveLength(saysWaitingMax + 2)
    expect(said(other).slice(1)).toEqual([
      [1, expect.any(String)],
      [3, expect.any(String)],
    ])
  })

  it('that waits when its connection ends is not said: nobody was told that it was', async () => {
    const world = new GatewayWorld()
    const gate = Promise.withResolvers<void>()
    world.backend.judge = () => gate.promise
    const socket = await world.greet('alice', {})
    socket.say(say(1))
    socket.say(say(2))
    await world.clock.pass(0)
    socket.events?.closed()
    gate.resolve()
    await world.clock.pass(0)
    expect(world.backend.said).toHaveLength(1)
  })

  it('is finished by a server that ends', async () => {
    const world = new GatewayWorld()
    const gate = Promise.withResolvers<void>()
    world.backend.judge = () => gate.promise
    const socket = await world.greet('alice', {})
    socket.say(say(1))
    await world.clock.pass(0)
    const stopped = world.gateway.stop({ afterMs: [100, 200], finishMs: 2000, graceMs: 0 })
    await world.clock.pass(500)
    expect(socket.closed).toBeUndefined()
    gate.resolve()
    await world.clock.pass(2000)
    await stopped
    expect([said(socket).length, socket.closed?.code]).toEqual([1, 1001])
  })
})
