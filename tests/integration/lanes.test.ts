// Goal: what one person says in a lane, another sees once, over sockets and over polls alone, and whoever comes later is shown the ring.
// Method: real clients and the real server, over loopback; the lane of the demo's live show. All frames are held to the published schema.

import { type Transport, webTransport } from '@tidemark/client'
import { NO_HINTS, pollTransport } from '@tidemark/client/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BothEnds, bothEnds, type ChatReplica, eventually } from './both-ends.ts'

let ends: BothEnds
beforeAll(async () => {
  ends = await bothEnds()
})
afterAll(() => ends.close())

/** What somebody sees of the lane. */
function watching(replica: ChatReplica, stage: `live:${string}`) {
  const danmu = replica.space(stage).lane('danmu')
  const seen: string[] = []
  danmu.items$.subscribe(({ items }) => seen.push(...items.map(({ by, body }) => `${by}: ${body.text}`)))
  return { seen, say: (text: string) => danmu.say({ text }).accepted }
}

/** Requests alone. */
function polls(): Transport {
  const { request } = webTransport(ends.url)
  const clock = {
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    after(ms: number, task: () => void) {
      const timer = setTimeout(task, ms)
      return () => clearTimeout(timer)
    },
  }
  const upgrade = (events: { closed(code: number): void }) => {
    clock.after(0, () => events.closed(1006))
    return { send() {}, close() {} }
  }
  return { request, ...pollTransport({ request, upgrade, network: NO_HINTS, clock, leave() {} }) }
}

// Each in a show of its own, at the same time: ticks take their second.
describe.concurrent('a lane', () => {
  it('[L1] [L4] brings what one says to the other once, and to oneself once', async () => {
    const alice = watching(await ends.open('alice'), 'live:1')
    const bob = watching(await ends.open('bob'), 'live:1')
    await alice.say('hello')
    await eventually('alice sees it', () => alice.seen.length > 0)
    await eventually('bob sees it', () => bob.seen.length > 0)
    await bob.say('and hello')
    await eventually('alice sees the answer', () => alice.seen.length > 1)
    expect(alice.seen).toEqual(['alice: hello', 'bob: and hello'])
    expect(bob.seen).toEqual(['alice: hello', 'bob: and hello'])
  })

  it('[L4] [L5] is there over requests alone, the ring first', async () => {
    const carol = await ends.open('carol')
    const first = watching(carol, 'live:2')
    await first.say('before')
    const other = watching(await ends.open('grace'), 'live:2')
    await eventually('its tick is over', () => other.seen.includes('carol: before'))
    const dan = watching(await ends.open('dan', { transport: polls() }), 'live:2')
    await eventually('dan is shown the ring', () => dan.seen.includes('carol: before'))
    await dan.say('by requests')
    await eventually('carol sees it', () => first.seen.includes('dan: by requests'))
    await first.say('after')
    await eventually('dan sees the next', () => dan.seen.includes('carol: after'))
    for (const { seen } of [first, dan]) expect(new Set(seen).size).toBe(seen.length)
  })

  it('[L6] tells who is there', async () => {
    const erin = await ends.open('erin')
    let online = 0
    erin.space('live:3').presence$.subscribe((present) => (online = present?.online ?? 0))
    await eventually('somebody is there', () => online > 0)
    const before = online
    const frank = await ends.open('frank')
    frank.space('live:3')
    await eventually('one more is', () => online > before)
    await frank.close()
    await eventually('and goes', () => online === before)
  })
})
