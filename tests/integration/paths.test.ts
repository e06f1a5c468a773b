// Goal: whatever a path does to connections, a client comes to be live over it as far as any protocol can, and loses nothing. Method: the
// real client and the real server with a TCP proxy between them that does what proxies and carriers do. Under CI it is idle for as long as
// real ones let it, with the client as it is; else idleness is short, and the client's beat with it.
import { type Status, webTransport } from '@tidemark/client'
import { afterAll, beforeAll, describe, expect, it, type TestContext, vi } from 'vitest'
import { fastClock } from '../harness/fast-clock.ts'
import { type Cut, type PathFaults, type TcpProxy, tcpProxy } from '../harness/tcp-proxy.ts'
import { type BothEnds, bothEnds, type ChatReplica, eventually } from './both-ends.ts'

/** How long a second is, in ms: what paths and beats count in. */
const SECOND_MS = process.env.CI === undefined ? 40 : 1000
/** They mostly wait, and real idleness is long. */
if (process.env.CI !== undefined) vi.setConfig({ maxConcurrency: 20 })
/** Long enough on a busy machine, for what has nothing to wait for but a beat. */
const SOON_MS = 60_000
/** A fixed one that counts in those; under CI the client's own. */
const beating = process.env.CI === undefined ? { beat: { intervalMs: 30 * SECOND_MS, promisedS: 60, timeoutMs: 2000 } } : {}
/** Of the transport alone, for upgrades that hang. */
const impatient = fastClock(process.env.CI === undefined ? 10 : 1)

let ends: BothEnds
beforeAll(async () => {
  ends = await bothEnds()
})
afterAll(async () => await ends.close())

function statusOf(replica: ChatReplica): Status {
  let now: Status | undefined
  replica.status$.subscribe((status) => (now = status)).unsubscribe()
  return now as Status
}

let rooms = 0

/** Alice behind such a path, bob beside it, in a room of their own. */
async function meet({ onTestFinished }: TestContext, faults: PathFaults, ports: Parameters<typeof webTransport>[1] = {}) {
  const proxy: TcpProxy = await tcpProxy(ends.url)
  proxy.faults = faults
  const number = rooms++
  const room = `room:${number}` as const
  const alice = await ends.open(`alice${number}`, { transport: webTransport(proxy.url, ports), ...beating })
  const bob = await ends.open(`bob${number}`)
  const [inAlice, inBob] = [alice.space(room), bob.space(room)]
  const phases = new Set<string>()
  alice.status$.subscribe(({ phase }) => phases.add(phase))
  onTestFinished(async () => {
    await alice.close()
    await bob.close()
    await proxy.close()
  })
  let count = 0
  return {
    ...{ proxy, alice, phases },
    isLive: () => eventually('alice is live', () => statusOf(alice).phase === 'live', SOON_MS),
    /** Each says something, and both come to have it, once. */
    async talk() {
      count += 2
      await inBob.mutate.send({ id: `b${count}`, text: `b${count}` })
      const sent = await inAlice.mutate.send({ id: `a${count}`, text: `a${count}` })
      await sent.confirmed
      for (const space of [inAlice, inBob])
        await eventually('both have all', async () => (await space.messages.toArray()).length === count, SOON_MS)
      const { created, confirmed } = await alice.audit()
      expect([created, confirmed]).toEqual([count / 2, count / 2])
      await eventually('her copy is at the head', () => statusOf(alice).spaces[room]?.version === count, SOON_MS)
    },
  }
}
const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Idleness in s, and how it ends: in plain runs one of each. */
const ENDS: readonly (readonly [number, Cut])[] =
  process.env.CI === undefined
    ? [
        [10, 'silently'],
        [30, 'with a reset'],
        [60, 'with a close'],
      ]
    : [10, 30, 60].flatMap((idleS) => (['silently', 'with a reset', 'with a close'] as const).map((cut) => [idleS, cut] as const))

