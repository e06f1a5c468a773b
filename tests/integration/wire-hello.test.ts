// Goal: the live connection keeps what the protocol's page says (§5). Method: the real server process, spoken to by somebody who
// has read that page and nothing else; each test has rooms and users of its own.
import { describe, expect, it } from 'vitest'
import { connectBare } from '../harness/bare-client.ts'
import type { WireRange } from '../harness/wire-copy.ts'
import { fresh, newClientId, pull, tokenOf, WireOutbox, type WirePeer } from '../harness/wire-peer.ts'
import { wireServer } from '../harness/wire-server.ts'

const server = wireServer()
const { enter } = server
const rangesOf = (peer: WirePeer, space: string) => peer.judged.filter(({ range }) => range.space === space)

describe('hello', () => {
  it('is answered by a welcome: user, time, the head of each space, the last mutation done', async () => {
    const [user, room] = [fresh('u'), `room:${fresh('r')}`]
    const before = Date.now()
    const peer = await enter(user, { follow: [room, `user:${user}`] })
    const welcome = peer.socket.frames[0]
    expect(welcome).toMatchObject({ t: 'welcome', user, heads: { [room]: 0, [`user:${user}`]: 0 }, acked: [0, ''] })
    expect(welcome?.nowMs).toBeGreaterThanOrEqual(before - 1000)
    expect(welcome?.nowMs).toBeLessThanOrEqual(Date.now() + 1000)
    // The defaults of the page hold where nothing else is said.
    expect(welcome?.limits ?? {}).toEqual({})
  })

  it('[B2] each space it names is answered by ranges up to the head, an empty one where nothing is lacking', async () => {
    const user = fresh('u')
    const [full, empty, known] = [`room:${fresh('r')}`, `room:${fresh('r')}`, `room:${fresh('r')}`]
    const writer = await enter(user)
    for (const text of ['a', 'b', 'c']) await writer.mutate(full, 'send', { id: fresh('m'), text })
    await writer.mutate(known, 'send', { id: fresh('m'), text: 'x' })
    const { body } = await pull(server.url, user, known)
    const reader = await enter(user, { follow: [full, empty], hello: {} })
    expect((await reader.reaches(full, 3)).docs.size).toBe(3)
    const again = await enter(user, { hello: { spaces: { [empty]: [0, ''], [known]: [1, body.seal] } } })
    const nothing = (await again.socket.expect(({ t, space }) => t === 'range' && space === known)) as unknown as WireRange
    expect(nothing).toMatchObject({ from: 1, on: body.seal, to: 1, seal: body.seal, head: 1, changes: [] })
    expect(nothing.reset).toBeUndefined()
    expect(await again.socket.expect(({ t, space }) => t === 'range' && space === empty)).toMatchObject({
      from: 0,
      to: 0,
      head: 0,
      changes: [],
    })
  })

  it('[§2] at version 0 the seals "" and 00000000 and any other are good', async () => {
    const [user, room] = [fresh('u'), `room:${fresh('r')}`]
    await (await enter(user)).mutate(room, 'send', { id: 'm', text: 'x' })
    for (const seal of ['', '00000000', 'ffffffff-whatever']) {
      const peer = await enter(user, { hello: { spaces: { [room]: [0, seal] } } })
      const range = await peer.socket.expect(({ t }) => t === 'range')
      expect(range).toMatchObject({ from: 0, to: 1, head: 1 })
      expect(range.reset).toBeUndefined()
    }
  })

  it('[N1] a version past the head, or a seal that is not the server’s, is answered with a reset for history on my seal, from 0', async () => {
    const [user, room] = [fresh('u'), `room:${fresh('r')}`]
    const writer = await enter(user)
    await writer.mutate(room, 'send', { id: 'm', text: 'x' })
    for (const [version, seal] of [
      [9, 'abcdef01'],
      [1, 'abcdef01'],
    ] as const) {
      const peer = await enter(user, { hello: { spaces: { [room]: [version, seal] } } })
      expect(await peer.socket.expect(({ t }) => t === 'range')).toMatchObject({ reset: 'history', from: 0, on: seal, to: 1, head: 1 })
    }
  })

  it('a space whose kind nobody knows, and one of somebody else, are denied each by itself; the rest is served', async () => {
    const [user, room] = [fresh('u'), `room:${fresh('r')}`]
    const peer = await enter(user, { hello: { spaces: { [room]: [0, ''], 'user:bob': [0, ''], 'cellar:1': [0, ''] } } })
    expect(peer.socket.frames[0]?.heads).toEqual({ [room]: 0 })
    const forbidden = await peer.socket.expect(({ t, space }) => t === 'denied' && space === 'user:bob')
    expect(forbidden.error).toMatchObject({ code: 'forbidden', retryable: false })
    const unknown = await peer.socket.expect(({ t, space }) => t === 'denied' && space === 'cellar:1')
    expect(unknown.error).toMatchObject({ code: 'not-found', message: expect.stringContaining('cellar') })
    await peer.socket.expect(({ t, space }) => t === 'range' && space === room)
    // [B5] what is denied counts in no sum: version 0 of one room is 1.
    expect((await peer.beat()).theirs).toBe(1)
  })

  it('with a probe is welcomed and follows nothing that it does not name', async () => {
    const peer = await enter(fresh('u'), { hello: { probe: true, labels: { device: 'test' }, unheardOf: [1, 2] } })
    expect((await peer.beat()).theirs).toBe(0)
  })

  it('a second one on a connection is an error, and the connection goes on', async () => {
    const user = fresh('u')
    const peer = await enter(user)
    const hello = { t: 'hello', client: peer.outbox.client, token: await tokenOf(server.url, user), spaces: {}, nextS: 60, app: '1' }
    expect((await peer.ask(hello, 'error', 'welcome')).error).toMatchObject({ code: 'bad-request' })
    expect((await peer.beat()).theirs).toBe(0)
  })

  it('with a token that does not verify is told so, and closed with 4401', async () => {
    const socket = await connectBare(server.url)
    socket.send({ t: 'hello', client: newClientId(), token: 'nope', spaces: {}, nextS: 60, app: '1' })
    expect((await socket.expect(({ t }) => t === 'error')).error).toMatchObject({ code: 'unauthenticated', retryable: false })
    expect(await socket.closed).toBe(4401)
  })
})

