// Goal: the chat's definitions, on which outside clients rely, hold against a client that keeps none of them. Method: the real
// server process with the demo app, spoken to by somebody who has read the protocol's page and nothing else.
import { describe, expect, it } from 'vitest'
import { fresh, http, newNonce, pull, pullAll, type WireAnswer, WireOutbox, type WirePeer } from '../harness/wire-peer.ts'
import { wireServer } from '../harness/wire-server.ts'

const server = wireServer()
const { enter } = server
const newRoom = () => `room:${fresh('r')}`
const codeOf = async (peer: WirePeer, space: string, name: string, args: unknown) =>
  (await peer.mutate(space, name, args)).error?.code ?? 'done'
const documents = async (user: string, space: string) => {
  const { copy } = await pullAll(server.url, user, space)
  return Object.fromEntries([...copy.docs].map(([key, { doc }]) => [key, doc]))
}
const message = (author: string, text = 'x') => ({ text, author, sentAtMs: 1 })

describe('a message', () => {
  it('sent is the text, the author as the token names them, and the server’s time', async () => {
    const [user, room] = [fresh('u'), newRoom()]
    const peer = await enter(user)
    const before = Date.now()
    expect(await codeOf(peer, room, 'send', { id: 'm', text: 'hi' })).toBe('done')
    const { 'messages/m': doc } = await documents(user, room)
    expect(doc).toEqual({ text: 'hi', author: user, sentAtMs: expect.any(Number) })
    expect(doc?.sentAtMs).toBeGreaterThanOrEqual(before - 1000)
    expect(doc?.sentAtMs).toBeLessThanOrEqual(Date.now() + 1000)
  })

  it('has 1 to 2000 characters, whichever way it is written', async () => {
    const [user, room] = [fresh('u'), newRoom()]
    const peer = await enter(user)
    const put = (text: unknown) => ({ c: 'messages', id: fresh('m'), doc: { ...message(user), text } })
    const fitting = ['x', 'x'.repeat(2000), 'é'.repeat(2000), '水'.repeat(2000), ' ']
    for (const text of fitting) {
      expect(await codeOf(peer, room, 'send', { id: fresh('m'), text })).toBe('done')
      expect(await codeOf(peer, room, 'put', put(text))).toBe('done')
    }
    for (const text of ['', 'x'.repeat(2001), 7, null, ['x'], { x: 1 }]) {
      expect(await codeOf(peer, room, 'send', { id: fresh('m'), text })).toBe('invalid')
      expect(await codeOf(peer, room, 'put', put(text))).toBe('invalid')
    }
    await peer.mutate(room, 'send', { id: 'mine', text: 'short' })
    for (const set of [{ text: '' }, { text: 'x'.repeat(2001) }, { text: null }, { sentAtMs: 'now' }, { mood: 'good' }])
      expect(await codeOf(peer, room, 'patch', { c: 'messages', id: 'mine', set })).toBe('invalid')
    expect(await codeOf(peer, room, 'patch', { c: 'messages', id: 'mine', unset: ['text'] })).toBe('invalid')
    expect(await codeOf(peer, room, 'patch', { c: 'messages', id: 'mine', append: { text: ['x'] } })).toBe('invalid')
    const held = await documents(user, room)
    expect(Object.keys(held)).toHaveLength(2 * fitting.length + 1)
    expect(held['messages/mine']?.text).toBe('short')
  })

  it('of somebody else can be neither patched, replaced nor deleted: forbidden; its creator may do all three', async () => {
    const [owner, other, room] = [fresh('u'), fresh('u'), newRoom()]
    const [mine, theirs] = [await enter(owner), await enter(other)]
    for (const id of ['sent', 'put']) {
      if (id === 'sent') await mine.mutate(room, 'send', { id, text: 'first' })
      else await mine.mutate(room, 'put', { c: 'messages', id, doc: message(owner, 'first') })
      const before = await documents(owner, room)
      expect(await codeOf(theirs, room, 'patch', { c: 'messages', id, set: { text: 'forged' } })).toBe('forbidden')
      expect(await codeOf(theirs, room, 'patch', { c: 'messages', id, set: { author: other } })).toBe('forbidden')
      expect(await codeOf(theirs, room, 'put', { c: 'messages', id, doc: message(other, 'forged') })).toBe('forbidden')
      expect(await codeOf(theirs, room, 'put', { c: 'messages', id, doc: message(owner, 'forged') })).toBe('forbidden')
      expect(await codeOf(theirs, room, 'delete', { c: 'messages', id })).toBe('forbidden')
      expect(await codeOf(theirs, room, 'send', { id, text: 'forged' })).toBe('rejected')
      expect(await documents(owner, room)).toEqual(before)
      expect(await codeOf(mine, room, 'patch', { c: 'messages', id, set: { text: 'second' } })).toBe('done')
      expect(await codeOf(mine, room, 'put', { c: 'messages', id, doc: message(owner, 'third') })).toBe('done')
      expect((await documents(other, room))[`messages/${id}`]?.text).toBe('third')
      expect(await codeOf(mine, room, 'delete', { c: 'messages', id })).toBe('done')
      expect((await documents(other, room))[`messages/${id}`]).toBeUndefined()
    }
  })

  it('cannot be written in another’s name, and its author never changes', async () => {
    const [owner, other, room] = [fresh('u'), fresh('u'), newRoom()]
    const peer = await enter(owner)
    expect(await codeOf(peer, room, 'put', { c: 'messages', id: 'm', doc: message(other) })).toBe('forbidden')
    expect(await codeOf(peer, room, 'send', { id: 'm', text: 'x', author: other })).not.toBe('done')
    await peer.mutate(room, 'send', { id: 'm', text: 'x' })
    expect(await codeOf(peer, room, 'patch', { c: 'messages', id: 'm', set: { author: other } })).toBe('forbidden')
    expect(await codeOf(peer, room, 'put', { c: 'messages', id: 'm', doc: message(other) })).toBe('forbidden')
    expect(await codeOf(peer, room, 'patch', { c: 'messages', id: 'm', unset: ['author'] })).not.toBe('done')
    // Saying again what is so is no change.
    expect(await codeOf(peer, room, 'patch', { c: 'messages', id: 'm', set: { author: owner, text: 'y' } })).toBe('done')
    expect((await documents(other, room))['messages/m']).toMatchObject({ author: owner, text: 'y' })
  })

  it('whose id is taken is rejected, for its own author too, and the first stays as it is', async () => {
    const [user, room] = [fresh('u'), newRoom()]
    const peer = await enter(user)
    await peer.mutate(room, 'send', { id: 'm', text: 'first' })
    expect(await codeOf(peer, room, 'send', { id: 'm', text: 'second' })).toBe('rejected')
    expect((await documents(user, room))['messages/m']?.text).toBe('first')
  })

  it('deleted can be written again by anybody, and then belongs to whoever did', async () => {
    const [one, two, room] = [fresh('u'), fresh('u'), newRoom()]
    const [first, second] = [await enter(one), await enter(two)]
    await first.mutate(room, 'send', { id: 'm', text: 'first' })
    await first.mutate(room, 'delete', { c: 'messages', id: 'm' })
    expect(await codeOf(second, room, 'send', { id: 'm', text: 'second' })).toBe('done')
    expect(await codeOf(first, room, 'patch', { c: 'messages', id: 'm', set: { text: 'back' } })).toBe('forbidden')
    expect((await documents(one, room))['messages/m']).toMatchObject({ author: two, text: 'second' })
  })

  it('that is not there cannot be patched, and to delete it does no harm', async () => {
    const [user, room] = [fresh('u'), newRoom()]
    const peer = await enter(user)
    expect(['rejected', 'not-found']).toContain(await codeOf(peer, room, 'patch', { c: 'messages', id: 'no', set: { text: 'x' } }))
    expect(['done', 'rejected', 'not-found']).toContain(await codeOf(peer, room, 'delete', { c: 'messages', id: 'no' }))
    expect(await documents(user, room)).toEqual({})
  })
})

