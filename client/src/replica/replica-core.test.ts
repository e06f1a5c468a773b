// The rules of ranges, resets, mutations and acks, each by name, on the storage in memory. Their combinations are in
// replay.property.test.ts.
import type { Ack, Range } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { chatApp } from '../testing/chat-app.ts'
import { handClock } from '../testing/hand-clock.ts'
import { message, rangeOf } from '../testing/ranges.ts'
import { seededRandom } from '../testing/seeded-random.ts'
import { UNSETTLED_MUTATIONS_MAX } from './enqueue.ts'
import { memoryStorage } from './memory-storage.ts'
import { createReplicaCore, type ReplicaCore } from './replica-core.ts'
import type { Row } from './storage.ts'

const room = 'room:1'
const bounds = { mutationsMax: 100, bytesMax: 1e6 }

async function open({ storage = memoryStorage(), app = chatApp, seed = 1 } = {}) {
  const clock = handClock()
  const core = await createReplicaCore({ app, storage, clock, random: seededRandom(seed), user: 'alice' })
  return { core, clock, storage }
}
const rows = (core: ReplicaCore, table: string) => core.storage.read([table], (tx) => tx.list(table))
/** What an app would read: documents of the copy that is shown, in order of creation. */
async function view(core: ReplicaCore, space = room, table = 'room_messages'): Promise<Row[]> {
  const s = core.shownAs(space)
  return (await rows(core, table)).filter((row) => row.$s === s).sort((a, b) => (a.$b as number) - (b.$b as number))
}
const texts = async (core: ReplicaCore, space = room) => (await view(core, space)).map((row) => `${row.text}${row.$p ? '?' : ''}`)
const value = async (core: ReplicaCore, space: string, id: string) =>
  (await view(core, space, `${space.split(':')[0]}_counters`)).find((row) => row.$id === id)?.value
const counter = (v: number, id: string, of: number, more: object = {}) => ({ v, c: 'counters', id, put: { value: of }, ...more }) as never
const done = (n: number, nonce: string, versions: object): Ack => ({ n, nonce, in: versions }) as never
const refusal = (n: number, nonce: string): Ack => ({ n, nonce, error: { code: 'rejected', message: 'no', retryable: false } })
const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'fine',
    (error) => error.code ?? error.message,
  )

