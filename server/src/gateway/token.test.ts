import { UnavailableError } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import type { FakeSocket } from '../../test/fake-socket.ts'
import { GatewayWorld } from '../../test/gateway-world.ts'
import { GATEWAY_BOUNDS } from './bounds.ts'

const { tokenNoticeMs: NOTICE_MS, tokenGraceMs: GRACE_MS, authsBurst } = GATEWAY_BOUNDS

/** A connection of alice whose token ends after `leftMs`. */
async function greeted(leftMs: number | undefined, spaces: Record<string, [number, string]> = {}) {
  const world = new GatewayWorld()
  const endsIn = (ms: number | undefined) => {
    world.backend.expiresAtMs = ms === undefined ? undefined : world.clock.nowMs() + ms
  }
  endsIn(leftMs)
  const socket = await world.greet('alice', spaces, { nextS: 3600 })
  return {
    world,
    socket,
    /** Shows a token that ends after that. */
    async renew(ms: number | undefined, token = 'alice') {
      endsIn(ms)
      socket.say({ t: 'auth', token })
      await world.clock.pass(0)
    },
  }
}

const told = (socket: FakeSocket) => socket.all('error').map(({ error }) => [error.code, error.afterMs])

describe('the token of a connection', () => {
  it('[B9] that ends is told ahead, told again at its end, and closes it with 4401 after the grace', async () => {
    const { world, socket } = await greeted(NOTICE_MS * 3, { 'room:a': [0, ''] })
    await world.clock.pass(NOTICE_MS * 2 - 1)
    expect(told(socket)).toEqual([])
    await world.clock.pass(1)
    expect(told(socket)).toEqual([['token-expired', NOTICE_MS]])
    await world.clock.pass(NOTICE_MS - 1)
    expect(told(socket)).toHaveLength(1)
    await world.clock.pass(1)
    expect(told(socket).slice(1)).toEqual([['token-expired', GRACE_MS]])
    await world.clock.pass(GRACE_MS - 1)
    world.backend.commit('room:a', 'in the grace')
    await world.clock.pass(0)
    expect(socket.last('range')?.to).toBe(1)
    expect(socket.closed).toBeUndefined()
    await world.clock.pass(1)
    expect(told(socket).slice(2)).toEqual([['token-expired', undefined]])
    expect(socket.closed?.code).toBe(4401)
    world.backend.commit('room:a', 'after the grace')
    await world.clock.pass(100)
    expect(socket.last('range')?.to).toBe(1)
  })

  it('[B12] of a probe ends without a word, and the probe is answered after it as before', async () => {
    const world = new GatewayWorld()
    world.backend.expiresAtMs = world.clock.nowMs() + 1000
    const socket = await world.greet('alice', {}, { nextS: 900, probe: true })
    await world.clock.pass(500)
    socket.say({ t: 'auth', token: 'alice' })
    await world.clock.pass(900_000)
    expect([told(socket), socket.closed]).toEqual([[], undefined])
    socket.say({ t: 'beat', nextS: 900 })
    await world.clock.pass(0)
    expect(socket.last('beat')?.sum).toBe(0)
  })

  it('never ends where it has no end', async () => {
    const { world, socket } = await greeted(undefined)
    for (let hour = 0; hour < 24; hour++) {
      socket.say({ t: 'beat', nextS: 3600 })
      await world.clock.pass(3_600_000)
    }
    expect([told(socket), socket.closed]).toEqual([[], undefined])
  })

  it.each([
    ['ahead', NOTICE_MS / 2],
    ['in the grace', NOTICE_MS + GRACE_MS / 2],
  ])('is renewed in place %s of its end, and the new end counts', async (_, afterMs) => {
    const { world, socket, renew } = await greeted(NOTICE_MS)
    await world.clock.pass(afterMs)
    await renew(NOTICE_MS + 500_000)
    socket.forget()
    await world.clock.pass(499_999)
    expect([told(socket), socket.closed]).toEqual([[], undefined])
    await world.clock.pass(1)
    expect(told(socket)).toEqual([['token-expired', NOTICE_MS]])
    await world.clock.pass(NOTICE_MS + GRACE_MS)
    expect(socket.closed?.code).toBe(4401)
  })

  it('that lives shorter than the notice is told at half its life, so that no two short ones chase each other', async () => {
    const { world, socket, renew } = await greeted(10_000)
    await world.clock.pass(4999)
    expect(told(socket)).toEqual([])
    await world.clock.pass(1)
    expect(told(socket)).toEqual([['token-expired', 5000]])
    await renew(10_000)
    await world.clock.pass(4999)
    expect(told(socket)).toHaveLength(1)
    await world.clock.pass(1)
    expect(told(socket)).toHaveLength(2)
  })

  it('shown again is not announced again', async () => {
    const { world, socket } = await greeted(NOTICE_MS)
    await world.clock.pass(NOTICE_MS / 2)
    expect(told(socket)).toHaveLength(1)
    socket.say({ t: 'auth', token: 'alice' })
    await world.clock.pass(NOTICE_MS / 2 - 1)
    expect(told(socket)).toHaveLength(1)
  })

  it('renewed with an earlier end ends at that one; without an end, never', async () => {
    const earlier = await greeted(undefined)
    await earlier.renew(5000)
    await earlier.world.clock.pass(5000 + GRACE_MS)
    expect(earlier.socket.closed?.code).toBe(4401)
    const never = await greeted(5000)
    await never.renew(undefined)
    await never.world.clock.pass(50_000)
    expect([told(never.socket), never.socket.closed]).toEqual([[], undefined])
  })

  it('that ended while the machine slept past the grace closes at once', async () => {
    const { world, socket } = await greeted(NOTICE_MS)
    const { nowMs } = world.clock
    world.clock.nowMs = () => nowMs.call(world.clock) + 3_600_000
    await world.clock.pass(NOTICE_MS)
    expect(told(socket)).toEqual([['token-expired', undefined]])
    expect(socket.closed?.code).toBe(4401)
  })

  it('a bad one in its place is refused, and the connection goes on with the old one', async () => {
    const { world, socket, renew } = await greeted(NOTICE_MS, { 'room:a': [0, ''] })
    await renew(500_000, 'bad')
    expect(told(socket)).toEqual([['unauthenticated', undefined]])
    world.backend.commit('room:a', 'one')
    await world.clock.pass(100)
    expect(socket.last('range')?.to).toBe(1)
    await world.clock.pass(NOTICE_MS + GRACE_MS)
    expect(socket.closed?.code).toBe(4401)
  })

  it('one that could not be checked now is told as that, and the connection goes on', async () => {
    const { world, socket, renew } = await greeted(NOTICE_MS)
    const { authenticate } = world.backend
    world.backend.authenticate = () => Promise.reject(new UnavailableError('no keys', { afterMs: 1000 }))
    await renew(500_000)
    expect(told(socket)).toEqual([['unavailable', 1000]])
    world.backend.authenticate = authenticate
    await renew(500_000)
    await world.clock.pass(NOTICE_MS + GRACE_MS)
    expect(socket.closed).toBeUndefined()
  })

  it.each(['bob', 'alice@elsewhere'])('of %s on a connection of alice closes it with 4403', async (token) => {
    const { socket, renew } = await greeted(undefined)
    await renew(500_000, token)
    expect(socket.closed?.code).toBe(4403)
  })

  it('is not checked more often than the bound allows', async () => {
    const { world, socket } = await greeted(undefined)
    let checked = 0
    const { authenticate } = world.backend
    world.backend.authenticate = (token) => {
      checked++
      return authenticate.call(world.backend, token)
    }
    for (let n = 0; n < 40; n++) socket.say({ t: 'auth', token: 'bad' })
    await world.clock.pass(0)
    expect(checked).toBe(authsBurst)
    expect(socket.last('error')?.error).toMatchObject({ code: 'rate-limited', afterMs: 5000 })
    await world.clock.pass(5000)
    socket.say({ t: 'auth', token: 'alice' })
    await world.clock.pass(0)
    expect(checked).toBe(authsBurst + 1)
    expect(socket.closed).toBeUndefined()
  })

  it('renewed holds what is followed against the rights of that moment, at once', async () => {
    const { world, socket, renew } = await greeted(undefined, { 'room:a': [0, ''], 'room:b': [0, ''] })
    world.backend.commit('room:b', 'one')
    await world.clock.pass(100)
    world.backend.denied.set('alice room:a', new UnavailableError('no more'))
    world.backend.view = () => 'other'
    socket.forget()
    await renew(undefined)
    expect(socket.last('denied')?.space).toBe('room:a')
    // The fake tells every reset as one for history; which it is the backend decides, by the tag in the seal.
    expect(socket.last('range')).toMatchObject({ space: 'room:b', from: 0, to: 1, reset: 'history' })
    expect(socket.last('range')?.seal).toContain('-other')
  })
})
