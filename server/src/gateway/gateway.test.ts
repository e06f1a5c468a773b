import { describe, expect, it } from 'vitest'
import { sealOf } from '../../test/fake-backend.ts'
import { CLIENT, GatewayWorld } from '../../test/gateway-world.ts'

// The gateway alone, over a backend that is a list of texts, under a virtual clock. Every frame that it sends is parsed by the protocol's schema.

describe('hello', () => {
  it('[B2] is answered by welcome, then each space by ranges until the head, an empty one where nothing lacks', async () => {
    const world = new GatewayWorld()
    world.backend.commit('room:a', 'one')
    world.backend.commit('room:a', 'two')
    const socket = await world.greet('alice', { 'room:a': [0, ''], 'room:b': [0, ''], 'room:c': [0, ''] })
    expect(socket.order).toEqual(['welcome', 'range', 'range', 'range'])
    expect(socket.last('welcome')).toMatchObject({ user: 'alice', heads: { 'room:a': 2, 'room:b': 0, 'room:c': 0 }, acked: [0, ''] })
    expect(socket.all('range').map(({ space, from, to, head }) => [space, from, to, head])).toEqual([
      ['room:a', 0, 2, 2],
      ['room:b', 0, 0, 0],
      ['room:c', 0, 0, 0],
    ])
  })

  it('[B2] a denied space is named by denied, and never in welcome', async () => {
    const world = new GatewayWorld()
    const { ForbiddenError } = await import('@tidemark/shared')
    world.backend.denied.set('alice room:b', new ForbiddenError('no'))
    const socket = await world.greet('alice', { 'room:a': [0, ''], 'room:b': [3, 'abcdef01'] })
    expect(socket.last('welcome')?.heads).toEqual({ 'room:a': 0 })
    expect(socket.all('denied').map(({ space, error }) => [space, error.code])).toEqual([['room:b', 'forbidden']])
  })

  it('a probe follows nothing', async () => {
    const world = new GatewayWorld()
    const socket = await world.greet('alice', { 'room:a': [0, ''] }, { probe: true })
    world.backend.commit('room:a', 'one')
    await world.clock.pass(1000)
    expect(socket.order).toEqual(['welcome'])
    expect(socket.last('welcome')?.heads).toEqual({})
  })

  it('that does not come within 10 s closes with 4408', async () => {
    const world = new GatewayWorld()
    const socket = world.connect()
    await world.clock.pass(9_999)
    expect(socket.closed).toBeUndefined()
    await world.clock.pass(1)
    expect(socket.closed?.code).toBe(4408)
  })

  it('with a bad token is told so and closed with 4401', async () => {
    const world = new GatewayWorld()
    const socket = await world.greet('bad', {})
    expect(socket.last('error')?.error.code).toBe('unauthenticated')
    expect(socket.closed?.code).toBe(4401)
    expect(world.gateway.connections).toBe(0)
  })

  it('while the backend is down is told unavailable and closed with 4503', async () => {
    const world = new GatewayWorld()
    world.backend.down = true
    const socket = await world.greet('alice', {})
    expect(socket.last('error')?.error).toMatchObject({ code: 'unavailable', afterMs: 1000 })
    expect(socket.closed?.code).toBe(4503)
  })

  it('follows at most 1000 spaces: the others are denied as too-large', async () => {
    const world = new GatewayWorld()
    const spaces = Object.fromEntries(Array.from({ length: 1002 }, (_, n) => [`room:${n}`, [0, ''] as [number, string]]))
    const socket = await world.greet('alice', spaces)
    expect(socket.all('range')).toHaveLength(1000)
    expect(socket.all('denied').map(({ error }) => error.code)).toEqual(['too-large', 'too-large'])
  })

  it('answers a copy that stands on another history with a reset', async () => {
    const world = new GatewayWorld()
    world.backend.commit('room:a', 'one')
    const socket = await world.greet('alice', { 'room:a': [5, 'feedbeef'] })
    expect(socket.last('range')).toMatchObject({ reset: 'history', on: 'feedbeef', from: 0, to: 1 })
  })
})