describe.concurrent('over a path that', () => {
  for (const [idleS, cut] of ENDS)
    it(`[B4] ends what is idle for ${idleS} s ${cut}, both have all soon after the silence`, async (context) => {
      const { isLive, talk } = await meet(context, { idle: { afterMs: idleS * SECOND_MS, cut } })
      await isLive()
      await talk()
      await pass((idleS + 5) * SECOND_MS)
      await talk()
      await isLive()
    })

  for (const direction of ['to the server', 'to the client'] as const)
    it(`[B4] goes half-open ${direction}, both have all once that is noticed`, async (context) => {
      const { proxy, isLive, talk } = await meet(context, {})
      await isLive()
      await talk()
      proxy.halfOpen(direction)
      await talk()
      await isLive()
    })

  for (const answers of ['502', 'portal'] as const)
    it(`[B7] answers everything itself (${answers}), nothing is taken for data, and all goes on once it no longer does`, async (context) => {
      const { proxy, alice, phases, isLive, talk } = await meet(context, {})
      await isLive()
      await talk()
      proxy.faults = { answers }
      proxy.cut()
      await eventually('it is noticed', () => statusOf(alice).phase === 'waiting', SOON_MS)
      const { begun } = proxy
      phases.clear()
      await eventually('it was tried three times', () => proxy.begun >= begun + 3, SOON_MS)
      expect([...phases]).not.toContain('live')
      proxy.faults = {}
      alice.reconnectNow()
      await talk()
      await isLive()
    })

  for (const answers of ['strips upgrades', 'refuses upgrades', 'hangs upgrades', 'buffers upgrades'] as const)
    it(`[B10] ${answers}, the chat goes over polls after two failures`, async (context) => {
      const { proxy, isLive, talk } = await meet(context, { answers }, /hangs|buffers/.test(answers) ? { clock: impatient } : {})
      await isLive()
      expect(proxy.upgrades).toBe(2)
      for (let n = 0; n < 3; n++) await talk()
    })

  it('[B10] upgrades again, the WebSocket is back by itself, with nothing lost in between', async (context) => {
    let onAnother = () => {}
    const network = {
      onChange(listener: () => void) {
        onAnother = listener
        return () => {}
      },
    }
    const { proxy, isLive, talk } = await meet(context, { answers: 'refuses upgrades' }, { network })
    await isLive()
    const before = proxy.upgrades
    await talk()
    proxy.faults = {}
    onAnother()
    // The trial, and the connection.
    await eventually('a WebSocket is open', () => proxy.upgrades >= before + 2, SOON_MS)
    await talk()
    await isLive()
  })
})

describe('of several addresses', () => {
  it('the one that opens first is taken, and another one where it fails; nothing is lost in between', async (context) => {
    const proxies = [await tcpProxy(ends.url), await tcpProxy(ends.url)] as const
    const [near, far] = proxies
    far.faults = { answers: 'refuses upgrades' }
    const kept = new Map<string, string>()
    const device = {
      recall: (key: string) => kept.get(key),
      remember: (key: string, text = '') => void kept.set(key, text),
    }
    const alice = await ends.open('nomad', { transport: webTransport([far.url, near.url], { device }), ...beating })
    context.onTestFinished(async () => {
      await alice.close()
      for (const proxy of proxies) await proxy.close()
    })
    const room = alice.space('room:nomads')
    await (await room.mutate.send({ id: 'm1', text: 'near' })).confirmed
    expect(near.upgrades).toBe(1)
    expect([...kept.values()].join()).toContain(near.url)
    near.faults = { answers: '502' }
    far.faults = {}
    near.cut()
    await (await room.mutate.send({ id: 'm2', text: 'far' })).confirmed
    await eventually('it is live', () => statusOf(alice).phase === 'live', SOON_MS)
    expect([...kept.values()].join()).toContain(far.url)
    expect(await alice.audit()).toEqual({ created: 2, confirmed: 2, refused: 0, pending: 0, discarded: 0 })
  })
})
