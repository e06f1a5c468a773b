// What a mutation does on the device that makes it, before any server has seen it.
import { type App, space } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { chatApp } from '../testing/chat-app.ts'
import { message, rangeOf } from '../testing/ranges.ts'
import { UNSETTLED_MUTATIONS_MAX } from './enqueue.ts'
import { code, counter, openCore, refusal, room, rows, texts, value, view } from './model/open-core.ts'

const bounds = { mutationsMax: 100, bytesMax: 1e6 }

describe('a mutation', () => {
  it('is saved and visible when mutate resolves, and there after a crash', async () => {
    const { core, storage } = await openCore()
    expect((await core.mutate(room, 'send', { id: 'm1', text: 'hi' })).n).toBe(1)
    storage.crash()
    const { core: again } = await openCore({ storage: storage.reopen(), seed: 2 })
    expect(again.clientId).toBe(core.clientId)
    expect(await texts(again)).toEqual(['hi?'])
    expect(await again.batch(bounds)).toMatchObject({ client: core.clientId, on: '', mutations: [{ n: 1, name: 'send', space: room }] })
  })

  it('that its mutator or a schema refuses rejects the call, and nothing is saved', async () => {
    const { core } = await openCore()
    await core.apply(rangeOf(0, 1, [message(1, 'taken', 'one')]))
    expect(await code(core.mutate(room, 'send', { id: 'm', text: 'spam' }))).toBe('rejected')
    expect(await code(core.mutate(room, 'send', { id: 'taken', text: 'hi' }))).toBe('rejected')
    expect(await code(core.mutate(room, 'edit', { id: 'missing', text: 'hi' }))).toBe('rejected')
    expect(await code(core.mutate(room, 'send', { id: 'm', text: Number.NaN }))).toBe('invalid')
    expect(await code(core.mutate(room, 'send', { id: 'm', text: 5 }))).toBe('invalid')
    expect(await code(core.mutate(room, 'put', { c: 'messages', id: 'm', doc: { text: 'x' } }))).toBe('invalid')
    expect(await code(core.mutate(room, 'patch', { c: 'messages', id: 'none', set: { text: 'x' } }))).toBe('rejected')
    expect(await code(core.mutate(room, 'put', { c: 'nothing', id: 'm', doc: {} }))).toBe('not-found')
    expect(await code(core.mutate(room, 'nothing', {}))).toBe('not-found')
    expect(await code(core.mutate('nothing:1', 'put', {}))).toBe('not-found')
    expect(await code(core.mutate(room, 'increment', { id: 'a\nb' }))).toBe('invalid')
    expect([await texts(core), await core.pending(), await core.audit()]).toEqual([
      ['one'],
      [],
      { created: 0, confirmed: 0, refused: 0, pending: 0, discarded: 0 },
    ])
  })

  it('runs at the time that the server told, and at the same time again whenever it is run again', async () => {
    const { core, clock } = await openCore()
    core.setClockOffset(-1000)
    await core.mutate(room, 'send', { id: 'm', text: 'hi' })
    const at = clock.nowMs() - 1000
    clock.advance(60_000)
    await core.apply(rangeOf(0, 1, [message(1, 'a', 'one')]))
    expect((await view(core)).map((row) => row.sentAtMs)).toEqual([1, at])
  })

  it('shows nothing of what is drawn by lot until the server has drawn, and there is no chance on a device', async () => {
    const { core } = await openCore()
    await core.mutate(room, 'draw', { id: 'c' })
    expect([await value(core, room, 'c'), (await core.pending()).length]).toEqual([undefined, 1])
    await expect(core.mutate(room, 'drawHere', { id: 'd' })).rejects.toThrow(/ask isServer/)
    await core.apply(rangeOf(0, 1, [counter(1, 'c', 0.25)]))
    expect(await value(core, room, 'c')).toBe(0.25)
  })

  it('lists sort what is pending last, in the order in which it was made', async () => {
    const { core } = await openCore()
    for (const id of ['z', 'y', 'x']) await core.mutate(room, 'send', { id, text: id })
    await core.apply(rangeOf(0, 5, [message(5, 'a', 'one')]))
    expect(await texts(core)).toEqual(['one', 'z?', 'y?', 'x?'])
  })

  it('lies on a document as the server last told it, and gives it back when it is refused', async () => {
    const { core } = await openCore()
    await core.apply(rangeOf(0, 1, [message(1, 'a', 'one')]))
    const first = await core.mutate(room, 'edit', { id: 'a', text: 'mine' })
    await core.mutate(room, 'increment', { id: 'c' })
    await core.apply(rangeOf(1, 2, [{ v: 2, c: 'messages', id: 'a', set: { author: 'carol' } } as never]))
    expect(await view(core)).toMatchObject([{ text: 'mine', author: 'carol', $p: 1, $v: 2, $b: 1 }])
    await core.settle([refusal(1, first.nonce)])
    expect(await view(core)).toMatchObject([{ text: 'one', author: 'carol', $p: 0, $v: 2, $b: 1 }])
    expect((await rows(core, 'base')).map((row) => row.id)).toEqual(['c'])
  })

  it('that cannot run on the new base shows nothing, and stays pending: the server decides', async () => {
    const { core } = await openCore()
    await core.apply(rangeOf(0, 1, [message(1, 'a', 'one')]))
    await core.mutate(room, 'edit', { id: 'a', text: 'mine' })
    await core.apply(rangeOf(1, 2, [{ v: 2, c: 'messages', id: 'a', del: true } as never]))
    expect([await texts(core), (await core.pending()).length]).toEqual([[], 1])
    await core.apply(rangeOf(2, 3, [message(3, 'a', 'again')]))
    expect(await texts(core)).toEqual(['mine?'])
  })

  it('a pending deletion hides the document, and its refusal brings it back', async () => {
    const { core } = await openCore()
    await core.apply(rangeOf(0, 1, [message(1, 'a', 'one')]))
    const { nonce } = await core.mutate(room, 'delete', { c: 'messages', id: 'a' })
    expect(await texts(core)).toEqual([])
    await core.settle([refusal(1, nonce)])
    expect(await texts(core)).toEqual(['one'])
  })

  it('is bounded with the refused: no more than the outbox holds is accepted', async () => {
    const { core, storage } = await openCore()
    const [self] = await rows(core, 'self')
    await storage.write(['self'], 'strict', async () => ({
      result: 0,
      writes: [{ table: 'self', put: [{ ...self, created: UNSETTLED_MUTATIONS_MAX }] }],
    }))
    expect(await code(core.mutate(room, 'send', { id: 'm', text: 'hi' }))).toBe('too-large')
  })

  it('one that touches two spaces, and no longer runs on the one, is shown in neither', async () => {
    const share = async (tx: any, { id }: { id: string }) => {
      const counter = await tx.counters.get(id)
      if (!counter) tx.reject('it is gone')
      await tx.space('user:alice').counters.put(id, counter)
    }
    const { user, room: kind } = chatApp.spaces as Record<string, any>
    const app: App = { version: '1', spaces: { user, room: space({ collections: kind.collections, mutators: { share } as never }) } }
    const { core } = await openCore({ app })
    await core.apply(rangeOf(0, 1, [counter(1, 'c', 7)]))
    await core.apply({ ...rangeOf(0, 0, []), space: 'user:alice' })
    await core.mutate(room, 'share', { id: 'c' })
    expect(await value(core, 'user:alice', 'c')).toBe(7)
    await core.apply(rangeOf(1, 2, [{ v: 2, c: 'counters', id: 'c', del: true } as never]))
    expect([await value(core, 'user:alice', 'c'), (await core.pending()).length]).toEqual([undefined, 1])
  })

  it('one that touches two spaces shows in both, and leaves each when its commit arrives there', async () => {
    const { core } = await openCore()
    await core.apply(rangeOf(0, 1, [counter(1, 'c', 7)]))
    await core.apply({ ...rangeOf(0, 1, []), space: 'user:alice' })
    await core.mutate(room, 'increment', { id: 'c' })
    const { nonce } = await core.mutate(room, 'copyTo', { to: 'user:alice', id: 'c' })
    expect(await value(core, 'user:alice', 'c')).toBe(8)
    // Another's change to the room is seen through both mutations in the other space.
    await core.apply(rangeOf(1, 2, [counter(2, 'c', 20, { b: 1 })]))
    expect([await value(core, room, 'c'), await value(core, 'user:alice', 'c')]).toEqual([21, 21])
    await core.apply({ ...rangeOf(1, 2, [counter(2, 'c', 99, { o: nonce })]), space: 'user:alice' })
    expect(await view(core, 'user:alice', 'user_counters')).toMatchObject([{ value: 99, $p: 0 }])
    expect(await value(core, room, 'c')).toBe(21)
  })

  it('one that follows it in the other space stays on top of it, when only the first space changes', async () => {
    const { core } = await openCore()
    await core.apply(rangeOf(0, 1, [counter(1, 'c', 7)]))
    await core.apply({ ...rangeOf(0, 1, []), space: 'user:alice' })
    await core.mutate(room, 'copyTo', { to: 'user:alice', id: 'c' })
    await core.mutate('user:alice', 'put', { c: 'counters', id: 'c', doc: { value: 100 } })
    await core.apply(rangeOf(1, 2, [counter(2, 'c', 20, { b: 1 })]))
    expect(await value(core, 'user:alice', 'c')).toBe(100)
  })

  it('in a space where it has arrived it reads what the server made of it', async () => {
    const { core } = await openCore()
    await core.apply(rangeOf(0, 1, [counter(1, 'c', 7)]))
    await core.apply({ ...rangeOf(0, 1, []), space: 'user:alice' })
    await core.mutate(room, 'increment', { id: 'c' })
    const { nonce } = await core.mutate(room, 'copyTo', { to: 'user:alice', id: 'c' })
    await core.apply(rangeOf(1, 2, [message(2, 'a', 'with it', { o: nonce })]))
    // Its own space is settled: 7 is there, the pending increment after it is not what it read.
    expect([await value(core, room, 'c'), await value(core, 'user:alice', 'c')]).toEqual([8, 7])
  })
})
