// Goal: senders who never end what they began (slowloris: headers, bodies, frames, a byte now and then) hold bounded memory, for a bounded
// time, and nobody else notices. Method: the real server process, hundreds of bare sockets at once, and a neighbour who chats meanwhile.
import { describe, expect, it } from 'vitest'
import { expectServed, neighbour, served } from '../harness/neighbour.ts'
import { clientFrame, handshake, type RawSocket, rawSocket } from '../harness/raw-socket.ts'
import { residentBytes, watchMemory } from '../harness/resident-bytes.ts'
import { newClientId, tokenOf } from '../harness/wire-peer.ts'
import { wireServer } from '../harness/wire-server.ts'

const MIB = 1_048_576
const SENDERS = process.env.CI === undefined ? 250 : 400
const AT_A_TIME = 50
/** As much as any request or frame may have, but for the end. */
const ALMOST = Buffer.alloc(MIB - 1000, ' ')
/** What may be on its way over all connections is 64 MiB; without that bound it would be the number of senders, or twice that. */
const GROWN_MIB_MAX = 170

const server = wireServer()

/** What each of them says before it falls silent, or nearly so. */
const KINDS: Readonly<Record<string, (token: string) => Promise<(socket: RawSocket) => Promise<void>>>> = {
  'headers without an end': async () => async (socket) => {
    await socket.write(
      `GET /healthz HTTP/1.1\r\nHost: x\r\n${Array.from({ length: 60 }, (_, n) => `X-${n}: ${'x'.repeat(200)}\r\n`).join('')}X: `,
    )
  },
  'bodies of almost 1 MiB without their last byte': async (token) => async (socket) => {
    await socket.write(`POST /v1/mutations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Length: ${MIB}\r\n\r\n`)
    await socket.write(ALMOST)
  },
  'bodies in chunks without an end': async (token) => async (socket) => {
    await socket.write(`POST /v1/mutations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nTransfer-Encoding: chunked\r\n\r\n`)
    await socket.write(Buffer.concat([Buffer.from(`${ALMOST.length.toString(16)}\r\n`), ALMOST, Buffer.from('\r\n')]))
  },
  'first frames of almost 2 MiB without their end': async () => async (socket) => {
    await socket.write(handshake())
    await socket.status
    await socket.write(clientFrame(Buffer.alloc(2 * MIB - 1000, ' ')).subarray(0, -10))
  },
  'frames of almost 2 MiB without their end, after a hello': async (token) => async (socket) => {
    await socket.write(handshake())
    await socket.status
    const hello = { t: 'hello', client: newClientId(), token, spaces: {}, nextS: 3600, app: '1' }
    await socket.write(clientFrame(JSON.stringify(hello)))
    await expect.poll(() => socket.received(), { timeout: 20_000 }).toContain('"t":"welcome"')
    await socket.write(clientFrame(Buffer.alloc(2 * MIB - 1000, ' ')).subarray(0, -10))
  },
}

/** The others go the same ways. */
const BRIEFLY = [
  'headers without an end',
  'bodies of almost 1 MiB without their last byte',
  'first frames of almost 2 MiB without their end',
]

describe('senders who never end', () => {
  it.each(process.env.CI === undefined ? BRIEFLY : Object.keys(KINDS))(
    `%s, ${SENDERS} at once: memory stays bounded, a neighbour’s writes are answered at once`,
    async (kind) => {
      const begin = await (KINDS[kind] as (typeof KINDS)[string])(await tokenOf(server.url, 'slow'))
      const chat = await neighbour(server)
      const before = residentBytes(server.pid)
      const most = watchMemory(server.pid)
      const sockets: RawSocket[] = []
      for (let begun = 0; begun < SENDERS; begun += AT_A_TIME) {
        const some = Array.from({ length: AT_A_TIME }, () => rawSocket(server.url))
        await Promise.all(some.map((socket) => Promise.race([begin(socket), socket.ended])))
        sockets.push(...some)
      }
      const drip = setInterval(() => {
        for (const { socket } of sockets) if (!socket.destroyed) socket.write(' ')
      }, 500)
      await new Promise((resolve) => setTimeout(resolve, 2000))
      clearInterval(drip)
      const chatted = await chat.stop()
      const grownMib = (most() - before) / MIB
      console.log(`${SENDERS} ${kind}: +${grownMib.toFixed(0)} MiB; ${served(chatted)}`)
      for (const { socket } of sockets) socket.destroy()
      expect(grownMib).toBeLessThan(GROWN_MIB_MAX)
      expectServed(chatted, 1000, 10_000)
    },
  )
})
