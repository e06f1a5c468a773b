// Goal: a client that only has requests is kept as current as one with a live connection (§4, [B10]). Method: the real server process,
// and a peer that polls and writes with nothing but the page's words: its copies follow the one rule, its sum is compared each time.
import { describe, expect, it } from 'vitest'
import type { Frame } from '../harness/bare-client.ts'
import { WireCopy, type WireRange } from '../harness/wire-copy.ts'
import { fresh, http, newClientId, type WireAnswer, type WireError, WireOutbox } from '../harness/wire-peer.ts'
import { wireServer } from '../harness/wire-server.ts'

const server = wireServer({ module: 'tests/harness/wire-backend.ts' })
const newBox = () => `box:${fresh('b')}`

/** Somebody who polls. */
class Poller {
  readonly user: string
  readonly client = newClientId()
  readonly copies = new Map<string, WireCopy>()

  constructor(user: string, ...spaces: readonly string[]) {
    this.user = user
    for (const space of spaces) this.copies.set(space, new WireCopy())
  }

  async poll(waitS: number): Promise<readonly Frame[]> {
    const spaces = Object.fromEntries([...this.copies].map(([space, { version, seal }]) => [space, [version, seal]]))
    const body = { client: this.client, spaces, nextS: 60, app: '1', waitS }
    const answer = await http<readonly Frame[]>(server.url, this.user, '/v1/poll', { body })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    for (const frame of answer.body) {
      if (frame.t === 'range') expect(this.copies.get(String(frame.space))?.take(frame as unknown as WireRange)).not.toBe('R4')
      if (frame.t === 'denied') this.copies.delete(String(frame.space))
    }
    const last = answer.body.at(-1)
    if (last?.t === 'beat') expect(last.sum).toBe([...this.copies.values()].reduce((sum, { term }) => sum + term, 0))
    return answer.body
  }
}

describe('[B10] a poll', () => {
  it('brings what its copies lack at once, and what comes while it is held as soon as it comes', async () => {
    const [user, box] = [fresh('u'), newBox()]
    const writer = await server.enter(user)
    for (let i = 0; i < 3; i++) await writer.mutate(box, 'put', { c: 'open', id: `d${i}`, doc: { i } })
    const poller = new Poller(user, box)
    expect((await poller.poll(25)).map(({ t }) => t)).toEqual(['welcome', 'range', 'beat'])
    expect(poller.copies.get(box)?.version).toBe(3)
    const beganMs = performance.now()
    const held = poller.poll(25)
    // Time for it to arrive: what is written before that comes at once, which is right as well, and shows less.
    await new Promise((resolve) => setTimeout(resolve, 200))
    await writer.mutate(box, 'put', { c: 'open', id: 'late', doc: {} })
    await held
    expect(performance.now() - beganMs).toBeLessThan(10_000)
    expect(poller.copies.get(box)?.docs.has('open/late')).toBe(true)
  })

  it('writes over HTTP, and the next poll shows it', async () => {
    const [user, box] = [fresh('u'), newBox()]
    const poller = new Poller(user, box)
    const outbox = new WireOutbox(poller.client)
    const batch = outbox.batch(outbox.next(box, 'put', { c: 'open', id: 'mine', doc: { n: 1 } }))
    const { body } = await http<WireAnswer>(server.url, user, '/v1/mutations', { body: batch })
    expect(body.acks[0]?.in).toEqual({ [box]: 1 })
    const [welcome] = await poller.poll(0)
    expect(welcome).toMatchObject({ t: 'welcome', acked: [1, batch.mutations[0]?.nonce], heads: { [box]: 1 } })
    expect(poller.copies.get(box)?.docs.get('open/mine')?.doc).toEqual({ n: 1 })
  })

  it('brings a long history in answers of bounded length, whole', async () => {
    const [user, box] = [fresh('u'), newBox()]
    const writer = await server.enter(user)
    for (let i = 0; i < 12; i++) await writer.mutate(box, 'put', { c: 'open', id: `d${i}`, doc: { text: 'x'.repeat(100_000) } })
    const poller = new Poller(user, box)
    let polls = 0
    while ((poller.copies.get(box)?.version ?? 0) < 12) {
      expect(JSON.stringify(await poller.poll(25)).length).toBeLessThan(1_048_576)
      expect(++polls).toBeLessThan(12)
    }
    expect(polls).toBeGreaterThan(2)
    expect((await poller.poll(0)).at(-1)?.t).toBe('beat')
  })

  it('of two devices that write and poll at once ends with two equal copies', async () => {
    const box = newBox()
    const pollers = [0, 1].map(() => new Poller(fresh('u'), box))
    const WRITES = 10
    const writing = pollers.map(async ({ user, client }) => {
      const outbox = new WireOutbox(client)
      for (let i = 0; i < WRITES; i++) {
        const body = outbox.batch(outbox.next(box, 'put', { c: 'open', id: `${user}-${i}`, doc: { i } }))
        expect((await http<WireAnswer>(server.url, user, '/v1/mutations', { body })).status).toBe(200)
      }
    })
    const polling = pollers.map(async (poller) => {
      while ((poller.copies.get(box)?.version ?? 0) < pollers.length * WRITES) await poller.poll(5)
    })
    await Promise.all([...writing, ...polling])
    const [one, two] = pollers.map(({ copies }) => copies.get(box))
    expect([...(one?.docs ?? [])].sort()).toEqual([...(two?.docs ?? [])].sort())
    expect(one?.docs.size).toBe(pollers.length * WRITES)
  })

  it('says what may not be read, and goes on with the rest', async () => {
    const [user, box] = [fresh('u'), newBox()]
    const poller = new Poller(user, box, 'nothing:here')
    const frames = await poller.poll(25)
    expect(frames.find(({ t }) => t === 'denied')).toMatchObject({ space: 'nothing:here' })
    expect(frames.at(-1)?.t).toBe('beat')
  })

  it('without a good token has the status of its error', async () => {
    const body = { client: newClientId(), spaces: {}, nextS: 60, app: '1', waitS: 0 }
    const answer = await http<{ error: WireError }>(server.url, null, '/v1/poll', { body, headers: { authorization: 'Bearer none' } })
    expect([answer.status, answer.body.error.code]).toEqual([401, 'unauthenticated'])
  })
})