describe('follow and unfollow', () => {
  it('[B2] a follow is answered by heads that names what is followed, then by ranges, acked beside it', async () => {
    const [user, room] = [fresh('u'), `room:${fresh('r')}`]
    const peer = await enter(user)
    await peer.mutate(room, 'send', { id: 'm', text: 'x' })
    const last = await peer.mutate(room, 'send', { id: 'm2', text: 'y' })
    const heads = await peer.follow(room)
    expect(heads).toMatchObject({ heads: { [room]: 2 }, acked: [2, last.nonce] })
    expect((await peer.reaches(room, 2)).docs.size).toBe(2)
    const first = peer.socket.frames.findIndex(({ t }) => t === 'range')
    expect(first).toBeGreaterThan(peer.socket.frames.indexOf(heads))
  })

  it('a copy behind gets what it lacks and no more; one that is level gets an empty range', async () => {
    const [user, room] = [fresh('u'), `room:${fresh('r')}`]
    const writer = await enter(user)
    await writer.mutate(room, 'send', { id: 'm1', text: 'x' })
    const { body } = await pull(server.url, user, room)
    await writer.mutate(room, 'send', { id: 'm2', text: 'y' })
    const reader = await enter(user)
    await reader.ask({ t: 'follow', spaces: { [room]: [1, body.seal] } }, 'heads')
    const range = (await reader.socket.expect(({ t }) => t === 'range')) as unknown as WireRange
    expect(range).toMatchObject({ from: 1, on: body.seal, to: 2, head: 2 })
    expect(range.changes.map(({ id }) => id)).toEqual(['m2'])
    const mark = reader.mark()
    await reader.ask({ t: 'follow', spaces: { [room]: [2, range.seal] } }, 'heads')
    expect(await reader.after(mark, ({ t }) => t === 'range')).toMatchObject({ from: 2, to: 2, seal: range.seal, changes: [] })
  })

  it('[R4] a live follow may state again where a copy stands: what comes begins there, and nothing of it comes twice after', async () => {
    const [user, room] = [fresh('u'), `room:${fresh('r')}`]
    const writer = await enter(user)
    const reader = await enter(user, { follow: [room] })
    for (const id of ['m1', 'm2', 'm3']) await writer.mutate(room, 'send', { id, text: id })
    await reader.reaches(room, 3)
    const mark = reader.mark()
    await reader.ask({ t: 'follow', spaces: { [room]: [0, ''] } }, 'heads')
    const range = (await reader.after(mark, ({ t }) => t === 'range')) as unknown as WireRange
    expect(range).toMatchObject({ from: 0, to: 3 })
    expect(range.changes.map(({ id }) => id)).toEqual(['m1', 'm2', 'm3'])
    await writer.mutate(room, 'send', { id: 'm4', text: 'm4' })
    expect((await reader.reaches(room, 4)).docs.size).toBe(4)
    const beat = await reader.beat()
    expect(beat.mine).toBe(beat.theirs)
  })

  it('[R4] after a wrong statement the reset heals the copy, live, and the sum agrees', async () => {
    const [user, room] = [fresh('u'), `room:${fresh('r')}`]
    const writer = await enter(user)
    await writer.mutate(room, 'send', { id: 'm1', text: 'x' })
    const reader = await enter(user)
    await reader.follow(room)
    const copy = await reader.reaches(room, 1)
    copy.seal = '12345678'
    copy.docs.set('messages/ghost', { doc: {}, v: 1, b: 1 })
    await reader.follow(room)
    await reader.socket.expect(({ t, reset }) => t === 'range' && reset === 'history')
    const beat = await reader.beat()
    expect(beat.mine).toBe(beat.theirs)
    expect([...copy.docs.keys()]).toEqual(['messages/m1'])
  })

  it('after an unfollow nothing of that space comes, it counts in no sum, and it can be followed again', async () => {
    const [user, room, other] = [fresh('u'), `room:${fresh('r')}`, `room:${fresh('r')}`]
    const writer = await enter(user)
    const reader = await enter(user, { follow: [room, other] })
    await writer.mutate(room, 'send', { id: 'm1', text: 'x' })
    await reader.reaches(room, 1)
    reader.socket.send({ t: 'unfollow', spaces: [room] })
    expect((await reader.beat()).theirs).toBe(reader.copies.get(other)?.term)
    await writer.mutate(room, 'send', { id: 'm2', text: 'y' })
    await writer.mutate(other, 'send', { id: 'm3', text: 'z' })
    await reader.reaches(other, 1)
    await reader.beat()
    expect(rangesOf(reader, room).at(-1)?.range.to).toBe(1)
    await reader.follow(room)
    expect((await reader.reaches(room, 2)).docs.size).toBe(2)
    const beat = await reader.beat()
    expect(beat.mine).toBe(beat.theirs)
  })

  it('an unfollow of what is not followed changes nothing', async () => {
    const peer = await enter(fresh('u'))
    peer.socket.send({ t: 'unfollow', spaces: ['room:never', 'room:never'] })
    expect((await peer.beat()).theirs).toBe(0)
    expect(peer.socket.frames.some(({ t }) => t === 'error')).toBe(false)
  })

  it('[§9] more spaces than the limit are denied with too-large, each by name, and the first thousand are followed', async () => {
    const stem = fresh('lots')
    const spaces = Object.fromEntries(Array.from({ length: 1005 }, (_, i) => [`room:${stem}-${i}`, [0, '']]))
    const peer = await enter(fresh('u'), { hello: { spaces } })
    await peer.beat()
    const denied = peer.socket.frames.filter(({ t }) => t === 'denied')
    expect(denied).toHaveLength(5)
    for (const { error } of denied) expect(error).toMatchObject({ code: 'too-large' })
    expect(Object.keys(peer.socket.frames[0]?.heads as object)).toHaveLength(1000)
    expect((await peer.beat()).theirs).toBe(1000)
  })
})

