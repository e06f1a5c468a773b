// Goal: frames sent without waiting for answers mean what their order says. Method: the real server process; a bare client that
// follows, unfollows, states again, writes and beats in a seeded order of chance, and checks every sum against its own copies.
import { describe, expect, it } from 'vitest'
import { connectBare, type Frame } from '../harness/bare-client.ts'
import { WireCopy, type WireRange } from '../harness/wire-copy.ts'
import { fresh, newClientId, newNonce, pullAll, tokenOf } from '../harness/wire-peer.ts'
import { wireServer } from '../harness/wire-server.ts'

const server = wireServer()
const { enter } = server
const newRoom = () => `room:${fresh('r')}`

describe('frames sent in one breath', () => {
  it('hello, follow, mutate and beat are answered in that order', async () => {
    const [user, room, client] = [fresh('u'), newRoom(), newClientId()]
    const token = await tokenOf(server.url, user)
    const socket = await connectBare(server.url)
    const mutation = { n: 1, nonce: newNonce(), space: room, name: 'send', args: { id: 'm', text: 'x' }, madeMs: 1 }
    socket.send({ t: 'hello', client, token, spaces: {}, nextS: 60, app: '1' })
    socket.send({ t: 'follow', spaces: { [room]: [0, ''] } })
    socket.send({ t: 'mutate', client, on: '', mutations: [mutation] })
    socket.send({ t: 'beat', nextS: 60 })
    await socket.expect(({ t }) => t === 'ack')
    await socket.expect(({ t }) => t === 'beat')
    await socket.expect(({ t, to }) => t === 'range' && to === 1)
    const kinds = socket.frames.map(({ t }) => t)
    expect(kinds[0]).toBe('welcome')
    expect(kinds[1]).toBe('heads')
    expect(kinds).not.toContain('error')
    socket.close()
  })

  it('two hellos are one welcome and one error', async () => {
    const hello = { t: 'hello', client: newClientId(), token: await tokenOf(server.url, fresh('u')), spaces: {}, nextS: 60, app: '1' }
    const socket = await connectBare(server.url)
    socket.send(hello)
    socket.send(hello)
    await socket.expect(({ t }) => t === 'welcome')
    await socket.expect(({ t }) => t === 'error')
    expect(socket.frames).toHaveLength(2)
    socket.close()
  })

  it('a mutation whose sender hangs up at once is done or not; sent again it is done once', async () => {
    const [user, room] = [fresh('u'), newRoom()]
    for (let i = 0; i < 10; i++) {
      const peer = await enter(user)
      const batch = peer.outbox.batch(peer.outbox.next(room, 'send', { id: fresh('m'), text: 'x' }))
      peer.socket.send({ t: 'mutate', ...batch })
      await new Promise((resolve) => setTimeout(resolve, i % 3))
      peer.close()
      expect((await (await enter(user)).sendBatch(batch)).acks[0]?.in).toEqual({ [room]: i + 1 })
    }
    expect((await pullAll(server.url, user, room)).copy.docs.size).toBe(10)
  })

  it('[§9] at the limit of followed spaces a copy may still state where it stands, and an unfollow makes room', async () => {
    const stem = fresh('lots')
    const spaces = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`room:${stem}-${i}`, [0, '']]))
    const peer = await enter(fresh('u'), { hello: { spaces } })
    expect((await peer.beat()).theirs).toBe(1000)
    expect((await peer.ask({ t: 'follow', spaces: { [`room:${stem}-7`]: [0, ''] } }, 'heads')).heads).toEqual({ [`room:${stem}-7`]: 0 })
    expect((await peer.ask({ t: 'follow', spaces: { [newRoom()]: [0, ''] } }, 'denied')).error).toMatchObject({ code: 'too-large' })
    const mark = peer.mark()
    const room = newRoom()
    peer.socket.send({ t: 'unfollow', spaces: [`room:${stem}-0`, `room:${stem}-1`] })
    peer.socket.send({ t: 'follow', spaces: { [room]: [0, ''] } })
    expect((await peer.after(mark, ({ t }) => t === 'range')).space).toBe(room)
    expect((await peer.beat()).theirs).toBe(999)
  })
})