describe('a copy and its ranges', () => {
  it('[R2] takes news and stands at its end', async () => {
    const { core } = await open()
    const applied = await core.apply(rangeOf(0, 2, [message(1, 'a', 'one'), message(2, 'b', 'two')]))
    expect(applied).toEqual({ verdict: 'news', standing: { version: 2, seal: 's2' }, whole: true })
    expect(await texts(core)).toEqual(['one', 'two'])
    expect(await core.standings([room, 'room:2'])).toEqual(
      new Map([
        [room, { version: 2, seal: 's2' }],
        ['room:2', { version: 0, seal: '' }],
      ]),
    )
  })

  it('[R3] drops a repeat, and [R4] what starts past it or stands on another history', async () => {
    const { core } = await open()
    await core.apply(rangeOf(0, 2, [message(1, 'a', 'one'), message(2, 'b', 'two')]))
    expect((await core.apply(rangeOf(0, 2, [message(1, 'a', 'again')]))).verdict).toBe('repeat')
    expect((await core.apply(rangeOf(3, 4, [message(4, 'c', 'later')]))).verdict).toBe('lost')
    expect((await core.apply(rangeOf(2, 3, [message(3, 'c', 'other')], { on: 'x2' }))).verdict).toBe('lost')
    expect(await texts(core)).toEqual(['one', 'two'])
  })

  it('late answer of a dead history: it moves nothing back after a reset [R1, R3]', async () => {
    const { core } = await open()
    await core.apply(rangeOf(0, 1, [message(1, 'a', 'old')]))
    await core.apply(rangeOf(0, 1, [message(1, 'b', 'new')], { reset: 'history', on: 's1', seal: 't1' }))
    expect((await core.apply(rangeOf(1, 2, [message(2, 'c', 'late')]))).verdict).toBe('lost')
    expect((await core.apply(rangeOf(0, 1, [message(1, 'd', 'late')], { reset: 'history', on: 's1' }))).verdict).toBe('lost')
    expect(await texts(core)).toEqual(['new'])
  })

  it('[R5] an empty range moves the number', async () => {
    const { core } = await open()
    expect((await core.apply(rangeOf(0, 7, []))).standing).toEqual({ version: 7, seal: 's7' })
  })

  it('[C1] creation and change keep their versions apart; a document that is created again is new', async () => {
    const { core } = await open()
    const set = { v: 3, c: 'messages', id: 'a', set: { text: 'changed' }, unset: ['author'] } as never
    await core.apply(rangeOf(0, 3, [message(1, 'a', 'one'), message(2, 'b', 'two'), set]))
    expect((await view(core)).map(({ $id, $b, $v }) => [$id, $b, $v])).toEqual([
      ['a', 1, 3],
      ['b', 2, 2],
    ])
    expect((await view(core))[0]).not.toHaveProperty('author')
    const again = [{ v: 4, c: 'messages', id: 'a', del: true } as never, message(5, 'a', 'anew'), message(5, 'b', 'kept', { b: 2 })]
    await core.apply(rangeOf(3, 5, again))
    expect((await view(core)).map(({ $id, $b, $v }) => [$id, $b, $v])).toEqual([
      ['b', 2, 5],
      ['a', 5, 5],
    ])
  })

  it('[C3] a change to a document that is missing begins anew, beside what is shown', async () => {
    const { core } = await open()
    await core.apply(rangeOf(0, 1, [message(1, 'a', 'one')]))
    const damaged = rangeOf(1, 2, [{ v: 2, c: 'messages', id: 'missing', set: { text: 'x' } } as never])
    expect(await core.apply(damaged)).toEqual({ verdict: 'lost', standing: { version: 0, seal: '' }, whole: false })
    expect(await texts(core)).toEqual(['one'])
    expect((await core.copies([room])).get(room)).toMatchObject({ version: 1, partial: true })
    expect((await core.apply(rangeOf(0, 2, [message(1, 'a', 'one'), message(2, 'missing', 'x')]))).whole).toBe(true)
    expect(await texts(core)).toEqual(['one', 'x'])
  })

  it('[C2] partial run looks whole: a live range never stands on the seal of a run', async () => {
    const { core } = await open()
    const page = rangeOf(0, 2, [message(2, 'y', 'y')], { compacted: true, seal: 's3~0', head: 3 })
    expect(await core.apply(page)).toMatchObject({ verdict: 'news', whole: false })
    expect((await core.copies([room])).get(room)).toMatchObject({ partial: true })
    expect((await core.apply(rangeOf(2, 3, [message(3, 'z', 'z')]))).verdict).toBe('lost')
    const last = rangeOf(2, 3, [message(3, 'x', 'x', { b: 1 })], { compacted: true, on: 's3~0' })
    expect(await core.apply(last)).toMatchObject({ verdict: 'news', whole: true })
    expect(await texts(core)).toEqual(['x', 'y'])
  })

  it('a collection that this build does not know is passed over, and read by the build that does', async () => {
    const { core, storage } = await open()
    await core.apply(rangeOf(0, 2, [message(1, 'a', 'one'), { v: 2, c: 'polls', id: 'p', put: { value: 1 } } as never]))
    await core.mutate(room, 'send', { id: 'm', text: 'mine' })
    const { collections, ...rest } = chatApp.spaces.room as never as { collections: Record<string, never> }
    const app = {
      ...chatApp,
      spaces: { ...chatApp.spaces, room: { ...rest, collections: { ...collections, polls: collections.counters } } },
    }
    const { core: newer } = await open({ storage: storage.reopen(), app: app as never })
    expect((await newer.standings([room])).get(room)).toEqual({ version: 0, seal: '' })
    expect(await texts(newer)).toEqual(['one', 'mine?'])
    await newer.apply(rangeOf(0, 2, [message(1, 'a', 'one'), { v: 2, c: 'polls', id: 'p', put: { value: 1 } } as never]))
    expect(await view(newer, room, 'room_polls')).toMatchObject([{ value: 1 }])
    expect(await texts(newer)).toEqual(['one', 'mine?'])
  })
})

