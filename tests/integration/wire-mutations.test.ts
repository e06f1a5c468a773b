// Goal: what is written is done once, in order, and answered as §6 says, over the live connection and over HTTP alike. Method: the
// real server process, spoken to by somebody who has read the protocol's page and nothing else.
import { describe, expect, it } from 'vitest'
import { fresh, http, newClientId, newNonce, pull, pullAll, type WireAnswer, type WireBatch, WireOutbox } from '../harness/wire-peer.ts'
import { wireServer } from '../harness/wire-server.ts'

const server = wireServer()
const { enter } = server
const newRoom = () => `room:${fresh('r')}`
const sendTo = (outbox: WireOutbox, room: string) => outbox.next(room, 'send', { id: fresh('m'), text: 'x' })

// Each way must give the same answers: `answer` sends one batch as this user.
const ways: readonly [string, (user: string) => Promise<(batch: WireBatch) => Promise<WireAnswer>>][] = [
  [
    'the live connection',
    async (user) => {
      const peer = await enter(user)
      return (batch) => peer.sendBatch(batch)
    },
  ],
  [
    'POST /v1/mutations',
    async (user) => async (batch) => {
      const { status, headers, body } = await http<WireAnswer>(server.url, user, '/v1/mutations', { body: batch })
      // [M3] Over HTTP this answer has status 200; another says that no mutation was looked at.
      expect({ status, body }).toMatchObject({ status: 200, body: { acks: expect.any(Array) } })
      expect(headers.get('cache-control')).toBe('no-store')
      return body
    },
  ],
]

