// Acks, refusals, the tail, what is sent next, and copies that are taken away.
import { describe, expect, it } from 'vitest'
import { chatApp } from '../testing/chat-app.ts'
import { message, rangeOf } from '../testing/ranges.ts'
import { seededRandom } from '../testing/seeded-random.ts'
import { memoryStorage } from './memory-storage.ts'
import { code, counter, done, openCore, refusal, room, rows, texts, value } from './model/open-core.ts'
import { createReplicaCore } from './replica-core.ts'

const bounds = { mutationsMax: 100, bytesMax: 1e6 }

describe('acks', () => {
  it('[M4] nothing flickers: own range before its ack, and the reverse', async () => {
    const { core } = await openCore()
    const first = await core.mutate(room, 'send', { id: 'm1', text: 'first' })
    const second = await core.mutate(room, 'send', { id: 'm2', text: 'second' })
    await core.apply(rangeOf(0, 1, [message(1, 'm1', 'first', { o: first.nonce })]))
    expect(await texts(core)).toEqual(['first', 'second?'])
    expect(await core.settle([done(1, first.nonce, { [room]: 1 }), done(2, second.nonce, { [room]: 2 })])).toEqual(new Map([[room, 2]]))
    expect(await texts(core)).toEqual(['first', 'second?'])
    expect((await core.pending()).length).toBe(0)
    await core.apply(rangeOf(1, 2, [message(2, 'm2', 'second')]))
    expect([await texts(core), await rows(core, 'outbox')]).toEqual([['first', 'second'], []])
    expect(await core.audit()).toEqual({ created: 2, confirmed: 2, refused: 0, pending: 0, discarded: 0 })
  })

  it('[M4] tell, also after a restart, which versions end the showing of what is done', async () => {
    const { core, storage } = await openCore()
    const { nonce } = await core.mutate(room, 'send', { id: 'm1', text: 'first' })
    await core.mutate(room, 'send', { id: 'm2', text: 'pending' })
    await core.settle([done(1, nonce, { [room]: 4 })])
    const { core: again } = await openCore({ storage: storage.reopen() })
    expect(await again.settle([])).toEqual(new Map([[room, 4]]))
    await again.apply(rangeOf(0, 4, [message(4, 'm1', 'first')]))
    expect(await again.settle([])).toEqual(new Map())
  })

  it('of another nonce, of nothing, or twice are ignored', async () => {
    const { core } = await openCore()
    const { nonce } = await core.mutate(room, 'send', { id: 'm', text: 'hi' })
    expect(await core.settle([done(1, 'ffffffffffffffff', { [room]: 1 }), done(5, nonce, {})])).toEqual(new Map())
    expect((await core.pending()).length).toBe(1)
    await core.settle([done(1, nonce, { [room]: 1 }), refusal(1, nonce)])
    await core.settle([refusal(1, nonce)])
    expect(await core.audit()).toMatchObject({ confirmed: 1, refused: 0 })
  })

  it('[M4] where the server wrote nothing, or no copy is held, the showing ends at the ack', async () => {
    const { core } = await openCore()
    await core.apply(rangeOf(0, 1, [counter(1, 'c', 7)]))
    await core.apply({ ...rangeOf(0, 1, []), space: 'user:alice' })
    const { nonce } = await core.mutate(room, 'copyTo', { to: 'user:alice', id: 'c' })
    await core.settle([done(1, nonce, { 'room:9': 4 })])
    expect([await value(core, 'user:alice', 'c'), await rows(core, 'outbox')]).toEqual([undefined, []])
  })

  it('[M4] swallowed refusal: `acked` ends the showing at its head, and only its own ack settles', async () => {
    const { core } = await openCore()
    const { nonce } = await core.mutate(room, 'send', { id: 'm', text: 'refused in the end' })
    core.known([1, nonce], { [room]: 3 } as never)
    await core.apply(rangeOf(0, 2, [message(1, 'a', 'one')]))
    expect(await texts(core)).toEqual(['one', 'refused in the end?'])
    await core.apply(rangeOf(2, 3, []))
    expect(await texts(core)).toEqual(['one'])
    expect((await core.batch(bounds))?.mutations.length).toBe(1)
    await core.settle([refusal(1, nonce)])
    expect(await core.refused()).toMatchObject([{ n: 1, args: { text: 'refused in the end' } }])
  })

  it('[C1] copied device, foreign origin: neither an origin nor `acked` of another nonce ends what is ours', async () => {
    const phone = memoryStorage()
    const { core: a } = await openCore({ storage: phone })
    const { core: b } = await openCore({ storage: phone.clone(), seed: 5 })
    expect(b.clientId).toBe(a.clientId)
    const theirs = await a.mutate(room, 'send', { id: 'm', text: 'of a' })
    await b.mutate(room, 'send', { id: 'm2', text: 'of b' })
    b.known([1, theirs.nonce], { [room]: 1 } as never)
    await b.apply(rangeOf(0, 1, [message(1, 'm', 'of a', { o: theirs.nonce })], { acked: [1, theirs.nonce] }))
    expect(await texts(b)).toEqual(['of a', 'of b?'])
    expect((await b.pending()).length).toBe(1)
  })

  it('a refused one is kept until it is made again or dismissed, and what built on it is run again without it', async () => {
    const { core } = await openCore()
    await core.apply(rangeOf(0, 1, []))
    const first = await core.mutate(room, 'send', { id: 'm', text: 'hi' })
    await core.mutate(room, 'edit', { id: 'm', text: 'hello' })
    expect(await texts(core)).toEqual(['hello?'])
    await core.settle([refusal(1, first.nonce)])
    expect([await texts(core), (await core.pending()).map(({ n }) => n)]).toEqual([[], [2]])
    expect(await core.refused()).toMatchObject([{ n: 1, name: 'send', error: { code: 'rejected' } }])
    const again = await core.retry(1)
    expect([again.n, await core.refused(), await texts(core)]).toEqual([3, [], ['hi?']])
    expect(await code(core.retry(1))).toBe('not-found')
    await core.settle([refusal(3, again.nonce)])
    await core.dismiss(3)
    await core.dismiss(3)
    expect(await core.audit()).toEqual({ created: 2, confirmed: 0, refused: 0, pending: 1, discarded: 1 })
  })

  it('[M2] what the server did longer ago than it keeps record of is kept among the refused, and shown', async () => {
    const { core } = await openCore()
    await core.apply(rangeOf(0, 1, []))
    const { nonce } = await core.mutate(room, 'send', { id: 'm', text: 'hi' })
    await core.settle([{ n: 1, nonce, error: { code: 'outcome-unknown', message: 'too long ago', retryable: false } }])
    expect(await core.refused()).toMatchObject([{ n: 1, name: 'send', args: { text: 'hi' }, error: { code: 'outcome-unknown' } }])
    expect([await texts(core), await core.pending()]).toEqual([[], []])
    // One that was settled before stays what it was.
    const second = await core.mutate(room, 'send', { id: 'n', text: 'ho' })
    await core.settle([done(2, second.nonce, { [room]: 2 })])
    await core.settle([{ n: 2, nonce: second.nonce, error: { code: 'outcome-unknown', message: 'too long ago', retryable: false } }])
    expect((await core.refused()).map(({ n }) => n)).toEqual([1])
  })

  it('tell whoever waits for the confirmation, from this tab or another', async () => {
    const { core, storage } = await openCore()
    const { core: other } = await openCore({ storage: storage.reopen(), seed: 2 })
    const first = await core.mutate(room, 'send', { id: 'm1', text: 'one' })
    const second = await core.mutate(room, 'send', { id: 'm2', text: 'two' })
    const ends = [core.confirmed(first), core.confirmed(second).catch((error) => error.code), other.confirmed(first)]
    await core.settle([done(1, first.nonce, { [room]: 1 })])
    await other.settle([refusal(2, second.nonce)])
    expect(await Promise.all(ends)).toEqual([undefined, 'rejected', undefined])
  })
})