describe('a reset', () => {
  const firstPage = (reset: string): Range => rangeOf(0, 1, [message(1, 'n1', 'new one')], { reset, on: 's1', seal: 't1', head: 3 })
  const secondPage = rangeOf(1, 2, [message(2, 'n2', 'new two')], { on: 't1', seal: 't2', head: 3 })
  const lastPage = rangeOf(2, 3, [message(3, 'n3', 'new three')], { on: 't2', seal: 't3' })
  async function old() {
    const opened = await open()
    await opened.core.apply(rangeOf(0, 1, [message(1, 'a', 'old')]))
    return opened
  }

  it('[R6] crash inside a paged reset: the old copy is shown until the new one is whole, and the reset goes on after a restart', async () => {
    const { core, storage } = await old()
    expect(await core.apply(firstPage('history'))).toEqual({ verdict: 'reset', standing: { version: 1, seal: 't1' }, whole: false })
    expect(await texts(core)).toEqual(['old'])
    storage.crash()
    const { core: again } = await open({ storage: storage.reopen() })
    expect((await again.standings([room])).get(room)).toEqual({ version: 1, seal: 't1' })
    expect((await again.apply(rangeOf(1, 2, [message(2, 'x', 'for the old copy')]))).verdict).toBe('lost')
    await again.apply(secondPage)
    expect(await texts(again)).toEqual(['old'])
    expect(await again.apply(lastPage)).toMatchObject({ whole: true })
    expect(await texts(again)).toEqual(['new one', 'new two', 'new three'])
  })

  it('[R6] for rights: the old copy is shown no longer from the first page on', async () => {
    const { core } = await old()
    await core.apply(firstPage('rights'))
    expect(await texts(core)).toEqual(['new one'])
    expect((await core.copies([room])).get(room)).toMatchObject({ partial: true })
    await core.apply(secondPage)
    await core.apply(lastPage)
    expect((await core.copies([room])).get(room)).toMatchObject({ partial: false, version: 3 })
  })

  it('[R1] pending mutations stay and lie on the new copy; what arrived in its pages is not shown twice', async () => {
    const { core } = await old()
    const arrived = await core.mutate(room, 'send', { id: 'n2', text: 'arrived' })
    const counted = await core.mutate(room, 'increment', { id: 'c' })
    await core.mutate(room, 'increment', { id: 'c' })
    await core.apply(firstPage('history'))
    await core.apply({
      ...secondPage,
      changes: [message(2, 'n2', 'arrived', { o: arrived.nonce }), counter(2, 'c', 5, { o: counted.nonce })],
    })
    expect(await texts(core)).toEqual(['old', 'arrived?'])
    await core.apply(lastPage)
    expect(await texts(core)).toEqual(['new one', 'arrived', 'new three'])
    expect(await value(core, room, 'c')).toBe(6)
  })

  it('what had arrived in a history that no longer holds is shown again while it is pending', async () => {
    const { core } = await old()
    const { nonce } = await core.mutate(room, 'send', { id: 'm', text: 'mine' })
    await core.apply(rangeOf(1, 2, [message(2, 'm', 'mine', { o: nonce })]))
    expect(await texts(core)).toEqual(['old', 'mine'])
    await core.apply(rangeOf(0, 1, [message(1, 'a', 'restored')], { reset: 'history', on: 's2', seal: 't1' }))
    expect(await texts(core)).toEqual(['restored', 'mine?'])
  })

  it('what the dead history had done is shown no longer after a reset for history', async () => {
    const { core } = await old()
    const { nonce } = await core.mutate(room, 'send', { id: 'm', text: 'mine' })
    await core.settle([done(1, nonce, { [room]: 9 })])
    expect(await texts(core)).toEqual(['old', 'mine?'])
    await core.apply(rangeOf(0, 1, [message(1, 'a', 'restored')], { reset: 'history', on: 's1', seal: 't1' }))
    expect(await texts(core)).toEqual(['restored'])
    expect(await rows(core, 'outbox')).toEqual([])
  })

  it('documents of former copies are deleted in slices, later', async () => {
    const { core, clock } = await old()
    await core.apply(rangeOf(0, 1, [message(1, 'a', 'new')], { reset: 'history', on: 's1', seal: 't1' }))
    expect((await rows(core, 'room_messages')).length).toBe(2)
    clock.advance(10_000)
    await core.audit()
    expect((await rows(core, 'room_messages')).length).toBe(1)
    expect(await rows(core, 'self')).toMatchObject([{ garbage: [] }])
  })
})