describe('the space of a user', () => {
  it('is read and written by that user alone, and answers others the same whether it holds something or not', async () => {
    const [owner, other, nobody] = [fresh('u'), fresh('u'), fresh('u')]
    const space = `user:${owner}`
    const mine = await enter(owner)
    expect(await codeOf(mine, space, 'put', { c: 'profile', id: 'me', doc: { name: 'Me' } })).toBe('done')
    expect(await codeOf(mine, space, 'put', { c: 'chats', id: 'lobby', doc: { title: 'Lobby' } })).toBe('done')
    expect(await codeOf(mine, space, 'patch', { c: 'chats', id: 'lobby', set: { title: 'The lobby' } })).toBe('done')
    expect(await documents(owner, space)).toEqual({ 'profile/me': { name: 'Me' }, 'chats/lobby': { title: 'The lobby' } })

    const answersOf = async (target: string) => {
      const peer = await enter(other)
      const { nonce: _, ...ack } = await peer.mutate(target, 'put', { c: 'profile', id: 'me', doc: { name: 'Forged' } })
      const { nonce: __, ...unknown } = await peer.mutate(target, 'put', { c: 'cellar', id: 'me', doc: {} })
      const { space: named, ...denied } = await peer.ask({ t: 'follow', spaces: { [target]: [0, ''] } }, 'denied')
      expect(named).toBe(target)
      const asked = await pull(server.url, other, target)
      const stated = await pull(server.url, other, target, { since: 2, seal: 'abcdef01' })
      const batch = new WireOutbox()
      const posted = await http<WireAnswer>(server.url, other, '/v1/mutations', {
        body: batch.batch(batch.next(target, 'delete', { c: 'profile', id: 'me' })),
      })
      const error = posted.body.acks[0]?.error
      return { ack, unknown, denied, asked: [asked.status, asked.body], stated: [stated.status, stated.body], error }
    }
    const full = await answersOf(space)
    expect(full.ack.error?.code).toBe('forbidden')
    expect(full.denied.error).toMatchObject({ code: 'forbidden' })
    expect(full.asked).toMatchObject([403, { error: { code: 'forbidden' } }])
    expect(full.error?.code).toBe('forbidden')
    expect(await answersOf(`user:${nobody}`)).toEqual(full)
    expect(JSON.stringify(full)).not.toContain(owner)
    expect(await documents(owner, space)).toMatchObject({ 'profile/me': { name: 'Me' } })
  })

  it('keeps a read marker that moves forward only, of rooms that are joined, and joins and leaves as often as it is told', async () => {
    const user = fresh('u')
    const [peer, space] = [await enter(user), `user:${user}`]
    const chat = async () => (await documents(user, space))['chats/pier']
    expect(await codeOf(peer, space, 'markRead', { room: 'pier', to: 4 })).toBe('done')
    expect(await chat()).toBeUndefined()
    for (const title of ['The pier', 'Another']) expect(await codeOf(peer, space, 'join', { room: 'pier', title })).toBe('done')
    expect(await chat()).toEqual({ title: 'The pier', joinedAtMs: expect.any(Number) })
    for (const to of [7, 4, 7]) expect(await codeOf(peer, space, 'markRead', { room: 'pier', to })).toBe('done')
    expect(await chat()).toMatchObject({ readTo: 7 })
    for (const to of [-1, 1.5, '8', null]) expect(await codeOf(peer, space, 'markRead', { room: 'pier', to })).toBe('invalid')
    for (const _ of [1, 2]) expect(await codeOf(peer, space, 'leave', { room: 'pier' })).toBe('done')
    expect(await chat()).toBeUndefined()
  })

  it('refuses what its schema does not know, and a chat’s mutator', async () => {
    const user = fresh('u')
    const [peer, space] = [await enter(user), `user:${user}`]
    expect(await codeOf(peer, space, 'put', { c: 'profile', id: 'me', doc: { nickname: 'x' } })).toBe('invalid')
    expect(await codeOf(peer, space, 'put', { c: 'messages', id: 'me', doc: message(user) })).toBe('not-found')
    expect(await codeOf(peer, space, 'send', { id: 'm', text: 'x' })).toBe('not-found')
    expect(await documents(user, space)).toEqual({})
  })
})

