// Goal: oversized, deep and broken input is refused with its code, costs bounded memory, and nobody else notices. Method: the real server
// process, bare sockets that write what no client would, all at once and again, and a neighbour who chats meanwhile.
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { expectServed, neighbour, served } from '../harness/neighbour.ts'
import { clientFrame, closeCode, handshake, type RawSocket, rawSocket } from '../harness/raw-socket.ts'
import { residentBytes, watchMemory } from '../harness/resident-bytes.ts'
import { newClientId, tokenOf } from '../harness/wire-peer.ts'
import { wireServer } from '../harness/wire-server.ts'

const MIB = 1_048_576
const ROUNDS = process.env.CI === undefined ? 5 : 30

const server = wireServer()

const deep = '['.repeat(200_000)
const many = `{${Array.from({ length: 150_000 }, (_, n) => `"${n}":0`).join(',')}}`

/** A status in answer to what is written; `{token}` stands for a good one. */
const REQUESTS: readonly (readonly [what: string, head: string, body: string | Uint8Array, status: number])[] = [
  ['a body that says it has 10 GiB', 'Content-Length: 10737418240', 'x', 413],
  ['a body without an end', 'Transfer-Encoding: chunked', `100000\r\n${'x'.repeat(MIB)}\r\n`.repeat(3), 413],
  ['200,000 levels', `Content-Length: ${deep.length}`, deep, 413],
  ['150,000 keys', `Content-Length: ${many.length}`, many, 413],
  ['a gzip bomb', 'Content-Encoding: gzip\r\nContent-Length: 20000', gzipSync('0'.repeat(20 * MIB)).subarray(0, 20_000), 400],
  ['a header of 20 kB', `X: ${'x'.repeat(20_000)}`, '', 431],
  ['3,000 headers', Array.from({ length: 3000 }, (_, n) => `X-${n}: 1`).join('\r\n'), '', 431],
]

/** How a live connection ends, or what it is told. */
const FRAMES: readonly (readonly [what: string, bytes: () => readonly Buffer[], ends: number | string])[] = [
  ['a frame of 3 MiB', () => [clientFrame('x'.repeat(3 * MIB))], 1009],
  ['a little more than 1 MiB', () => [clientFrame(`{"t":"auth","token":"${'x'.repeat(MIB)}"}`)], '"code":"too-large"'],
  ['200,000 levels', () => [clientFrame(deep)], '"code":"too-large"'],
  ['150,000 keys', () => [clientFrame(`{"t":"beat","nextS":60,"more":${many}}`)], '"code":"too-large"'],
  [
    '5,000 fragments of a byte',
    () => [clientFrame('x', { fin: false }), ...Array.from({ length: 5000 }, () => clientFrame('x', { opcode: 0, fin: false }))],
    1008,
  ],
]

async function request(head: string, body: string | Uint8Array): Promise<number> {
  const socket = rawSocket(server.url)
  const token = await tokenOf(server.url, 'attacker')
  await socket.write(`POST /v1/mutations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n${head}\r\n\r\n`)
  void socket.write(body)
  const status = await socket.status
  socket.socket.destroy()
  return status
}

async function say(frames: readonly Buffer[], ends: number | string): Promise<RawSocket> {
  const socket = rawSocket(server.url)
  await socket.write(handshake())
  expect(await socket.status).toBe(101)
  const hello = { t: 'hello', client: newClientId(), token: await tokenOf(server.url, 'attacker'), spaces: {}, nextS: 60, app: '1' }
  await socket.write(clientFrame(JSON.stringify(hello)))
  await expect.poll(() => socket.received(), { timeout: 10_000 }).toContain('"t":"welcome"')
  void socket.write(Buffer.concat(frames))
  await expect
    .poll(() => (typeof ends === 'number' ? closeCode(socket.received()) : socket.received().includes(ends)), { timeout: 10_000 })
    .toBe(typeof ends === 'number' ? ends : true)
  socket.socket.destroy()
  return socket
}

describe('bad input', () => {
  it('is refused with its code, all of it at once and again; memory is bounded, a neighbour chats on', async () => {
    const chat = await neighbour(server)
    const before = residentBytes(server.pid)
    const most = watchMemory(server.pid)
    for (let round = 0; round < ROUNDS; round++) {
      await Promise.all([
        ...REQUESTS.map(async ([what, head, body, status]) => expect([what, await request(head, body)]).toEqual([what, status])),
        ...FRAMES.map(([, bytes, ends]) => say(bytes(), ends)),
      ])
    }
    const chatted = await chat.stop()
    const grownMib = (most() - before) / MIB
    console.log(`${ROUNDS} rounds of bad input: +${grownMib.toFixed(0)} MiB; ${served(chatted)}`)
    expect(grownMib).toBeLessThan(200)
    expectServed(chatted, 250, 2500)
  })
})
