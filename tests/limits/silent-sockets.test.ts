// Goal: sockets that say nothing, or a byte now and then, hold nothing: they are closed in time, bounded in number, and nobody else notices.
// Method: the real server process, thousands of bare TCP sockets, and a neighbour who chats meanwhile.
import { describe, expect, it } from 'vitest'
import { expectServed, neighbour, served } from '../harness/neighbour.ts'
import { closeCode, handshake, type RawSocket, rawSocket } from '../harness/raw-socket.ts'
import { residentBytes, watchMemory } from '../harness/resident-bytes.ts'
import { wireServer } from '../harness/wire-server.ts'

const SILENT = process.env.CI === undefined ? 1000 : 5000
const AT_A_TIME = 200
const MIB = 1_048_576

const server = wireServer()

describe('sockets that say nothing', () => {
  it(`[§5] ${SILENT} without a hello are closed with 4408 after 10 s; so is who never ends a request; a neighbour chats on`, async () => {
    const chat = await neighbour(server)
    const before = residentBytes(server.pid)
    const most = watchMemory(server.pid)

    const slow = ['', 'GET /healthz HTTP/1.1\r\nHost: x\r\n', `POST /v1/mutations HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nX: `].map(
      (said) => {
        const socket = rawSocket(server.url)
        void socket.write(said)
        const drip = setInterval(() => void socket.write(said === '' ? '' : 'x'), 1000)
        void socket.ended.then(() => clearInterval(drip))
        return socket
      },
    )
    const silent: RawSocket[] = []
    for (let begun = 0; begun < SILENT; begun += AT_A_TIME) {
      const some = Array.from({ length: AT_A_TIME }, () => rawSocket(server.url))
      for (const socket of some) void socket.write(handshake())
      expect(new Set(await Promise.all(some.map(({ status }) => status)))).toEqual(new Set([101]))
      silent.push(...some)
    }

    for (const socket of silent) {
      // Who sends them says nothing to the closing frame either.
      const endedMs = await socket.ended
      expect(closeCode(socket.received())).toBe(4408)
      expect(endedMs).toBeGreaterThan(9_900)
      expect(endedMs).toBeLessThan(25_000)
    }
    for (const socket of slow) expect(await socket.ended).toBeLessThan(20_000)
    const chatted = await chat.stop()
    const grownMib = (most() - before) / MIB
    console.log(`${SILENT} silent sockets: +${grownMib.toFixed(0)} MiB; ${served(chatted)}`)
    expect(grownMib).toBeLessThan(60 + SILENT / 25)
    expectServed(chatted, 100, 2000)
  })

  it('of one address 1,000 are waited for; the next is refused with 429 and when to come back, others are not, and each that goes makes room', async () => {
    const of = (address: string) => handshake({ 'X-Forwarded-For': address })
    const begin = async (address: string, count: number) => {
      const some = Array.from({ length: count }, () => rawSocket(server.url))
      for (const socket of some) void socket.write(of(address))
      return { some, statuses: await Promise.all(some.map(({ status }) => status)) }
    }
    const held: RawSocket[] = []
    for (let begun = 0; begun < 1000; begun += AT_A_TIME) {
      const { some, statuses } = await begin('203.0.113.9', AT_A_TIME)
      expect(new Set(statuses)).toEqual(new Set([101]))
      held.push(...some)
    }
    const { some, statuses } = await begin('203.0.113.9', 5)
    expect(statuses).toEqual([429, 429, 429, 429, 429])
    expect(some[0]?.received()).toContain('retry-after: 2\r\n')
    expect(some[0]?.received()).toContain('"code":"rate-limited"')
    const other = await begin('203.0.113.10', 1)
    expect(other.statuses).toEqual([101])
    for (const socket of held.slice(0, 10)) socket.socket.destroy()
    await Promise.all(held.slice(0, 10).map(({ ended }) => ended))
    await expect.poll(async () => (await begin('203.0.113.9', 1)).statuses).toEqual([101])
    for (const { socket } of [...held, ...other.some]) socket.destroy()
    await server.enter('alice')
  })
})