describe('a gateway', () => {
  it('[B11] is full at its bound: one more is told when to come again; and it has room when one leaves', async () => {
    const world = new GatewayWorld({ connectionsMax: 2 })
    const socket = world.connect()
    world.connect()
    const late = world.connect()
    expect(late.last('goaway')).toMatchObject({ afterMs: [10_000, 60_000], error: { code: 'unavailable' } })
    expect(late.closed?.code).toBe(4503)
    expect(world.gateway.connections).toBe(2)
    socket.events?.closed()
    expect(world.connect().frames).toEqual([])
  })

  it('waits for a hello of so many at once: a newer one takes the place of the oldest, and whoever has said hello stays', async () => {
    const world = new GatewayWorld({ greetingsMax: 3 })
    const greeted = await world.greet('alice', {})
    const silent = Array.from({ length: 5 }, () => world.connect())
    expect(silent.map(({ terminated }) => terminated)).toEqual([true, true, false, false, false])
    const late = await world.greet('bob', {})
    expect([greeted.terminated, late.terminated, world.gateway.connections]).toEqual([false, false, 4])
  })

  it('waits for a hello of so many of one address; each that says it, or goes, makes room', async () => {
    const world = new GatewayWorld({ greetingsPerAddressMax: 2 })
    const [first, second] = [world.connect('203.0.113.9'), world.connect('203.0.113.9')]
    expect(world.gateway.refusal('203.0.113.9')).toMatchObject({ code: 'rate-limited', afterMs: 2000 })
    expect(world.gateway.refusal('203.0.113.8')).toBeUndefined()
    expect(world.gateway.refusal()).toBeUndefined()
    first.say({ t: 'hello', client: CLIENT, token: 'alice', spaces: {}, nextS: 60, app: '1' })
    await world.clock.pass(0)
    expect(world.gateway.refusal('203.0.113.9')).toBeUndefined()
    world.connect('203.0.113.9')
    expect(world.gateway.refusal('203.0.113.9')).toBeDefined()
    second.events?.closed()
    second.events?.closed()
    expect(world.gateway.refusal('203.0.113.9')).toBeUndefined()
    await world.clock.pass(10_000)
    expect(world.gateway.connections).toBe(1)
  })
})

