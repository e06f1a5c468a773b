import { type Status, webTransport } from '@tidemark/client'
import { TokenExpiredError, UnauthenticatedError } from '@tidemark/shared'
import { IDBFactory } from 'fake-indexeddb'
import { afterEach, describe, expect, it } from 'vitest'
import { type BothEnds, bothEnds, type ChatReplica, eventually } from './both-ends.ts'

// The real client on an IndexedDB in memory, the real server on SQLite, real sockets between them.

const ROOM = 'room:lobby'
let ends: BothEnds

afterEach(() => ends.close())

const texts = async (replica: ChatReplica) => {
  const room = replica.space(ROOM)
  const rows = await room.messages.toArray()
  room.close()
  return rows.map(({ text }) => text)
}
const statusOf = (replica: ChatReplica): Status => {
  let status: Status | undefined
  replica.status$.subscribe((value) => (status = value)).unsubscribe()
  return status as unknown as Status
}
const isLive = (replica: ChatReplica) => eventually('it is live', () => statusOf(replica).phase === 'live')

describe('two people', () => {
  it('chat: each sees what the other writes, in one order', async () => {
    ends = await bothEnds()
    const alice = await ends.open('alice')
    const bob = await ends.open('bob')
    const [inAlice, inBob] = [alice.space(ROOM), bob.space(ROOM)]
    const sent = await inAlice.mutate.send({ id: 'm1', text: 'hi' })
    expect(sent).toMatchObject({ n: 1, durable: true })
    await sent.confirmed
    await eventually('bob reads it', async () => (await texts(bob)).length === 1)
    await (await inBob.mutate.send({ id: 'm2', text: 'hello' })).confirmed
    await eventually('alice reads the answer', async () => (await texts(alice)).length === 2)
    expect(await texts(alice)).toEqual(['hi', 'hello'])
    expect(await texts(bob)).toEqual(['hi', 'hello'])
    expect((await inBob.messages.get('m1'))?.author).toBe('alice')
    await eventually('both stand at 2', () => [alice, bob].every((replica) => statusOf(replica).spaces[ROOM]?.version === 2))
    expect(statusOf(alice)).toMatchObject({ phase: 'live', pending: 0, refused: 0 })
  })

  it('read what was there before they came', async () => {
    ends = await bothEnds()
    const alice = await ends.open('alice')
    const room = alice.space(ROOM)
    for (let n = 0; n < 100; n++) await room.mutate.send({ id: `m${n}`, text: `text ${n}` })
    await alice.settled()
    const bob = await ends.open('bob')
    bob.space(ROOM)
    await eventually('bob has all of them', async () => (await texts(bob)).length === 100)
    expect(await texts(bob)).toEqual(Array.from({ length: 100 }, (_, n) => `text ${n}`))
  })

  it('a refusal is readable, and what it was about can be written again', async () => {
    ends = await bothEnds()
    const [alice, bob] = [await ends.open('alice'), await ends.open('bob')]
    const inAlice = alice.space(ROOM)
    await (await inAlice.mutate.send({ id: 'm1', text: 'mine' })).confirmed
    const inBob = bob.space(ROOM)
    await eventually('bob has it', async () => (await texts(bob)).length === 1)
    const sent = await inBob.mutate.patch({ c: 'messages', id: 'm1', set: { text: 'forged' } })
    await expect(sent.confirmed).rejects.toMatchObject({ code: 'forbidden' })
    expect(await texts(bob)).toEqual(['mine'])
    await eventually('it stands among the refused', () => statusOf(bob).refused === 1)
    let refused: readonly { name: string; dismiss(): Promise<void> }[] = []
    bob.rejected$.subscribe((list) => (refused = list)).unsubscribe()
    expect(refused).toMatchObject([{ name: 'patch', args: { set: { text: 'forged' } } }])
    await refused[0]?.dismiss()
    await eventually('it is gone', () => statusOf(bob).refused === 0)
    expect(await bob.audit()).toEqual({ created: 1, confirmed: 0, refused: 0, pending: 0, discarded: 1 })
  })
})