describe.each(ways)('a batch over %s', (_name, way) => {
  it('[M1] is done in the order of n, each mutation one commit, each acknowledged with number, nonce and version', async () => {
    const user = fresh('u')
    const [answer, outbox, room] = [await way(user), new WireOutbox(), newRoom()]
    const mutations = Array.from({ length: 5 }, () => sendTo(outbox, room))
    const { acks, error } = await answer(outbox.batch(...mutations))
    expect(error).toBeUndefined()
    expect(acks).toEqual(mutations.map(({ n, nonce }, i) => ({ n, nonce, in: { [room]: i + 1 } })))
    const { copy, pages } = await pullAll(server.url, user, room)
    expect(copy.docs.size).toBe(5)
    // [C1] Each commit bears the nonce of the mutation that made it.
    expect(pages.flatMap(({ changes }) => changes.map(({ v, o }) => [v, o]))).toEqual(mutations.map(({ nonce }, i) => [i + 1, nonce]))
  })

  it('[M2] of what is done is acknowledged again, the same, and not run; a new one behind it runs', async () => {
    const user = fresh('u')
    const [answer, outbox, room] = [await way(user), new WireOutbox(), newRoom()]
    const first = outbox.batch(sendTo(outbox, room), outbox.next(room, 'send', { id: 'm1', text: '' }), sendTo(outbox, room))
    const before = await answer(first)
    expect(before.acks[1]?.error?.code).toBe('invalid')
    expect(await answer(first)).toEqual(before)
    const last = sendTo(outbox, room)
    const longer = await answer({ ...first, mutations: [...first.mutations, last] })
    expect(longer.acks.slice(0, 3)).toEqual(before.acks)
    expect(longer.acks[3]).toEqual({ n: 4, nonce: last.nonce, in: { [room]: 3 } })
    expect((await pullAll(server.url, user, room)).copy.version).toBe(3)
  })

  it('[M2] with a number that is done and another nonce is a client-conflict at that n, and nothing runs', async () => {
    const user = fresh('u')
    const [answer, outbox, room] = [await way(user), new WireOutbox(), newRoom()]
    const [one, two] = [sendTo(outbox, room), sendTo(outbox, room)]
    await answer({ client: outbox.client, on: '', mutations: [one] })
    const forged = { ...one, nonce: newNonce() }
    const { acks, error } = await answer({ client: outbox.client, on: '', mutations: [forged, two] })
    expect(acks).toEqual([])
    expect(error).toMatchObject({ code: 'client-conflict', n: 1, retryable: false })
    expect((await pullAll(server.url, user, room)).copy.version).toBe(1)
  })

  it('[M2] that stands on another nonce than that of n-1 is a client-conflict', async () => {
    const user = fresh('u')
    const [answer, outbox, room] = [await way(user), new WireOutbox(), newRoom()]
    const [one, two] = [sendTo(outbox, room), sendTo(outbox, room)]
    await answer({ client: outbox.client, on: '', mutations: [one] })
    for (const on of [newNonce(), '']) {
      const { acks, error } = await answer({ client: outbox.client, on, mutations: [two] })
      expect({ acks, error }).toMatchObject({ acks: [], error: { code: 'client-conflict', n: 2 } })
    }
    expect((await answer({ client: outbox.client, on: one.nonce, mutations: [two] })).acks[0]?.in).toEqual({ [room]: 2 })
  })

  it('[M2] a first mutation that stands on something is a client-conflict, not taken for a first', async () => {
    const [answer, outbox, room] = [await way(fresh('u')), new WireOutbox(), newRoom()]
    const { acks, error } = await answer({ client: outbox.client, on: newNonce(), mutations: [sendTo(outbox, room)] })
    expect({ acks, error }).toMatchObject({ acks: [], error: { code: 'client-conflict', n: 1 } })
  })

  it('[M3] past the next number is out-of-order with expected, whatever on says; what stood before it is done', async () => {
    const user = fresh('u')
    const [answer, outbox, room] = [await way(user), new WireOutbox(), newRoom()]
    const [one, two, three] = [sendTo(outbox, room), sendTo(outbox, room), sendTo(outbox, room)]
    for (const on of ['', newNonce(), two.nonce]) {
      const { acks, error } = await answer({ client: outbox.client, on, mutations: [three] })
      expect({ acks, error }).toMatchObject({ acks: [], error: { code: 'out-of-order', n: 3, expected: 1 } })
    }
    const gap = await answer({ client: outbox.client, on: '', mutations: [one, three] })
    expect(gap.acks).toEqual([{ n: 1, nonce: one.nonce, in: { [room]: 1 } }])
    expect(gap.error).toMatchObject({ code: 'out-of-order', n: 3, expected: 2 })
    expect((await pullAll(server.url, user, room)).copy.version).toBe(1)
  })

  it('[M2] under the client id of another user is a client-conflict and runs nothing', async () => {
    const [user, outbox, room] = [fresh('u'), new WireOutbox(), newRoom()]
    const first = sendTo(outbox, room)
    await (await way(user))(outbox.batch(first))
    const answer = await way(fresh('thief'))
    for (const batch of [
      { client: outbox.client, on: '', mutations: [first] },
      outbox.batch(sendTo(outbox, room)),
      { client: outbox.client, on: '', mutations: [{ ...first, n: 9, nonce: newNonce() }] },
    ]) {
      const { acks, error } = await answer(batch)
      expect({ acks, error }).toMatchObject({ acks: [], error: { code: 'client-conflict' } })
    }
    expect((await pullAll(server.url, user, room)).copy.version).toBe(1)
  })

  it('[M3] a malformed mutation in a well-formed batch is refused as invalid, takes its number, and the rest runs', async () => {
    const user = fresh('u')
    const [answer, client, room] = [await way(user), newClientId(), newRoom()]
    const shapes = [
      {},
      { space: room },
      { space: room, name: 'send' },
      { space: room, name: 'send', args: [], madeMs: 1 },
      { space: room, name: 'send', args: 'x', madeMs: 1 },
      { space: room, name: 'send', args: null, madeMs: 1 },
      { space: room, name: 7, args: {}, madeMs: 1 },
      { space: 'NO', name: 'send', args: { id: 'm', text: 'x' }, madeMs: 1 },
      { space: 5, name: 'send', args: { id: 'm', text: 'x' }, madeMs: 1 },
      { space: room, name: 'send', args: { id: 'm', text: 'x' }, madeMs: 'now' },
    ]
    const mutations = [...shapes, { space: room, name: 'send', args: { id: 'm', text: 'x' }, madeMs: 1 }].map((shape, i) => ({
      n: i + 1,
      nonce: newNonce(),
      ...shape,
    }))
    const { acks, error } = await answer({ client, on: '', mutations })
    expect(error).toBeUndefined()
    expect(acks.map(({ n, nonce }) => ({ n, nonce }))).toEqual(mutations.map(({ n, nonce }) => ({ n, nonce })))
    expect(acks.slice(0, -1).map((ack) => ack.error?.code)).toEqual(shapes.map(() => 'invalid'))
    expect(acks.at(-1)?.in).toEqual({ [room]: 1 })
  })

  it('[M5] a void mutation is recorded as refused, and stays so', async () => {
    const user = fresh('u')
    const [answer, client, room] = [await way(user), newClientId(), newRoom()]
    const nonces = [newNonce(), newNonce()] as const
    const first = await answer({ client, on: '', mutations: [{ n: 1, nonce: nonces[0], void: true }] })
    expect(first.acks).toMatchObject([{ n: 1, nonce: nonces[0], error: { message: expect.any(String) } }])
    expect(['invalid', 'rejected', 'forbidden', 'outcome-unknown']).toContain(first.acks[0]?.error?.code)
    const again = { n: 1, nonce: nonces[0], space: room, name: 'send', args: { id: 'm', text: 'x' }, madeMs: 1 }
    expect(await answer({ client, on: '', mutations: [again] })).toEqual(first)
    const next = { ...again, n: 2, nonce: nonces[1] }
    expect((await answer({ client, on: nonces[0], mutations: [next] })).acks[0]?.in).toEqual({ [room]: 1 })
    // What is done stays done, though a confused client calls it void.
    const late = await answer({ client, on: nonces[0], mutations: [{ n: 2, nonce: nonces[1], void: true }] })
    expect(late.acks[0]?.in).toEqual({ [room]: 1 })
  })

  it('[M3] what is refused leaves no trace: no version, no document, nothing of its neighbours', async () => {
    const user = fresh('u')
    const [answer, outbox, room] = [await way(user), new WireOutbox(), newRoom()]
    const { acks } = await answer(
      outbox.batch(
        outbox.next(room, 'send', { id: 'm1', text: 'x' }),
        outbox.next(room, 'vanish', {}),
        outbox.next('cellar:1', 'send', { id: 'm', text: 'x' }),
        outbox.next(room, 'put', { c: 'pictures', id: 'p', doc: {} }),
        outbox.next(room, 'send', { id: 'm2', text: '' }),
        outbox.next(room, 'send', { id: 'm1', text: 'again' }),
        outbox.next('user:bob', 'put', { c: 'profile', id: 'p', doc: { name: 'x' } }),
        outbox.next(room, 'send', { id: 'm3', text: 'y' }),
      ),
    )
    expect(acks.map(({ error }) => error?.code)).toEqual([
      undefined,
      'not-found',
      'not-found',
      'not-found',
      'invalid',
      'rejected',
      'forbidden',
      undefined,
    ])
    expect(acks.slice(1, 4).map(({ error }) => error?.message)).toEqual([
      expect.stringContaining('vanish'),
      expect.stringContaining('cellar'),
      expect.stringContaining('pictures'),
    ])
    for (const { error } of acks.slice(1, -1)) expect(error).toMatchObject({ retryable: false, message: expect.stringMatching(/\S/) })
    expect(acks.at(-1)?.in).toEqual({ [room]: 2 })
    const { copy } = await pullAll(server.url, user, room)
    expect([...copy.docs.keys()]).toEqual(['messages/m1', 'messages/m3'])
  })

  it('[§9] 100 mutations are a batch', async () => {
    const [answer, outbox, room] = [await way(fresh('u')), new WireOutbox(), newRoom()]
    const { acks } = await answer(outbox.batch(...Array.from({ length: 100 }, () => sendTo(outbox, room))))
    expect(acks.at(-1)).toMatchObject({ n: 100, in: { [room]: 100 } })
  })
})