describe('a live connection', () => {
  it('gets each commit as a range that stands on the one before', async () => {
    const world = new GatewayWorld()
    const socket = await world.greet('alice', { 'room:a': [0, ''] })
    world.backend.commit('room:a', 'one')
    await world.clock.pass(100)
    world.backend.commit('room:a', 'two')
    await world.clock.pass(100)
    expect(socket.all('range').map(({ from, on, to, seal }) => [from, on, to, seal])).toEqual([
      [0, '00000000', 0, '00000000'],
      [0, '00000000', 1, sealOf('a', 1)],
      [1, sealOf('a', 1), 2, sealOf('a', 2)],
    ])
  })

  it('gets commits that come in a burst as one wider range', async () => {
    const world = new GatewayWorld()
    const socket = await world.greet('alice', { 'room:a': [0, ''] })
    for (let n = 0; n < 50; n++) world.backend.commit('room:a', `${n}`)
    await world.clock.pass(100)
    const ranges = socket.all('range')
    expect(ranges.at(-1)?.to).toBe(50)
    expect(ranges.length).toBeLessThanOrEqual(3)
  })

  it('shares one read and one text with all readers of a view', async () => {
    const world = new GatewayWorld()
    const sockets = []
    for (let n = 0; n < 20; n++) sockets.push(await world.greet(`user${n}`, { 'room:a': [0, ''] }))
    for (const socket of sockets) socket.forget()
    world.backend.asked.length = 0
    world.backend.commit('room:a', 'one')
    await world.clock.pass(100)
    expect(world.backend.asked.filter(({ what }) => what === 'range')).toHaveLength(1)
    expect(new Set(sockets.map(({ texts }) => texts[0])).size).toBe(1)
    for (const socket of sockets) expect(socket.texts).toHaveLength(1)
  })

  it('never shares a text between views', async () => {
    const world = new GatewayWorld()
    world.backend.view = (user) => user
    const alice = await world.greet('alice', { 'room:a': [0, ''] })
    const bob = await world.greet('bob', { 'room:a': [0, ''] })
    world.backend.commit('room:a', 'one')
    await world.clock.pass(100)
    expect(alice.last('range')?.seal).toBe(`${sealOf('a', 1)}-alice`)
    expect(bob.last('range')?.seal).toBe(`${sealOf('a', 1)}-bob`)
  })

  it('a crowd that comes back to the same place is answered from one read', async () => {
    const world = new GatewayWorld()
    for (let n = 0; n < 10; n++) world.backend.commit('room:a', `${n}`)
    await world.greet('alice', { 'room:a': [0, ''] })
    world.backend.asked.length = 0
    const sockets = await Promise.all(Array.from({ length: 30 }, (_, n) => world.greet(`user${n}`, { 'room:a': [0, ''] })))
    expect(world.backend.asked.filter(({ what }) => what === 'range')).toHaveLength(0)
    for (const socket of sockets) expect(socket.last('range')?.to).toBe(10)
  })

  it('[B3] a number ahead of its own is asked of the backend first: no reset, and whoever else lacks it is given it', async () => {
    const world = new GatewayWorld({ checkMs: 3_600_000 })
    world.backend.commit('room:a', 'one')
    const bob = await world.greet('bob', { 'room:a': [0, ''] })
    bob.forget()
    world.backend.asked.length = 0
    // The hint was lost: this gateway knows of nothing past 1.
    world.backend.commit('room:a', 'two', { hint: false })
    const alice = await world.greet('alice', { 'room:a': [2, sealOf('a', 2)] })
    await world.clock.pass(100)
    expect(world.backend.asked).toContainEqual({ what: 'range', space: 'room:a', ask: { version: 2, seal: sealOf('a', 2) }, user: 'alice' })
    expect(alice.all('range')).toEqual([expect.objectContaining({ from: 2, on: sealOf('a', 2), to: 2, head: 2, changes: [] })])
    expect(alice.last('range')?.reset).toBeUndefined()
    expect(bob.all('range').map(({ from, to }) => [from, to])).toEqual([[1, 2]])
  })

  it('[B3] a seal that it does not know is asked of the backend, which refutes it, for nobody but who stated it', async () => {
    const world = new GatewayWorld({ checkMs: 3_600_000 })
    for (const text of ['one', 'two']) world.backend.commit('room:a', text)
    const bob = await world.greet('bob', { 'room:a': [0, ''] })
    bob.forget()
    world.backend.asked.length = 0
    const alice = await world.greet('alice', { 'room:a': [2, 'deadbeef'] })
    await world.clock.pass(100)
    expect(world.backend.asked.filter(({ what }) => what === 'range').map(({ ask, user }) => [user, ask?.version, ask?.seal])).toEqual([
      ['alice', 2, 'deadbeef'],
    ])
    expect(alice.all('range').map(({ reset, on, from, to }) => [reset, on, from, to])).toEqual([['history', 'deadbeef', 0, 2]])
    expect(bob.texts).toEqual([])
  })

  it('two tenants with the same space never meet', async () => {
    const world = new GatewayWorld()
    const a = await world.greet('alice@one', { 'room:a': [0, ''] })
    const b = await world.greet('alice@two', { 'room:a': [0, ''] })
    a.forget()
    b.forget()
    world.backend.commit('room:a', 'secret of one', { tenant: 'one' })
    await world.clock.pass(10_000)
    expect(a.last('range')?.to).toBe(1)
    expect(b.texts).toEqual([])
  })

  it('[R4] a follow for a space that is followed states its place again and is answered afresh', async () => {
    const world = new GatewayWorld()
    world.backend.commit('room:a', 'one')
    await world.greet('bob', { 'room:a': [0, ''] })
    const socket = await world.greet('alice', { 'room:a': [0, ''] })
    socket.forget()
    world.backend.asked.length = 0
    socket.say({ t: 'follow', spaces: { 'room:a': [0, ''] } })
    await world.clock.pass(0)
    expect(socket.order).toEqual(['heads', 'range'])
    expect(socket.last('range')).toMatchObject({ from: 0, to: 1 })
    expect(world.backend.asked.map(({ what }) => what)).toEqual(['open', 'range'])
    expect(world.counts.gaps).toBe(1)
  })

  it('unfollow ends what comes, also what is under way', async () => {
    const world = new GatewayWorld()
    const socket = await world.greet('alice', { 'room:a': [0, ''] })
    socket.forget()
    let open = () => {}
    world.backend.gate = new Promise((resolve) => {
      open = resolve
    })
    world.backend.commit('room:a', 'one')
    socket.say({ t: 'unfollow', spaces: ['room:a'] })
    await world.clock.pass(0)
    open()
    await world.clock.pass(100)
    expect(socket.texts).toEqual([])
  })

  it('states too many spaces again: rate-limited, with the time to wait', async () => {
    const world = new GatewayWorld({ statementsBurst: 2, statementsPerS: 1 })
    const socket = await world.greet('alice', { 'room:a': [0, ''] })
    for (let n = 0; n < 3; n++) socket.say({ t: 'follow', spaces: { 'room:a': [0, ''] } })
    await world.clock.pass(0)
    expect(socket.last('denied')?.error).toMatchObject({ code: 'rate-limited', afterMs: 1000 })
    await world.clock.pass(1000)
    socket.say({ t: 'follow', spaces: { 'room:a': [0, ''] } })
    await world.clock.pass(0)
    expect(socket.order.slice(-2)).toEqual(['heads', 'range'])
  })
})