describe('away and back', () => {
  it('what is written offline survives closing, and is delivered once without anyone doing anything', async () => {
    ends = await bothEnds()
    const disk = new IDBFactory()
    const first = await ends.open('alice', { disk })
    await ends.stop()
    const room = first.space(ROOM)
    for (const id of ['a', 'b', 'c']) await room.mutate.send({ id, text: id })
    expect(await texts(first)).toEqual(['a', 'b', 'c'])
    await first.close()

    await ends.start()
    const again = await ends.open('alice', { disk })
    expect(again.clientId).toBe(first.clientId)
    await again.settled()
    const bob = await ends.open('bob')
    bob.space(ROOM)
    await eventually('bob has all', async () => (await texts(bob)).length === 3)
    expect(await texts(bob)).toEqual(['a', 'b', 'c'])
    await eventually('bob stands at 3', () => statusOf(bob).spaces[ROOM]?.version === 3)
  })

  it("the app's own switch keeps everything here until it is turned again", async () => {
    ends = await bothEnds()
    const alice = await ends.open('alice')
    const room = alice.space(ROOM)
    await isLive(alice)
    alice.pause()
    await eventually('it is offline', () => statusOf(alice).phase === 'offline')
    const sent = await room.mutate.send({ id: 'm1', text: 'later' })
    await eventually('it is pending', () => statusOf(alice).pending === 1)
    expect(statusOf(alice).phase).toBe('offline')
    alice.resume()
    await sent.confirmed
    await eventually('nothing is pending', () => statusOf(alice).pending === 0)
  })

  it('a server that was restarted in between loses nothing', async () => {
    ends = await bothEnds()
    const [alice, bob] = [await ends.open('alice'), await ends.open('bob')]
    const [inAlice, inBob] = [alice.space(ROOM), bob.space(ROOM)]
    for (let n = 0; n < 10; n++) await inAlice.mutate.send({ id: `a${n}`, text: `a${n}` })
    await alice.settled()
    await ends.stop()
    for (let n = 0; n < 10; n++) await inBob.mutate.send({ id: `b${n}`, text: `b${n}` })
    for (let n = 10; n < 20; n++) await inAlice.mutate.send({ id: `a${n}`, text: `a${n}` })
    await ends.start()
    await Promise.all([alice.settled(), bob.settled()])
    await eventually('both have 30', async () => (await texts(alice)).length === 30 && (await texts(bob)).length === 30)
    expect(await texts(alice)).toEqual(await texts(bob))
  })

  it('[B1] a range that was withheld on purpose is noticed by the beat and asked for', async () => {
    ends = await bothEnds()
    let withhold = false
    let withheld = 0
    const transport = webTransport(ends.url)
    const beat = { intervalMs: 500, promisedS: 60, timeoutMs: 20_000 }
    const bob = await ends.open('bob', {
      beat,
      transport: {
        ...transport,
        connect: (events) =>
          transport.connect({
            ...events,
            frame(text) {
              if (withhold && text.startsWith('{"t":"range"') && text.includes('"m1"')) withheld++
              else events.frame(text)
            },
          }),
      },
    })
    bob.space(ROOM)
    await isLive(bob)
    const alice = await ends.open('alice')
    const room = alice.space(ROOM)
    withhold = true
    await (await room.mutate.send({ id: 'm1', text: 'withheld' })).confirmed
    await eventually('it is withheld', () => withheld > 0)
    expect(await texts(bob)).toEqual([])
    withhold = false
    await eventually('a beat finds it', async () => (await texts(bob)).length === 1)
  })
})

describe('one person', () => {
  it('with two tabs and no leader does no harm: everything is delivered once and seen in both', async () => {
    ends = await bothEnds()
    const disk = new IDBFactory()
    const [one, two] = [await ends.open('alice', { disk }), await ends.open('alice', { disk })]
    expect(two.clientId).toBe(one.clientId)
    const [inOne, inTwo] = [one.space(ROOM), two.space(ROOM)]
    const writes: Promise<{ confirmed: Promise<void> }>[] = []
    for (let n = 0; n < 20; n++) {
      writes.push(inOne.mutate.send({ id: `1-${n}`, text: `${n}` }))
      writes.push(inTwo.mutate.send({ id: `2-${n}`, text: `${n}` }))
    }
    await Promise.all((await Promise.all(writes)).map(({ confirmed }) => confirmed))
    await Promise.all([one.settled(), two.settled()])
    const bob = await ends.open('bob')
    bob.space(ROOM)
    await eventually('bob has 40', async () => (await texts(bob)).length === 40)
    await eventually('bob stands at 40', () => statusOf(bob).spaces[ROOM]?.version === 40)
    expect(await texts(one)).toEqual(await texts(bob))
    expect(await one.audit()).toEqual({ created: 40, confirmed: 40, refused: 0, pending: 0, discarded: 0 })
  })

  it('goes on with a fresh token when the old one has expired', async () => {
    const good = new Set(['first'])
    ends = await bothEnds(async (token) => {
      if (token === 'bad') throw new UnauthenticatedError()
      if (!good.has(token)) throw new TokenExpiredError()
      return { tenant: 'default', user: 'alice', expiresAtMs: undefined }
    })
    const reasons: (string | undefined)[] = []
    const alice = await ends.open('alice', {
      token: (because) => {
        reasons.push(because?.code)
        return because ? 'second' : 'first'
      },
    })
    const room = alice.space(ROOM)
    await (await room.mutate.send({ id: 'm1', text: 'one' })).confirmed
    good.delete('first')
    good.add('second')
    await ends.stop()
    await room.mutate.send({ id: 'm2', text: 'two' })
    await ends.start()
    await alice.settled()
    expect(reasons).toEqual([undefined, 'token-expired'])
  })

  it('on a device without IndexedDB is told that nothing is durable', async () => {
    ends = await bothEnds()
    const denied = {
      open: () => {
        throw new DOMException('not here', 'SecurityError')
      },
    } as unknown as IDBFactory
    const alice = await ends.open('alice', { disk: denied })
    const room = alice.space(ROOM)
    const sent = await room.mutate.send({ id: 'm1', text: 'hi' })
    expect(sent.durable).toBe(false)
    await sent.confirmed
    expect(await texts(alice)).toEqual(['hi'])
  })
})