describe('any order', () => {
  it.each([1, 2, 3, 4, 5, 6])(
    '[B1] [B2] seed %i: every sum that may be compared agrees, every range fits, and the end is level',
    async (seed) => {
      const random = mulberry(seed)
      const rooms = Array.from({ length: 4 }, newRoom)
      const [writer, user] = [await enter(fresh('u')), fresh('u')]
      const socket = await connectBare(server.url)
      socket.send({ t: 'hello', client: newClientId(), token: await tokenOf(server.url, user), spaces: {}, nextS: 60, app: '1' })
      await socket.expect(({ t }) => t === 'welcome')
      const copies = new Map(rooms.map((room) => [room, new WireCopy()]))
      const copyOf = (room: string) => copies.get(room) as WireCopy
      const wanted = new Set<string>()
      /** [R4] One statement of a space is under way at a time: until its heads, and then until what comes for the space. */
      const unnamed = new Map(rooms.map((room) => [room, 0]))
      const unanswered = new Set<string>()
      const isUnderWay = (room: string) => unnamed.get(room) !== 0 || unanswered.has(room)
      const beatsAfterChanges: number[] = []
      let changes = 0
      let read = 0
      let beats = 0
      let compared = 0
      const state = (room: string) => {
        wanted.add(room)
        changes += 1
        unnamed.set(room, Number(unnamed.get(room)) + 1)
        socket.send({ t: 'follow', spaces: { [room]: [copyOf(room).version, copyOf(room).seal] } })
      }
      const beat = () => {
        beatsAfterChanges.push(changes)
        socket.send({ t: 'beat', nextS: 60 })
      }
      const take = (frame: Frame) => {
        const room = frame.space as string
        if (unnamed.get(room) === 0) unanswered.delete(room)
        if (!wanted.has(room)) return
        if (copyOf(room).take(frame as unknown as WireRange) === 'R4' && !isUnderWay(room)) state(room)
      }
      const look = () => {
        for (; read < socket.frames.length; read++) {
          const frame = socket.frames[read] as Frame
          expect(['welcome', 'heads', 'range', 'beat']).toContain(frame.t)
          if (frame.t === 'heads')
            for (const room of Object.keys(frame.heads as object)) {
              unnamed.set(room, Number(unnamed.get(room)) - 1)
              unanswered.add(room)
            }
          if (frame.t === 'range') take(frame)
          if (frame.t === 'beat') {
            if (beatsAfterChanges[beats] === changes) {
              compared += 1
              expect(frame.sum).toBe([...wanted].reduce((sum, room) => sum + copyOf(room).term, 0))
            }
            beats += 1
          }
        }
      }
      const written: Promise<unknown>[] = []
      for (let step = 0; step < 150; step++) {
        const room = rooms[Math.floor(random() * rooms.length)] as string
        const dice = random()
        if (dice < 0.35) written.push(writer.mutate(room, 'send', { id: fresh('m'), text: `${step}` }))
        else if (dice < 0.5 && !isUnderWay(room)) {
          // A copy whose seal went wrong is told so, live.
          if (random() < 0.15) copyOf(room).seal = 'abcdef01'
          state(room)
        } else if (dice < 0.58) {
          wanted.delete(room)
          unanswered.delete(room)
          changes += 1
          socket.send({ t: 'unfollow', spaces: [room] })
        } else if (dice < 0.8) beat()
        else await new Promise((resolve) => setTimeout(resolve, random() * 12))
        look()
      }
      await Promise.all(written)
      const answered = async () => {
        beat()
        await socket.expect(() => socket.frames.filter(({ t }) => t === 'beat').length === beatsAfterChanges.length)
        look()
      }
      await answered()
      for (const room of rooms) state(room)
      await answered()
      expect(compared).toBeGreaterThan(0)
      for (const room of rooms) {
        const { copy } = await pullAll(server.url, user, room)
        expect([...(copies.get(room) as WireCopy).docs]).toEqual([...copy.docs])
        expect(copies.get(room)?.seal).toBe(copy.version === 0 ? copies.get(room)?.seal : copy.seal)
      }
      socket.close()
    },
  )
})

function mulberry(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
