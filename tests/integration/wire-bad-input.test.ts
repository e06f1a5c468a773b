// Goal: what does not parse, does not fit, or is not allowed gets the code of §9 and harms nobody. Method: the real server process,
// spoken to by somebody who has read the protocol's page and breaks its rules one by one.
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { connectBare } from '../harness/bare-client.ts'
import { fresh, newClientId, newNonce, pull, pullAll, tokenOf, type WireError } from '../harness/wire-peer.ts'
import { wireServer } from '../harness/wire-server.ts'

const server = wireServer()
const { enter } = server
const newRoom = () => `room:${fresh('r')}`
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
const helloOf = async (user: string) => ({
  t: 'hello',
  client: newClientId(),
  token: await tokenOf(server.url, user),
  spaces: {},
  nextS: 60,
  app: '1',
})

describe('a frame', () => {
  const client = 'c_AAAAAAAAAAAAAAAAAAAAAA'
  it.each([
    'not json',
    '',
    '{',
    '[]',
    'null',
    '7',
    '{}',
    '{"t":"nope"}',
    '{"t":"welcome"}',
    '{"t":7}',
    '{"t":"beat"}',
    '{"t":"beat","nextS":"soon"}',
    '{"t":"beat","nextS":-1}',
    '{"t":"follow"}',
    '{"t":"follow","spaces":{"room:1":7}}',
    '{"t":"follow","spaces":{"room:1":[0]}}',
    '{"t":"follow","spaces":{"room:1":[-1,""]}}',
    '{"t":"follow","spaces":{"room:1":[1.5,"a"]}}',
    '{"t":"follow","spaces":{"room:1":["0",""]}}',
    `{"t":"follow","spaces":{"room:1":[1,"${'a'.repeat(97)}"]}}`,
    '{"t":"follow","spaces":{"NO ROOM":[0,""]}}',
    '{"t":"unfollow","spaces":{}}',
    '{"t":"unfollow","spaces":[7]}',
    '{"t":"mutate"}',
    `{"t":"mutate","client":"${client}","on":"","mutations":{}}`,
    '{"t":"auth"}',
    '{"t":"auth","token":7}',
  ])('%s is answered by an error, and the connection goes on', (frame) => answeredByAnError(frame))

  it.each([
    ['nested 500 deep', nested(500)],
    ['nested 100,000 deep', nested(100_000)],
    ['of 300,000 items', `[${'0,'.repeat(300_000)}0]`],
  ])('%s is answered by an error, and the connection goes on', (_name, field) => answeredByAnError(`{"t":"beat","nextS":60,"x":${field}}`))

  async function answeredByAnError(frame: string): Promise<void> {
    const [user, room] = [fresh('u'), newRoom()]
    const peer = await enter(user, { follow: [room] })
    const mark = peer.mark()
    peer.socket.send(frame)
    const { error } = (await peer.after(mark, ({ t }) => t === 'error')) as unknown as { error: WireError }
    expect(['bad-request', 'too-large']).toContain(error.code)
    expect(error).toMatchObject({ retryable: false, message: expect.stringMatching(/\S/) })
    expect(await peer.mutate(room, 'send', { id: 'm', text: 'still here' })).toMatchObject({ in: { [room]: 1 } })
    const beat = await peer.beat()
    expect(beat.mine).toBe(beat.theirs)
  }

  it('[§5] a list as the spaces of a follow or a hello is a bad-request', async () => {
    const user = fresh('u')
    const peer = await enter(user)
    expect(await peer.ask({ t: 'follow', spaces: [] }, 'error', 'heads')).toMatchObject({ t: 'error', error: { code: 'bad-request' } })
    const socket = await connectBare(server.url)
    socket.send({ ...(await helloOf(user)), spaces: [] })
    expect(await socket.expect(({ t }) => t === 'error' || t === 'welcome')).toMatchObject({ t: 'error', error: { code: 'bad-request' } })
    socket.close()
  })

  it('[B2] the space id __proto__ in a follow is answered, by an error or a denied, as every other bad id is', async () => {
    const peer = await enter(fresh('u'))
    const mark = peer.mark()
    peer.socket.send('{"t":"follow","spaces":{"__proto__":[0,""]}}')
    expect(await peer.after(mark, ({ t }) => t === 'error' || t === 'denied', 1500)).toBeDefined()
  })

  it('[§5] with fields that nobody knows is served', async () => {
    const peer = await enter(fresh('u'))
    peer.socket.send({ t: 'beat', nextS: 60, mood: { good: [1, 2, { very: true }] } })
    await peer.socket.expect(({ t }) => t === 'beat')
    expect(peer.socket.frames.some(({ t }) => t === 'error')).toBe(false)
  })

  it('[§9] malformed for the third time closes the connection with 4400, each of the three answered', async () => {
    const peer = await enter(fresh('u'))
    for (let i = 0; i < 3; i++) peer.socket.send('not json')
    expect(await peer.socket.closed).toBe(4400)
    expect(peer.socket.frames.filter(({ t }) => t === 'error')).toHaveLength(3)
  })

  it('refused for what it says, not for its form, is no strike', async () => {
    const [user, room] = [fresh('u'), newRoom()]
    const peer = await enter(user)
    for (let i = 0; i < 5; i++) {
      await peer.ask({ t: 'follow', spaces: { 'user:bob': [0, ''] } }, 'denied')
      expect((await peer.mutate(room, 'send', { id: 'm', text: '' })).error?.code).toBe('invalid')
    }
    expect(await peer.mutate(room, 'send', { id: 'm', text: 'x' })).toMatchObject({ in: { [room]: 1 } })
  })

  it('that is binary is an error, never read as text', async () => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/v1/connect`, 'tidemark.1')
    const frames: { t: string; error?: WireError }[] = []
    socket.on('message', (message) => frames.push(JSON.parse(String(message))))
    await new Promise((resolve) => socket.once('open', resolve))
    const came = new Promise((resolve) => socket.once('message', resolve))
    socket.send(Buffer.from(JSON.stringify(await helloOf(fresh('u')))))
    await came
    expect(frames).toMatchObject([{ t: 'error', error: { code: 'bad-request' } }])
    socket.terminate()
  })

  it('[§9] larger than 1 MiB closes the connection with 4413 or 1009, and others notice nothing', async () => {
    const other = await enter(fresh('u'))
    const peer = await enter(fresh('u'))
    peer.socket.send(`{"t":"beat","nextS":60,"x":"${'y'.repeat(1_048_577)}"}`)
    const ended = await Promise.race([peer.socket.closed, peer.socket.expect(({ t }) => t === 'error')])
    if (typeof ended === 'number') expect([4413, 1009]).toContain(ended)
    else expect(ended.error).toMatchObject({ code: 'too-large' })
    expect((await other.beat()).theirs).toBe(0)
  })

  it('of just under 1 MiB is served', async () => {
    const peer = await enter(fresh('u'))
    const frame = (pad: number) => `{"t":"beat","nextS":60,"x":"${'y'.repeat(pad)}"}`
    const mark = peer.mark()
    peer.socket.send(frame(1_048_576 - frame(0).length))
    await peer.after(mark, ({ t }) => t === 'beat')
  })

  it.each(['beat', 'follow', 'mutate', 'auth', 'unfollow'])('%s before hello is an error; the hello after it is welcome', async (t) => {
    const [user, room] = [fresh('u'), newRoom()]
    const socket = await connectBare(server.url)
    const mutation = { n: 1, nonce: newNonce(), space: room, name: 'send', args: { id: 'm', text: 'x' }, madeMs: 1 }
    const fields: Record<string, object> = {
      beat: { nextS: 60 },
      follow: { spaces: { [room]: [0, ''] } },
      unfollow: { spaces: [room] },
      auth: { token: await tokenOf(server.url, user) },
      mutate: { client: newClientId(), on: '', mutations: [mutation] },
    }
    socket.send({ t, ...fields[t] })
    expect((await socket.expect((frame) => frame.t === 'error')).error).toMatchObject({ code: 'bad-request' })
    socket.send(await helloOf(user))
    await socket.expect((frame) => frame.t === 'welcome')
    socket.close()
    expect((await pull(server.url, user, room)).body.head).toBe(0)
  })

  it.each([
    ['client', 'me'],
    ['client', undefined],
    ['token', undefined],
    ['spaces', undefined],
    ['spaces', { 'room:1': 'x' }],
    ['nextS', 'x'],
    ['app', 1],
  ])('hello with %s %j is a bad-request, and a right one after it is welcome', async (field, value) => {
    const socket = await connectBare(server.url)
    const hello = await helloOf(fresh('u'))
    socket.send({ ...hello, [field]: value })
    expect((await socket.expect(({ t }) => t === 'error')).error).toMatchObject({ code: 'bad-request' })
    socket.send(hello)
    await socket.expect(({ t }) => t === 'welcome')
    socket.close()
  })

  it('say is not served here: it is answered, by name, and the connection goes on', async () => {
    const peer = await enter(fresh('u'))
    const said = await peer.ask({ t: 'say', space: newRoom(), lane: 'danmu', n: 3, body: {} }, 'said', 'error')
    expect(said.error).toMatchObject({ code: 'not-found' })
    if (said.t === 'said') expect(said.n).toBe(3)
    expect((await peer.beat()).theirs).toBe(0)
  })
})

describe('numbers that JSON can write and a computer cannot hold', () => {
  it('are refused, never stored as something else', async () => {
    const user = fresh('u')
    const [peer, room] = [await enter(user), newRoom()]
    const batch = peer.outbox.batch(
      peer.outbox.next(room, 'put', { c: 'messages', id: 'm', doc: { text: 'x', author: user, sentAtMs: 'HUGE' } }),
    )
    const mark = peer.mark()
    peer.socket.send(JSON.stringify({ t: 'mutate', ...batch }).replace('"HUGE"', '1e400'))
    expect((await peer.after(mark, ({ t }) => t === 'ack')).acks).toMatchObject([{ n: 1, error: { code: 'invalid' } }])
    expect((await pullAll(server.url, user, room)).copy.version).toBe(0)
  })
})