describe('the outbox', () => {
  it('offers what is pending within both bounds, standing on the mutation before it', async () => {
    const { core } = await openCore()
    const made = []
    for (let n = 1; n <= 5; n++) made.push(await core.mutate(room, 'send', { id: `m${n}`, text: 'x'.repeat(100) }))
    expect((await core.batch({ mutationsMax: 2, bytesMax: 1e6 }))?.mutations.map(({ n }) => n)).toEqual([1, 2])
    expect((await core.batch({ mutationsMax: 9, bytesMax: 500 }))?.mutations.map(({ n }) => n)).toEqual([1, 2])
    expect((await core.batch({ mutationsMax: 9, bytesMax: 1 }))?.mutations.map(({ n }) => n)).toEqual([1])
    await core.settle([done(1, made[0]?.nonce as string, { [room]: 1 }), refusal(2, made[1]?.nonce as string)])
    const batch = await core.batch(bounds)
    expect([batch?.on, batch?.mutations.map(({ n }) => n)]).toEqual([made[1]?.nonce, [3, 4, 5]])
    expect(Object.keys(batch?.mutations[0] ?? {}).sort()).toEqual(['args', 'madeMs', 'n', 'name', 'nonce', 'space'])
  })

  it('[M6] keeps a tail of 7 days and of 1,000, and always the last one; of refused ones number and nonce', async () => {
    const { core, clock } = await openCore()
    const settleNext = async (end = done) => {
      const { n, nonce } = await core.mutate(room, 'increment', { id: 'c' })
      await core.settle([end(n, nonce, {})])
      return { n, nonce }
    }
    const first = await settleNext()
    const refused = await settleNext(refusal as typeof done)
    expect(await rows(core, 'tail')).toMatchObject([{ n: 1, name: 'increment' }, {}])
    expect((await rows(core, 'tail'))[1]).toEqual({ ...refused, void: true, on: first.nonce, settledMs: clock.nowMs() })
    clock.advance(8 * 24 * 3600 * 1000)
    const last = await settleNext()
    expect((await rows(core, 'tail')).map(({ n }) => n)).toEqual([3])
    clock.advance(8 * 24 * 3600 * 1000)
    await core.mutate(room, 'increment', { id: 'c' })
    expect((await core.batch(bounds))?.on).toBe(last.nonce)
    for (let n = 0; n < 1005; n++) await settleNext()
    expect((await rows(core, 'tail')).length).toBe(1000)
  })

  it('[M6] a clock of this device that jumps ahead makes no tail shorter: its age counts by the clock of the server', async () => {
    let jumpMs = 0
    const { core, storage, clock } = await openCore()
    await core.close()
    const jumping = { ...clock, nowMs: () => clock.nowMs() + jumpMs }
    const random = seededRandom(3)
    const again = await createReplicaCore({ app: chatApp, storage: storage.reopen(), clock: jumping, random, user: 'alice' })
    again.setClockOffset(0)
    for (let n = 1; n <= 3; n++) {
      const made = await again.mutate(room, 'increment', { id: 'c' })
      await again.settle([done(made.n, made.nonce, {})])
      jumpMs += 300 * 24 * 3600 * 1000
    }
    expect((await rows(again, 'tail')).map(({ n }) => n)).toEqual([1, 2, 3])
  })

  it('tells of mutations that this tab or another appends', async () => {
    const { core, storage } = await openCore()
    const { core: other } = await openCore({ storage: storage.reopen(), seed: 2 })
    let heard = 0
    const end = core.onAppended(() => void heard++)
    await core.mutate(room, 'send', { id: 'm', text: 'one' })
    await other.mutate(room, 'send', { id: 'm2', text: 'two' })
    expect(heard).toBe(2)
    end()
    await core.mutate(room, 'send', { id: 'm3', text: 'three' })
    expect(heard).toBe(2)
    expect((await core.pending()).map(({ n }) => n)).toEqual([1, 2, 3])
  })

  it('[B8] a dropped copy keeps what is pending, and shows it again when the space comes back', async () => {
    const { core } = await openCore()
    await core.apply(rangeOf(0, 1, [counter(1, 'c', 7)]))
    await core.apply({ ...rangeOf(0, 1, []), space: 'user:alice' })
    await core.mutate(room, 'copyTo', { to: 'user:alice', id: 'c' })
    const { nonce } = await core.mutate(room, 'send', { id: 'm', text: 'mine' })
    await core.settle([])
    await core.drop(room)
    expect([await texts(core), (await core.pending()).length, await rows(core, 'base')]).toMatchObject([
      [],
      2,
      [{ table: 'user_counters' }],
    ])
    expect(await value(core, 'user:alice', 'c')).toBe(0)
    await core.apply(rangeOf(0, 1, [counter(1, 'c', 7)]))
    expect([await texts(core), await value(core, 'user:alice', 'c')]).toEqual([['mine?'], 7])
    await core.drop(room)
    await core.mutate(room, 'increment', { id: 'd' })
    expect(await texts(core)).toEqual(['mine?'])
    await core.settle([done(1, 'no', {}), done(2, nonce, { [room]: 9 })])
    await core.drop(room)
    expect((await rows(core, 'outbox')).map((row) => row.n)).toEqual([1, 3])
  })
})