describe('a batch as a whole', () => {
  it('[§9] of more than 100 is looked at nowhere: an error, and the numbers are free', async () => {
    const user = fresh('u')
    const [peer, outbox, room] = [await enter(user), new WireOutbox(), newRoom()]
    const mutations = Array.from({ length: 101 }, () => sendTo(outbox, room))
    const frame = await peer.ask({ t: 'mutate', client: outbox.client, on: '', mutations }, 'ack', 'error')
    expect(frame).toMatchObject({ t: 'error', error: { code: expect.stringMatching(/^(bad-request|too-large)$/) } })
    const { status } = await http(server.url, user, '/v1/mutations', { body: { client: outbox.client, on: '', mutations } })
    expect([400, 413]).toContain(status)
    const { acks } = await peer.sendBatch({ client: outbox.client, on: '', mutations: mutations.slice(0, 100) })
    expect(acks).toHaveLength(100)
  })

  it('that cannot be numbered is a bad-request: no mutation was looked at', async () => {
    const user = fresh('u')
    const [peer, client] = [await enter(user), newClientId()]
    const good = { n: 1, nonce: newNonce(), space: newRoom(), name: 'send', args: { id: 'm', text: 'x' }, madeMs: 1 }
    const bodies = [
      { on: '', mutations: [good] },
      { client, mutations: [good] },
      { client, on: '' },
      { client, on: '', mutations: {} },
      { client: 'c_short', on: '', mutations: [good] },
      { client, on: '', mutations: [{ ...good, n: '1' }] },
      { client, on: '', mutations: [{ ...good, n: 0 }] },
      { client, on: '', mutations: [{ ...good, n: 1.5 }] },
      { client, on: '', mutations: [{ ...good, nonce: 'short' }] },
      { client, on: '', mutations: [null] },
    ]
    for (const body of bodies) {
      const answer = await http<{ error: { code: string } }>(server.url, user, '/v1/mutations', { body })
      expect({ status: answer.status, code: answer.body.error?.code, body }).toEqual({ status: 400, code: 'bad-request', body })
    }
    expect((await peer.sendBatch({ client, on: '', mutations: [good] })).acks[0]?.in).toEqual({ [good.space]: 1 })
  })

  it('[M4] of a space that is followed: the range that reaches its version follows the ack at once', async () => {
    const [user, room] = [fresh('u'), newRoom()]
    const peer = await enter(user, { follow: [room] })
    const ack = await peer.mutate(room, 'send', { id: 'm', text: 'x' })
    await peer.reaches(room, 1)
    const at = peer.socket.frames.findIndex(({ t }) => t === 'ack')
    expect(peer.socket.frames[at + 1]).toMatchObject({ t: 'range', space: room, to: 1, changes: [{ o: ack.nonce }] })
  })

  it('a client id of the same user may be another one than that of the hello', async () => {
    const [user, room] = [fresh('u'), newRoom()]
    const peer = await enter(user)
    const former = new WireOutbox()
    const answer = await peer.sendBatch(former.batch(sendTo(former, room)))
    expect(answer).toMatchObject({ client: former.client, acks: [{ n: 1, in: { [room]: 1 } }] })
    expect(await peer.mutate(room, 'send', { id: 'own', text: 'x' })).toMatchObject({ n: 1, in: { [room]: 2 } })
  })

  it('batches sent without waiting are answered in order, each once', async () => {
    const [user, room] = [fresh('u'), newRoom()]
    const peer = await enter(user, { follow: [room] })
    for (let i = 0; i < 30; i++)
      peer.socket.send({ t: 'mutate', ...peer.outbox.batch(sendTo(peer.outbox, room), sendTo(peer.outbox, room)) })
    await peer.reaches(room, 60)
    const acks = peer.socket.frames
      .filter(({ t }) => t === 'ack')
      .flatMap(({ acks }) => acks as { n: number; in: Record<string, number> }[])
    expect(acks.map(({ n }) => n)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1))
    expect(acks.map((ack) => ack.in[room])).toEqual(Array.from({ length: 60 }, (_, i) => i + 1))
  })

  it('[M1] sent from six connections at once, over both ways, is done exactly once', async () => {
    const [user, room, outbox] = [fresh('u'), newRoom(), new WireOutbox()]
    const batch = outbox.batch(...Array.from({ length: 10 }, () => sendTo(outbox, room)))
    const sockets = await Promise.all([enter(user), enter(user), enter(user)])
    const answers = await Promise.all([
      ...sockets.map((peer) => peer.sendBatch(batch)),
      ...sockets.map(async () => (await http<WireAnswer>(server.url, user, '/v1/mutations', { body: batch })).body),
    ])
    for (const { acks, error } of answers) {
      expect(error).toBeUndefined()
      expect(acks).toEqual(answers[0]?.acks)
    }
    expect((await pullAll(server.url, user, room)).copy.version).toBe(10)
  })

  it('[M4] acked counts refused ones too, and is [0,""] for anybody else’s client id', async () => {
    const [user, room, outbox] = [fresh('u'), newRoom(), new WireOutbox()]
    const peer = await enter(user, { outbox })
    await peer.mutate(room, 'send', { id: 'm', text: 'x' })
    const refused = await peer.mutate(room, 'send', { id: 'm2', text: '' })
    expect(refused.error?.code).toBe('invalid')
    expect((await pull(server.url, user, room, { client: outbox.client })).body.acked).toEqual([2, refused.nonce])
    expect((await enter(user, { outbox })).socket.frames[0]?.acked).toEqual([2, refused.nonce])
    const thief = fresh('thief')
    expect((await pull(server.url, thief, room, { client: outbox.client })).body.acked).toEqual([0, ''])
    expect((await enter(thief, { outbox: new WireOutbox(outbox.client) })).socket.frames[0]?.acked).toEqual([0, ''])
    expect((await pull(server.url, user, room, { client: newClientId() })).body.acked).toEqual([0, ''])
    expect((await pull(server.url, user, room)).body.acked).toBeUndefined()
  })
})