describe('mutate', () => {
  const batch = {
    t: 'mutate',
    client: CLIENT,
    on: '',
    mutations: [{ n: 1, nonce: '9f86d08188c0ffee', space: 'room:a', name: 'x', args: {} }],
  }

  it('[M4] is acknowledged, and the range that reaches its version follows at once', async () => {
    const world = new GatewayWorld()
    const socket = await world.greet('alice', { 'room:a': [0, ''] })
    socket.forget()
    socket.say(batch)
    await world.clock.pass(0)
    expect([...socket.order].sort()).toEqual(['ack', 'range'])
    expect(socket.last('ack')).toMatchObject({ client: CLIENT, acks: [{ n: 1, nonce: '9f86d08188c0ffee', in: { 'room:a': 1 } }] })
    expect(socket.last('range')?.to).toBe(1)
  })

  it('[M4] the range follows the ack though every hint was lost and fan-out is gathering', async () => {
    const world = new GatewayWorld({ gatherMs: 1000 })
    const socket = await world.greet('alice', { 'room:a': [0, ''] })
    world.backend.commit('room:a', 'just now')
    await world.clock.pass(0)
    world.bus.publish = () => {}
    socket.forget()
    socket.say(batch)
    await world.clock.pass(0)
    expect(socket.order).toEqual(['ack', 'range'])
  })

  it('that the backend cannot take is answered with the number from which nothing was run', async () => {
    const world = new GatewayWorld()
    const socket = await world.greet('alice', {})
    world.backend.down = true
    socket.say(batch)
    await world.clock.pass(0)
    expect(socket.last('ack')).toMatchObject({ acks: [], error: { code: 'unavailable', n: 1 } })
    expect(socket.closed).toBeUndefined()
  })

  it('one batch of a connection is in hand at a time', async () => {
    const world = new GatewayWorld()
    const socket = await world.greet('alice', {})
    let open = () => {}
    world.backend.gate = new Promise((resolve) => {
      open = resolve
    })
    world.backend.asked.length = 0
    for (let n = 0; n < 5; n++) socket.say(batch)
    await world.clock.pass(0)
    expect(world.backend.asked.filter(({ what }) => what === 'mutate')).toHaveLength(1)
    open()
    await world.clock.pass(0)
    expect(socket.all('ack')).toHaveLength(5)
  })
})