describe('a mutation', () => {
  it('is saved and visible when mutate resolves, and there after a crash', async () => {
    const { core, storage } = await open()
    expect((await core.mutate(room, 'send', { id: 'm1', text: 'hi' })).n).toBe(1)
    storage.crash()
    const { core: again } = await open({ storage: storage.reopen(), seed: 2 })
    expect(again.clientId).toBe(core.clientId)
    expect(await texts(again)).toEqual(['hi?'])
    expect(await again.batch(bounds)).toMatchObject({ client: core.clientId, on: '', mutations: [{ n: 1, name: 'send', space: room }] })
  })

  it('that its mutator or a schema refuses rejects the call, and nothing is saved', async () => {
    const { core } = await open()
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
    const { core, clock } = await open()
    core.setClockOffset(-1000)
    await core.mutate(room, 'send', { id: 'm', text: 'hi' })
    const at = clock.nowMs() - 1000
    clock.advance(60_000)
    await core.apply(rangeOf(0, 1, [message(1, 'a', 'one')]))
    expect((await view(core)).map((row) => row.sentAtMs)).toEqual([1, at])
  })

  it('lists sort what is pending last, in the order in which it was made', async () => {
    const { core } = await open()
    for (const id of ['z', 'y', 'x']) await core.mutate(room, 'send', { id, text: id })
    await core.apply(rangeOf(0, 5, [message(5, 'a', 'one')]))
    expect(await texts(core)).toEqual(['one', 'z?', 'y?', 'x?'])
  })

  it('lies on a document as the server last told it, and gives it back when it is refused', async () => {
    const { core } = await open()
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
    const { core } = await open()
    await core.apply(rangeOf(0, 1, [message(1, 'a', 'one')]))
    await core.mutate(room, 'edit', { id: 'a', text: 'mine' })
    await core.apply(rangeOf(1, 2, [{ v: 2, c: 'messages', id: 'a', del: true } as never]))
    expect([await texts(core), (await core.pending()).length]).toEqual([[], 1])
    await core.apply(rangeOf(2, 3, [message(3, 'a', 'again')]))
    expect(await texts(core)).toEqual(['mine?'])
  })

  it('a pending deletion hides the document, and its refusal brings it back', async () => {
    const { core } = await open()
    await core.apply(rangeOf(0, 1, [message(1, 'a', 'one')]))
    const { nonce } = await core.mutate(room, 'delete', { c: 'messages', id: 'a' })
    expect(await texts(core)).toEqual([])
    await core.settle([refusal(1, nonce)])
    expect(await texts(core)).toEqual(['one'])
  })

  it('is bounded with the refused: no more than the outbox holds is accepted', async () => {
    const { core, storage } = await open()
    const [self] = await rows(core, 'self')
    await storage.write(['self'], 'strict', async () => ({
      result: 0,
      writes: [{ table: 'self', put: [{ ...self, created: UNSETTLED_MUTATIONS_MAX }] }],
    }))
    expect(await code(core.mutate(room, 'send', { id: 'm', text: 'hi' }))).toBe('too-large')
  })

  it('one that touches two spaces shows in both, and leaves each when its commit arrives there', async () => {
    const { core } = await open()
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
    const { core } = await open()
    await core.apply(rangeOf(0, 1, [counter(1, 'c', 7)]))
    await core.apply({ ...rangeOf(0, 1, []), space: 'user:alice' })
    await core.mutate(room, 'copyTo', { to: 'user:alice', id: 'c' })
    await core.mutate('user:alice', 'put', { c: 'counters', id: 'c', doc: { value: 100 } })
    await core.apply(rangeOf(1, 2, [counter(2, 'c', 20, { b: 1 })]))
    expect(await value(core, 'user:alice', 'c')).toBe(100)
  })

  it('in a space where it has arrived it reads what the server made of it', async () => {
    const { core } = await open()
    await core.apply(rangeOf(0, 1, [counter(1, 'c', 7)]))
    await core.apply({ ...rangeOf(0, 1, []), space: 'user:alice' })
    await core.mutate(room, 'increment', { id: 'c' })
    const { nonce } = await core.mutate(room, 'copyTo', { to: 'user:alice', id: 'c' })
    await core.apply(rangeOf(1, 2, [message(2, 'a', 'with it', { o: nonce })]))
    // Its own space is settled: 7 is there, the pending increment after it is not what it read.
    expect([await value(core, room, 'c'), await value(core, 'user:alice', 'c')]).toEqual([8, 7])
  })
})

