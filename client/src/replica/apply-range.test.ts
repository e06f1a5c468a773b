// Ranges, resets and whole copies, rule by rule, on the storage in memory; their combinations are in replay.property.test.ts.
import type { Range } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { chatApp } from '../testing/chat-app.ts'
import { message, rangeOf } from '../testing/ranges.ts'
import { counter, done, openCore, room, rows, texts, value, view } from './model/open-core.ts'

const { collections, ...rest } = chatApp.spaces.room as never as { collections: Record<string, never> }
/** The same app, a build later. */
const appWithPolls = {
  ...chatApp,
  spaces: { ...chatApp.spaces, room: { ...rest, collections: { ...collections, polls: collections.counters } } },
}
const withPoll = rangeOf(0, 2, [message(1, 'a', 'one'), { v: 2, c: 'polls', id: 'p', put: { value: 1 } } as never])

describe('a copy and its ranges', () => {
  it('[R2] takes news and stands at its end', async () => {
    const { core } = await openCore()
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
    const { core } = await openCore()
    await core.apply(rangeOf(0, 2, [message(1, 'a', 'one'), message(2, 'b', 'two')]))
    expect((await core.apply(rangeOf(0, 2, [message(1, 'a', 'again')]))).verdict).toBe('repeat')
    expect((await core.apply(rangeOf(3, 4, [message(4, 'c', 'later')]))).verdict).toBe('lost')
    expect((await core.apply(rangeOf(2, 3, [message(3, 'c', 'other')], { on: 'x2' }))).verdict).toBe('lost')
    expect(await texts(core)).toEqual(['one', 'two'])
  })

  it('late answer of a dead history: it moves nothing back after a reset [R1, R3]', async () => {
    const { core } = await openCore()
    await core.apply(rangeOf(0, 1, [message(1, 'a', 'old')]))
    await core.apply(rangeOf(0, 1, [message(1, 'b', 'new')], { reset: 'history', on: 's1', seal: 't1' }))
    expect((await core.apply(rangeOf(1, 2, [message(2, 'c', 'late')]))).verdict).toBe('lost')
    expect((await core.apply(rangeOf(0, 1, [message(1, 'd', 'late')], { reset: 'history', on: 's1' }))).verdict).toBe('lost')
    expect(await texts(core)).toEqual(['new'])
  })

  it('laundered seal: news of a server that was set back and went on is not taken for ours [R2]', async () => {
    const { core } = await openCore()
    await core.apply(rangeOf(0, 2, [message(1, 'a', 'a1'), message(2, 'b', 'a2')]))
    // Commits 2 and 3 of the other history, as a gateway that lives through the restore tells them.
    expect((await core.apply(rangeOf(2, 3, [message(3, 'd', 'b4')], { on: 'b2', seal: 'b3' }))).verdict).toBe('lost')
    const reset = { reset: 'history', on: 's2', seal: 'b3' }
    await core.apply(rangeOf(0, 3, [message(1, 'a', 'a1'), message(2, 'c', 'b3'), message(3, 'd', 'b4')], reset))
    expect(await texts(core)).toEqual(['a1', 'b3', 'b4'])
  })

  it('[R5] an empty range moves the number', async () => {
    const { core } = await openCore()
    expect((await core.apply(rangeOf(0, 7, []))).standing).toEqual({ version: 7, seal: 's7' })
  })

  it('[C1] creation and change keep their versions apart; a document that is created again is new', async () => {
    const { core } = await openCore()
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
    const { core } = await openCore()
    await core.apply(rangeOf(0, 1, [message(1, 'a', 'one')]))
    const damaged = rangeOf(1, 2, [{ v: 2, c: 'messages', id: 'missing', set: { text: 'x' } } as never])
    expect(await core.apply(damaged)).toEqual({ verdict: 'lost', standing: { version: 0, seal: '' }, whole: false })
    expect(await texts(core)).toEqual(['one'])
    expect((await core.copies([room])).get(room)).toMatchObject({ version: 1, partial: true })
    expect((await core.apply(rangeOf(0, 2, [message(1, 'a', 'one'), message(2, 'missing', 'x')]))).whole).toBe(true)
    expect(await texts(core)).toEqual(['one', 'x'])
  })

  it('[C2] partial run looks whole: a live range never stands on the seal of a run', async () => {
    const { core } = await openCore()
    const page = rangeOf(0, 2, [message(2, 'y', 'y')], { compacted: true, seal: 's3~0', head: 3 })
    expect(await core.apply(page)).toMatchObject({ verdict: 'news', whole: false })
    expect((await core.copies([room])).get(room)).toMatchObject({ partial: true })
    expect((await core.apply(rangeOf(2, 3, [message(3, 'z', 'z')]))).verdict).toBe('lost')
    const last = rangeOf(2, 3, [message(3, 'x', 'x', { b: 1 })], { compacted: true, on: 's3~0' })
    expect(await core.apply(last)).toMatchObject({ verdict: 'news', whole: true })
    expect(await texts(core)).toEqual(['x', 'y'])
  })

  it('a collection that this build does not know is passed over, and read by the build that does', async () => {
    const { core, storage } = await openCore()
    await core.apply(withPoll)
    await core.mutate(room, 'send', { id: 'm', text: 'mine' })
    const { core: newer } = await openCore({ storage: storage.reopen(), app: appWithPolls as never })
    expect((await newer.standings([room])).get(room)).toEqual({ version: 0, seal: '' })
    expect(await texts(newer)).toEqual(['one', 'mine?'])
    await newer.apply(withPoll)
    expect(await view(newer, room, 'room_polls')).toMatchObject([{ value: 1 }])
    expect(await texts(newer)).toEqual(['one', 'mine?'])
  })

  it('what an older build passed over that came again is read by the newer one when that comes again', async () => {
    const { storage } = await openCore()
    const openNewer = () => openCore({ storage: storage.reopen(), app: appWithPolls as never })
    await openNewer()
    const { core: older } = await openCore({ storage: storage.reopen() })
    await older.apply(withPoll)
    const { core: newer } = await openNewer()
    await newer.apply(withPoll)
    expect(await view(newer, room, 'room_polls')).toMatchObject([{ value: 1 }])
    const dump = storage.dump()
    await openNewer()
    expect(storage.dump()).toBe(dump)
  })

  it('a tab of the older build that is still open passes nothing over in a copy that the newer one began anew', async () => {
    const { core: older, storage } = await openCore()
    await older.apply(withPoll)
    const { core: newer } = await openCore({ storage: storage.reopen(), app: appWithPolls as never })
    await expect(older.apply(withPoll)).rejects.toMatchObject({ trouble: 'outdated' })
    // What is written there is saved all the same.
    await older.mutate(room, 'send', { id: 'm', text: 'mine' })
    await newer.apply(withPoll)
    expect(await view(newer, room, 'room_polls')).toMatchObject([{ value: 1 }])
    expect(await texts(newer)).toEqual(['one', 'mine?'])
  })
})

describe('a reset', () => {
  const firstPage = (reset: string): Range => rangeOf(0, 1, [message(1, 'n1', 'new one')], { reset, on: 's1', seal: 't1', head: 3 })
  const secondPage = rangeOf(1, 2, [message(2, 'n2', 'new two')], { on: 't1', seal: 't2', head: 3 })
  const lastPage = rangeOf(2, 3, [message(3, 'n3', 'new three')], { on: 't2', seal: 't3' })
  async function old() {
    const opened = await openCore()
    await opened.core.apply(rangeOf(0, 1, [message(1, 'a', 'old')]))
    return opened
  }

  it('[R6] crash inside a paged reset: the old copy is shown until the new one is whole, and the reset goes on after a restart', async () => {
    const { core, storage } = await old()
    expect(await core.apply(firstPage('history'))).toEqual({ verdict: 'reset', standing: { version: 1, seal: 't1' }, whole: false })
    expect(await texts(core)).toEqual(['old'])
    storage.crash()
    const { core: again } = await openCore({ storage: storage.reopen() })
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
