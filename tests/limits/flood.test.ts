// Goal: one socket that sends frames as fast as the wire takes them costs bounded memory and its own share, never its neighbours' time.
// Method: the real server process, one bare TCP socket that floods, reading the answers or not, and a neighbour who chats meanwhile.
import { describe, expect, it } from 'vitest'
import { expectServed, neighbour, served } from '../harness/neighbour.ts'
import { clientFrame, handshake, rawSocket } from '../harness/raw-socket.ts'
import { residentBytes, watchMemory } from '../harness/resident-bytes.ts'
import { newClientId, tokenOf } from '../harness/wire-peer.ts'
import { wireServer } from '../harness/wire-server.ts'

const MIB = 1_048_576
/** Whichever comes first: a server that slows the flood down is right. */
const FLOOD_BYTES = (process.env.CI === undefined ? 64 : 512) * MIB
const FLOOD_MS = process.env.CI === undefined ? 1000 : 5000
/** A flood lasts until its neighbour has written so often, so that one slow write is not taken for the usual; but no longer than so many times its length. */
const WRITES_MIN = 10
const FLOOD_STRETCH = 20

const server = wireServer()

const FLOODS: Readonly<Record<string, string>> = {
  beats: '{"t":"beat","nextS":60}',
  follows: `{"t":"follow","spaces":{${Array.from({ length: 100 }, (_, at) => `"room:flood${at}":[0,""]`).join(',')}}}`,
  'mutations out of order': `{"t":"mutate","client":"${newClientId()}","on":"","mutations":[{"n":9,"nonce":"9f86d08188c0ffee","space":"room:a","name":"send","args":{},"madeMs":1}]}`,
  'words for lanes that are not there': '{"t":"say","space":"room:a","lane":"danmu","n":3,"body":{}}',
  'frames of 1 MiB': `{"t":"beat","nextS":60,"more":"${'x'.repeat(MIB - 100)}"}`,
  'tokens that are none': '{"t":"auth","token":"x"}',
}

describe('a flood of', () => {
  it.each(Object.keys(FLOODS).flatMap((what) => [true, false].map((reads) => [what, reads ? 'reads' : 'does not read', reads] as const)))(
    '%s from one who %s the answers: memory stays bounded, a neighbour’s writes are answered at once',
    async (what, _, reads) => {
      const before = residentBytes(server.pid)
      const flooder = rawSocket(server.url)
      await flooder.write(handshake())
      expect(await flooder.status).toBe(101)
      const hello = { t: 'hello', client: newClientId(), token: await tokenOf(server.url, 'flooder'), spaces: {}, nextS: 60, app: '1' }
      await flooder.write(clientFrame(JSON.stringify(hello)))
      const chat = await neighbour(server)
      const most = watchMemory(server.pid)
      if (!reads) flooder.socket.pause()

      const frame = clientFrame(FLOODS[what] ?? '')
      const bulk = Buffer.concat(Array.from({ length: Math.ceil(262_144 / frame.length) }, () => frame))
      const beganMs = performance.now()
      const endMs = beganMs + FLOOD_MS
      const isOver = () => (chat.count >= WRITES_MIN ? performance.now() >= endMs : performance.now() - beganMs >= FLOOD_MS * FLOOD_STRETCH)
      let sent = 0
      let isEnded = false
      void flooder.ended.then(() => (isEnded = true))
      while (sent < FLOOD_BYTES && !isOver() && !isEnded) {
        const left = new Promise<void>((resolve) => setTimeout(resolve, Math.max(20, endMs - performance.now())))
        await Promise.race([flooder.write(bulk), left])
        sent += bulk.length
      }
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, Math.min(1000, endMs - performance.now()))))
      const chatted = await chat.stop()
      flooder.socket.destroy()
      const grownMib = (most() - before) / MIB
      console.log(`${what}, ${_}: ${(sent / MIB).toFixed(0)} MiB sent, +${grownMib.toFixed(0)} MiB; ${served(chatted)}`)
      expect(grownMib).toBeLessThan(150)
      expectServed(chatted, 250, 2500)
    },
  )
})