describe('acks', () => {
  it('[M4] nothing flickers: own range before its ack, and the reverse', async () => {
    const { core } = await open()
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

  it('of another nonce, of nothing, or twice are ignored', async () => {
    const { core } = await open()
    const { nonce } = await core.mutate(room, 'send', { id: 'm', text: 'hi' })
    expect(await core.settle([done(1, 'ffffffffffffffff', { [room]: 1 }), done(5, nonce, {})])).toEqual(new Map())
    expect((await core.pending()).length).toBe(1)
    await core.settle([done(1, nonce, { [room]: 1 }), refusal(1, nonce)])
    await core.settle([refusal(1, nonce)])
    expect(await core.audit()).toMatchObject({ confirmed: 1, refused: 0 })
  })

  it('[M4] where the server wrote nothing, or no copy is held, the showing ends at the ack', async () => {
    const { core } = await open()
    await core.apply(rangeOf(0, 1, [counter(1, 'c', 7)]))
    await core.apply({ ...rangeOf(0, 1, []), space: 'user:alice' })
    const { nonce } = await core.mutate(room, 'copyTo', { to: 'user:alice', id: 'c' })
    await core.settle([done(1, nonce, { 'room:9': 4 })])
    expect([await value(core, 'user:alice', 'c'), await rows(core, 'outbox')]).toEqual([undefined, []])
  })

  it('[M4] swallowed refusal: `acked` ends the showing at its head, and only its own ack settles', async () => {
    const { core } = await open()
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
    const { core: a } = await open({ storage: phone })
    const { core: b } = await open({ storage: phone.clone(), seed: 5 })
    expect(b.clientId).toBe(a.clientId)
    const theirs = await a.mutate(room, 'send', { id: 'm', text: 'of a' })
    await b.mutate(room, 'send', { id: 'm2', text: 'of b' })
    b.known([1, theirs.nonce], { [room]: 1 } as never)
    await b.apply(rangeOf(0, 1, [message(1, 'm', 'of a', { o: theirs.nonce })], { acked: [1, theirs.nonce] }))
    expect(await texts(b)).toEqual(['of a', 'of b?'])
    expect((await b.pending()).length).toBe(1)
  })

  it('a refused one is kept until it is made again or dismissed, and what built on it is run again without it', async () => {
    const { core } = await open()
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

  it('tell whoever waits for the confirmation, from this tab or another', async () => {
    const { core, storage } = await open()
    const { core: other } = await open({ storage: storage.reopen(), seed: 2 })
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
    const { core } = await open()
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
    const { core, clock } = await open()
    const settleNext = async (end = done) => {
      const { n, nonce } = await core.mutate(room, 'increment', { id: 'c' })
      await core.settle([end(n, nonce, {})])
      return { n, nonce }
    }
    await settleNext()
    const refused = await settleNext(refusal as typeof done)
    expect(await rows(core, 'tail')).toMatchObject([{ n: 1, name: 'increment' }, {}])
    expect((await rows(core, 'tail'))[1]).toEqual({ ...refused, void: true, settledMs: clock.nowMs() })
    clock.advance(8 * 24 * 3600 * 1000)
    const last = await settleNext()
    expect((await rows(core, 'tail')).map(({ n }) => n)).toEqual([3])
    clock.advance(8 * 24 * 3600 * 1000)
    await core.mutate(room, 'increment', { id: 'c' })
    expect((await core.batch(bounds))?.on).toBe(last.nonce)
    for (let n = 0; n < 1005; n++) await settleNext()
    expect((await rows(core, 'tail')).length).toBe(1000)
  })

  it('tells of mutations that this tab or another appends', async () => {
    const { core, storage } = await open()
    const { core: other } = await open({ storage: storage.reopen(), seed: 2 })
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
    const { core } = await open()
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
