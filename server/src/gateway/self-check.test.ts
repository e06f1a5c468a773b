import { ForbiddenError, InternalError } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { sealOf } from '../../test/fake-backend.ts'
import { CLIENT, GatewayWorld } from '../../test/gateway-world.ts'

describe('the check against the backend', () => {
  it('[B6] finds a commit whose hint was lost within one interval', async () => {
    const world = new GatewayWorld()
    const socket = await world.greet('alice', { 'room:a': [0, ''] })
    world.backend.commit('room:a', 'one', { hint: false })
    await world.clock.pass(4_900)
    expect(socket.last('range')?.to).toBe(0)
    await world.clock.pass(200)
    expect(socket.last('range')?.to).toBe(1)
  })

  it('[B6] finds a history that changed under it at the same number: every copy is reset', async () => {
    const world = new GatewayWorld()
    world.backend.commit('room:a', 'one')
    const alice = await world.greet('alice', { 'room:a': [0, ''] })
    const bob = await world.greet('bob', { 'room:a': [0, ''] })
    world.backend.commits('room:a').length = 0
    world.backend.history = 'b'
    world.backend.commit('room:a', 'other', { hint: false })
    await world.clock.pass(5_100)
    for (const socket of [alice, bob])
      expect(socket.last('range')).toMatchObject({ reset: 'history', on: sealOf('a', 1), seal: sealOf('b', 1) })
    // What was remembered of the dead history is gone: a newcomer gets the new one.
    const carol = await world.greet('carol', { 'room:a': [0, ''] })
    expect(carol.last('range')?.seal).toBe(sealOf('b', 1))
  })

  it('a server restored behind a living gateway resets its readers, and the sum is the new one', async () => {
    const world = new GatewayWorld()
    for (let n = 0; n < 4; n++) world.backend.commit('room:a', `${n}`)
    const socket = await world.greet('alice', { 'room:a': [0, ''] })
    world.backend.commits('room:a').length = 2
    world.backend.history = 'b'
    await world.clock.pass(5_100)
    expect(socket.last('range')).toMatchObject({ reset: 'history', from: 0, to: 2, seal: sealOf('a', 2) })
    socket.say({ t: 'beat', nextS: 60 })
    await world.clock.pass(0)
    expect(socket.last('beat')?.sum).toBe(3 + Number.parseInt(sealOf('a', 2), 16))
  })

  it('a server restored and overtaken: the next commit finds it, and every other reader is reset at once', async () => {
    const world = new GatewayWorld()
    for (let n = 0; n < 2; n++) world.backend.commit('room:a', `${n}`)
    const sockets = await Promise.all(Array.from({ length: 5 }, (_, n) => world.greet(`user${n}`, { 'room:a': [0, ''] })))
    world.backend.commits('room:a').length = 1
    world.backend.history = 'b'
    for (const socket of sockets) socket.forget()
    world.backend.asked.length = 0
    world.backend.commit('room:a', 'b2', { hint: false })
    world.backend.commit('room:a', 'b3')
    await world.clock.pass(200)
    for (const socket of sockets) expect(socket.last('range')).toMatchObject({ reset: 'history', to: 3, seal: sealOf('b', 3) })
    expect(world.backend.asked.filter(({ what }) => what === 'range').length).toBeLessThanOrEqual(2)
  })

  it.each([
    ['to the beginning', 0],
    ['to the same number', 1],
  ])('[B6] a restore %s is found for a reader who stayed, though one who came back has been reset since', async (_, commits) => {
    const world = new GatewayWorld()
    world.backend.commit('room:a', 'one')
    const seal = sealOf('a', 1)
    const alice = await world.greet('alice', { 'room:a': [0, ''] })
    world.backend.commits('room:a').length = 0
    world.backend.history = 'b'
    for (let n = 0; n < commits; n++) world.backend.commit('room:a', 'other', { hint: false })
    const bob = await world.greet('bob', { 'room:a': [1, seal] })
    expect(bob.last('range')).toMatchObject({ reset: 'history', to: commits })
    await world.clock.pass(10_100)
    expect(alice.last('range')).toMatchObject({ reset: 'history', on: seal, to: commits })
    world.backend.asked.length = 0
    await world.clock.pass(20_000)
    expect(world.backend.asked.filter(({ what }) => what === 'range')).toEqual([])
  })

  it('a stale hint from before a restore is asked about once, not for ever', async () => {
    const world = new GatewayWorld()
    world.backend.commit('room:a', 'one')
    await world.greet('alice', { 'room:a': [0, ''] })
    world.backend.asked.length = 0
    world.bus.publish({ tenant: 'default', space: 'room:a', version: 900 as never })
    await world.clock.pass(4000)
    expect(world.backend.asked.filter(({ what }) => what === 'range')).toHaveLength(1)
  })

  it('does nothing to readers while the backend is down', async () => {
    const world = new GatewayWorld()
    const socket = await world.greet('alice', { 'room:a': [0, ''] })
    socket.forget()
    world.backend.down = true
    await world.clock.pass(20_000)
    expect(socket.texts).toEqual([])
    world.backend.down = false
    world.backend.commit('room:a', 'one', { hint: false })
    await world.clock.pass(5_100)
    expect(socket.last('range')?.to).toBe(1)
  })

  it('[P11] a right that is gone, and of which the gateway is told, ends the flow at once; nobody else is asked about', async () => {
    const world = new GatewayWorld()
    const alice = await world.greet('alice', { 'room:a': [0, ''] })
    const bob = await world.greet('bob', { 'room:a': [0, ''], 'room:b': [0, ''] })
    const foreign = await world.greet('alice@other', { 'room:a': [0, ''] })
    world.backend.denied.set('alice room:a', new ForbiddenError('gone'))
    world.backend.denied.set('bob room:b', new ForbiddenError('gone'))
    world.backend.asked.length = 0
    world.bus.publish({ tenant: 'default', user: 'alice' })
    world.backend.commit('room:a', 'one')
    await world.clock.pass(20)
    expect(alice.last('denied')).toMatchObject({ space: 'room:a', error: { code: 'forbidden' } })
    expect(alice.last('range')?.to).toBe(0)
    expect(bob.last('range')?.to).toBe(1)
    expect(world.backend.asked.filter(({ what }) => what === 'open')).toEqual([{ what: 'open', user: 'alice' }])
    world.bus.publish({ tenant: 'default', space: 'room:b' })
    await world.clock.pass(0)
    expect(bob.last('denied')?.space).toBe('room:b')
    expect(foreign.order).toEqual(['welcome', 'range'])
  })

  it('[P11] who says again and again that rights changed has each reader asked about once at a time', async () => {
    const world = new GatewayWorld({ checkMs: 3_600_000 })
    for (let n = 0; n < 50; n++) await world.greet(`user${n}`, { 'room:a': [0, ''] })
    world.backend.asked.length = 0
    for (let times = 0; times < 1000; times++) world.bus.publish({ tenant: 'default' })
    await world.clock.pass(0)
    expect(world.backend.asked.filter(({ what }) => what === 'open').length).toBeLessThanOrEqual(100)
  })

  it('[P11] a right that is gone ends the flow within one interval, though its readers share one view', async () => {
    const world = new GatewayWorld()
    const alice = await world.greet('alice', { 'room:a': [0, ''] })
    const bob = await world.greet('bob', { 'room:a': [0, ''] })
    world.backend.denied.set('alice room:a', new ForbiddenError('no'))
    await world.clock.pass(5_100)
    expect(alice.last('denied')).toMatchObject({ space: 'room:a', error: { code: 'forbidden' } })
    world.backend.commit('room:a', 'secret')
    await world.clock.pass(5_100)
    expect(alice.last('range')?.to).toBe(0)
    expect(bob.last('range')?.to).toBe(1)
  })

  it.each(['hello', 'follow'])('[P11] rights that change while a %s waits for its answer are asked for once more', async (how) => {
    const world = new GatewayWorld()
    let open = () => {}
    const { backend } = world
    await world.greet('bob', { 'room:a': [0, ''] })
    const follow = how === 'follow' ? await world.greet('alice', {}) : undefined
    const answer = backend.open.bind(backend)
    backend.open = async (...asked) => {
      const opened = await answer(...asked)
      await new Promise<void>((resolve) => {
        open = resolve
      })
      return opened
    }
    const hello = { t: 'hello', client: CLIENT, token: 'alice', spaces: { 'room:a': [0, ''] }, nextS: 60, app: '1' }
    const socket = follow ?? world.connect()
    socket.say(follow === undefined ? hello : { t: 'follow', spaces: { 'room:a': [0, ''] } })
    await world.clock.pass(0)
    backend.denied.set('alice room:a', new ForbiddenError('no'))
    world.bus.publish({ tenant: 'default', space: 'room:a' })
    backend.open = answer
    open()
    await world.clock.pass(0)
    expect(socket.last('denied')?.error.code).toBe('forbidden')
    backend.commit('room:a', 'one')
    await world.clock.pass(100)
    expect(socket.last('range')?.to ?? 0).toBe(0)
  })

  it('one reader whose right is gone does not stop those who waited for the same answer', async () => {
    const world = new GatewayWorld()
    const alice = await world.greet('alice', { 'room:a': [0, ''] })
    const bob = await world.greet('bob', { 'room:a': [0, ''] })
    world.backend.denied.set('alice room:a', new ForbiddenError('no'))
    world.backend.commit('room:a', 'one')
    await world.clock.pass(100)
    expect(alice.last('denied')?.error.code).toBe('forbidden')
    expect(alice.last('range')?.to).toBe(0)
    expect(bob.last('range')?.to).toBe(1)
  })

  it('[B8] a rule that throws ends the flow as internal, which wipes nobody', async () => {
    const world = new GatewayWorld()
    const socket = await world.greet('alice', { 'room:a': [0, ''] })
    world.backend.denied.set('alice room:a', new InternalError())
    await world.clock.pass(5_100)
    expect(socket.last('denied')?.error).toMatchObject({ code: 'internal', retryable: true })
  })

  it('rights that changed bring another view: the copy is asked for anew and reset', async () => {
    const world = new GatewayWorld()
    world.backend.commit('room:a', 'one')
    const socket = await world.greet('alice', { 'room:a': [0, ''] })
    world.backend.view = () => 'guests'
    await world.clock.pass(5_100)
    expect(socket.last('range')).toMatchObject({ from: 0, to: 1, seal: `${sealOf('a', 1)}-guests` })
    expect(socket.last('range')?.reset).toBeDefined()
  })

  it('a reset given to one of its own places makes it ask for all its readers', async () => {
    const world = new GatewayWorld()
    world.backend.commit('room:a', 'one')
    const alice = await world.greet('alice', { 'room:a': [0, ''] })
    const bob = await world.greet('bob', { 'room:a': [0, ''] })
    world.backend.commits('room:a').length = 0
    world.backend.history = 'b'
    world.backend.commit('room:a', 'other', { hint: false })
    world.backend.differing = async () => new Map()
    // Only of alice the gateway has a reason to ask.
    world.backend.view = (user) => (user === 'alice' ? 'guests' : '')
    await world.clock.pass(5_100)
    expect(alice.last('range')?.reset).toBe('history')
    expect(bob.last('range')).toMatchObject({ reset: 'history', seal: sealOf('b', 1) })
  })
})
