// Goal: whatever a path does to connections, a client comes to be live over it as far as any protocol can, and loses nothing. Method: the
// real client and the real server with a TCP proxy between them that does what proxies do. Time is real here: idleness is short in plain
// runs, and that of real proxies under CI.
import type { Status } from '@tidemark/client'
import { afterEach, describe, expect, it } from 'vitest'
import { type TcpProxy, tcpProxy } from '../harness/tcp-proxy.ts'
import { type BothEnds, bothEnds, type ChatReplica, eventually } from './both-ends.ts'

let ends: BothEnds | undefined
let proxies: TcpProxy[] = []
afterEach(async () => {
  await ends?.close()
  for (const proxy of proxies) await proxy.close()
  ends = undefined
  proxies = []
})

const ROOM = 'room:1'

async function behind(faults: TcpProxy['faults']) {
  ends ??= await bothEnds()
  const proxy = await tcpProxy(ends.url)
  proxies.push(proxy)
  proxy.faults = faults
  return { ends, proxy }
}
const statusOf = (replica: ChatReplica): Status => {
  let now: Status | undefined
  replica.status$.subscribe((status) => (now = status)).unsubscribe()
  return now as Status
}
const phaseOf = (replica: ChatReplica) => statusOf(replica).phase
const isLive = (replica: ChatReplica, withinMs?: number) => eventually('it is live', () => phaseOf(replica) === 'live', withinMs)
const texts = async (replica: ChatReplica) => (await replica.space(ROOM).messages.toArray()).map(({ text }) => text).sort()

describe('where WebSockets', () => {
  it.each(['strips upgrades', 'refuses upgrades'] as const)(
    '[B10] get no further than a path that %s, the chat goes over polls',
    async (answers) => {
      const { ends, proxy } = await behind({ answers })
      const alice = await ends.open('alice', { url: proxy.url })
      const bob = await ends.open('bob')
      const [inAlice, inBob] = [alice.space(ROOM), bob.space(ROOM)]
      await isLive(alice)
      expect(proxy.upgrades).toBe(2)
      for (let n = 0; n < 5; n++) await (await inAlice.mutate.send({ id: `a${n}`, text: `a${n}` })).confirmed
      for (let n = 0; n < 5; n++) await (await inBob.mutate.send({ id: `b${n}`, text: `b${n}` })).confirmed
      await eventually('alice has all', async () => (await texts(alice)).length === 10, 5000)
      await eventually('bob has all', async () => (await texts(bob)).length === 10, 5000)
      expect(phaseOf(alice)).toBe('live')
      expect(await alice.audit()).toEqual({ created: 5, confirmed: 5, refused: 0, pending: 0, discarded: 0 })
    },
  )
})