describe('beat', () => {
  it('[B1] its sum is version + 1 + the first 8 hex digits of the seal, over all spaces followed', async () => {
    const [user, a, b, c] = [fresh('u'), `room:${fresh('r')}`, `room:${fresh('r')}`, `room:${fresh('r')}`]
    const peer = await enter(user, { follow: [a, b, `user:${user}`] })
    expect((await peer.beat()).theirs).toBe(3)
    for (let i = 0; i < 5; i++) await peer.mutate(a, 'send', { id: `m${i}`, text: `${i}` })
    await peer.mutate(`user:${user}`, 'put', { c: 'profile', id: 'me', doc: { name: 'Someone' } })
    await peer.follow(c)
    const beat = await peer.beat()
    expect(beat.theirs).toBe(beat.mine)
    expect(beat.theirs).toBeGreaterThan(4)
    expect(Math.abs(beat.nowMs - Date.now())).toBeLessThan(2000)
    const statements = await Promise.all([a, b, c].map((space) => pull(server.url, user, space)))
    const own = await pull(server.url, user, `user:${user}`)
    const bySpec = [...statements, own].reduce((sum, { body }) => sum + body.to + 1 + Number.parseInt(body.seal.slice(0, 8), 16), 0)
    expect(beat.theirs).toBe(bySpec)
  })

  it('comes after whatever ranges the connection lacks', async () => {
    const [user, room] = [fresh('u'), `room:${fresh('r')}`]
    const writer = await enter(user)
    const reader = await enter(user, { follow: [room] })
    for (let i = 0; i < 20; i++) {
      await writer.mutate(room, 'send', { id: `m${i}`, text: 'x' })
      const beat = await reader.beat()
      expect(beat.mine).toBe(beat.theirs)
    }
    expect(reader.copies.get(room)?.version).toBe(20)
  })

  it('is answered after the follow and unfollow frames before it', async () => {
    const [user, a, b] = [fresh('u'), `room:${fresh('r')}`, `room:${fresh('r')}`]
    const peer = await enter(user, { follow: [a] })
    const mark = peer.mark()
    peer.socket.send({ t: 'follow', spaces: { [b]: [0, ''] } })
    peer.socket.send({ t: 'beat', nextS: 60 })
    expect((await peer.after(mark, ({ t }) => t === 'beat')).sum).toBe(2)
    const next = peer.mark()
    peer.socket.send({ t: 'unfollow', spaces: [a, b] })
    peer.socket.send({ t: 'beat', nextS: 60 })
    expect((await peer.after(next, ({ t }) => t === 'beat')).sum).toBe(0)
  })
})

