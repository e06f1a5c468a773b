// Goal: readers who never read cost bounded memory, and the others in the room are told everything at once. Method: the real server process,
// a room in which a writer writes without pause, one and then many followers who read nothing, and a few who do.
import { describe, expect, it } from 'vitest'
import { clientFrame, handshake, type RawSocket, rawSocket } from '../harness/raw-socket.ts'
import { residentBytes, watchMemory } from '../harness/resident-bytes.ts'
import { fresh, newClientId, tokenOf } from '../harness/wire-peer.ts'
import { wireServer } from '../harness/wire-server.ts'

const MIB = 1_048_576
const MANY = process.env.CI === undefined ? 50 : 200
/** Who reads no answer over HTTP. */
const STUCK = 50
const TEXT = '你'.repeat(2000)
const MESSAGES = 10
/** Past what the systems on both ends hold for a socket. */
const ROUNDS = process.env.CI === undefined ? 200 : 400

const server = wireServer()

async function follower(room: string, user: string): Promise<RawSocket> {
  const socket = rawSocket(server.url)
  await socket.write(handshake())
  expect(await socket.status).toBe(101)
  const hello = {
    t: 'hello',
    client: newClientId(),
    token: await tokenOf(server.url, user),
    spaces: { [room]: [0, ''] },
    nextS: 3600,
    app: '1',
  }
  await socket.write(clientFrame(JSON.stringify(hello)))
  return socket
}

describe('readers who never read', () => {
  it.each([1, MANY])(
    '%i in a busy room: memory is bounded, the others are told everything at once, the slow one is told behind',
    async (count) => {
      const room = `room:${fresh('busy')}`
      const writer = await server.enter('writer')
      const readers = await Promise.all([1, 2, 3].map((n) => server.enter(`reader${n}`, { follow: [room] })))
      const before = residentBytes(server.pid)
      const most = watchMemory(server.pid)
      const stuck: RawSocket[] = []
      for (let n = 0; n < count; n++) {
        const socket = await follower(room, `stuck${n % 10}`)
        await expect.poll(() => socket.received()).toContain('"t":"range"')
        socket.socket.pause()
        stuck.push(socket)
      }

      const tookMs: number[] = []
      for (let round = 0; round < ROUNDS; round++) {
        const beganMs = performance.now()
        const mutations = Array.from({ length: MESSAGES }, (_, at) =>
          writer.outbox.next(room, 'send', { id: `m${round}-${at}`, text: TEXT }),
        )
        expect((await writer.send(...mutations)).error).toBeUndefined()
        await Promise.all(readers.map((reader) => reader.reaches(room, (round + 1) * MESSAGES)))
        tookMs.push(performance.now() - beganMs)
      }
      const writtenMib = (ROUNDS * MESSAGES * TEXT.length * 3) / MIB
      const sorted = tookMs.sort((a, b) => a - b)
      const [medianMs, slowestMs] = [sorted[sorted.length >> 1] as number, sorted.at(-1) as number]
      const grownMib = (most() - before) / MIB
      console.log(
        `${count} who never read, ${writtenMib.toFixed(0)} MiB each: +${grownMib.toFixed(0)} MiB; others told after ${medianMs.toFixed(1)}, at most ${slowestMs.toFixed(0)} ms`,
      )
      expect(grownMib).toBeLessThan(200 + count)
      expect(medianMs).toBeLessThan(500)
      expect(slowestMs).toBeLessThan(3000)

      const { socket } = stuck[0] as RawSocket
      let tail = ''
      socket.on('data', (data) => (tail = (tail + data.toString('latin1')).slice(-4096)))
      socket.resume()
      await expect.poll(() => tail, { timeout: 20_000 }).toContain('"t":"behind"')
      for (const { socket } of stuck) socket.destroy()
    },
  )

  it('of answers over HTTP cost bounded memory, and others are answered', async () => {
    const room = `room:${fresh('busy')}`
    const writer = await server.enter('writer')
    for (let round = 0; round < 15; round++) {
      const mutations = Array.from({ length: MESSAGES }, (_, at) => writer.outbox.next(room, 'send', { id: `m${round}-${at}`, text: TEXT }))
      await writer.send(...mutations)
    }
    const before = residentBytes(server.pid)
    const most = watchMemory(server.pid)
    const token = await tokenOf(server.url, 'stuck')
    const stuck = Array.from({ length: STUCK }, (_, n) => {
      const socket = rawSocket(server.url)
      socket.socket.pause()
      const encoding = ['identity', 'gzip', 'br', 'zstd'][n % 4]
      // Pipelined: the next is asked for before the one before was taken.
      const ask = `GET /v1/spaces/${room}/changes?since=0 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nAccept-Encoding: ${encoding}\r\n\r\n`
      void socket.write(ask.repeat(8))
      return socket
    })
    const tookMs: number[] = []
    for (let n = 0; n < 10; n++) {
      const beganMs = performance.now()
      const answer = await fetch(`${server.url}/v1/spaces/${room}/changes?since=0`, { headers: { authorization: `Bearer ${token}` } })
      expect([answer.status, (await answer.text()).length > 100_000]).toEqual([200, true])
      tookMs.push(performance.now() - beganMs)
    }
    await new Promise((resolve) => setTimeout(resolve, 1000))
    const grownMib = (most() - before) / MIB
    console.log(
      `${STUCK} who never read 8 answers each: +${grownMib.toFixed(0)} MiB; others answered within ${Math.max(...tookMs).toFixed(0)} ms`,
    )
    for (const { socket } of stuck) socket.destroy()
    expect(grownMib).toBeLessThan(350)
    expect(Math.max(...tookMs)).toBeLessThan(20_000)
  })
})