describe('text of every sort', () => {
  const texts = [
    'é', // composed
    'e\u0301', // decomposed: another text, kept as it came
    '👩‍👩‍👧‍👦 👍🏽 🇨🇳',
    'مرحبا \u202eעברית\u202c',
    'Ω≈ç√∫˜µ≤≥÷ 田中さん ไทย ꧁༺',
    'Z\u0351\u036b\u0343\u036a\u0302a\u0334l\u0335g\u0362o',
    'a\u0000b\u0007\u001b[31m',
    '\u2028\u2029\u00a0\ufeff\u200b',
    'line\r\nbreak\ttab',
    '"quotes" \\ back \\u0041 </script> \'; DROP TABLE docs; --',
    '{"t":"welcome"}',
    '__proto__',
    '\uffff\ufffe\u{10ffff}',
  ]
  const ids = ['é', 'e\u0301', '😀', 'a/b?c=d#e', '%2e%2e', '..', ' ', 'null', '0', 'toString', 'x'.repeat(128), '水'.repeat(128), '\u2028']

  it('comes back as it went in, live and by pull', async () => {
    const [user, room] = [fresh('u'), newRoom()]
    const [writer, reader] = [await enter(user), await enter(user)]
    await reader.follow(room)
    for (const [i, text] of texts.entries()) expect(await codeOf(writer, room, 'send', { id: `m${i}`, text })).toBe('done')
    const live = await reader.reaches(room, texts.length)
    expect([...live.docs.values()].map(({ doc }) => doc.text)).toEqual(texts)
    expect(Object.values(await documents(user, room)).map(({ text }) => text)).toEqual(texts)
  })

  it('names a document where it has no control characters, each another one', async () => {
    const [user, room] = [fresh('u'), newRoom()]
    const writer = await enter(user)
    for (const id of ids) expect([id, await codeOf(writer, room, 'send', { id, text: id })]).toEqual([id, 'done'])
    const held = await documents(user, room)
    expect(Object.keys(held)).toEqual(ids.map((id) => `messages/${id}`))
    for (const id of ids) expect(await codeOf(writer, room, 'delete', { c: 'messages', id })).toBe('done')
    expect(await documents(user, room)).toEqual({})
  })

  it('[§2] does not name one where it is empty, too long, broken, reserved, or has control characters', async () => {
    const [user, room] = [fresh('u'), newRoom()]
    const writer = await enter(user)
    const bad = [
      '',
      'x'.repeat(129),
      'a\u0000',
      'a\nb',
      '\u007f',
      '\u0085',
      '\ud800',
      '\udc00x',
      '__proto__',
      'constructor',
      'prototype',
      7,
      null,
    ]
    for (const id of bad) {
      expect([id, await codeOf(writer, room, 'send', { id, text: 'x' })]).toEqual([id, 'invalid'])
      expect([id, await codeOf(writer, room, 'put', { c: 'messages', id, doc: message(user) })]).toEqual([id, 'invalid'])
    }
    expect(await documents(user, room)).toEqual({})
  })

  it('that is not well-formed is refused, or comes back as it was; never another text', async () => {
    const [user, room] = [fresh('u'), newRoom()]
    const writer = await enter(user)
    const ack = await writer.mutate(room, 'send', { id: `m${newNonce()}`, text: 'half \ud83d of a pair' })
    const held = Object.values(await documents(user, room)).map(({ text }) => text)
    expect(held).toEqual(ack.error ? [] : ['half \ud83d of a pair'])
  })
})