describe('auth', () => {
  it('a fresh token of the same user changes nothing that the connection has', async () => {
    const [user, room] = [fresh('u'), `room:${fresh('r')}`]
    const peer = await enter(user, { follow: [room] })
    peer.socket.send({ t: 'auth', token: await tokenOf(server.url, user) })
    await peer.mutate(room, 'send', { id: 'm', text: 'x' })
    const beat = await peer.beat()
    expect(beat.mine).toBe(beat.theirs)
    expect(peer.socket.frames.some(({ t }) => t === 'error')).toBe(false)
  })

  it('a token of another user never makes the connection theirs', async () => {
    const [user, room] = [fresh('u'), `room:${fresh('r')}`]
    const peer = await enter(user, { follow: [room] })
    expect((await peer.ask({ t: 'auth', token: await tokenOf(server.url, fresh('u')) }, 'error')).error).toMatchObject({
      code: 'forbidden',
    })
    expect(await peer.socket.closed).toBe(4403)
  })

  it('one that does not verify is told so', async () => {
    const peer = await enter(fresh('u'))
    expect((await peer.ask({ t: 'auth', token: 'nope' }, 'error')).error).toMatchObject({ code: 'unauthenticated' })
  })
})

describe('two connections of one client id', () => {
  it('both are served; what one of them sends again is done once, and both know what is done', async () => {
    const [user, room] = [fresh('u'), `room:${fresh('r')}`]
    const outbox = new WireOutbox()
    const one = await enter(user, { outbox, follow: [room] })
    const two = await enter(user, { outbox, follow: [room] })
    const batch = outbox.batch(outbox.next(room, 'send', { id: 'm1', text: 'x' }), outbox.next(room, 'send', { id: 'm2', text: 'y' }))
    const [a, b] = await Promise.all([one.sendBatch(batch), two.sendBatch(batch)])
    expect(a.acks).toEqual(b.acks)
    expect(a.acks.map((ack) => ack.in)).toEqual([{ [room]: 1 }, { [room]: 2 }])
    await Promise.all([one.reaches(room, 2), two.reaches(room, 2)])
    const third = await enter(user, { outbox })
    expect(third.socket.frames[0]?.acked).toEqual([2, batch.mutations[1]?.nonce])
  })
})
