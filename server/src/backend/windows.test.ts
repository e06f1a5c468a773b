// Goal: a first sync cuts windows, and nothing is lost by it. Method: as in the tests of ranges; the kind `room` has a window of 3.
import { collection, defineApp, type Range, space } from '@tidemark/shared'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { after, askOf, BackendWorld, BOUNDS, everybody, NEW, user } from '../../test/backend-world.ts'
import { Copy } from '../../test/copy.ts'
import { catchUp, page } from '../../test/pages.ts'
import { say, windowWorld } from '../../test/window-world.ts'

const alice = user('alice')
const bob = user('bob')
const ROOM = 'room:1'
const DESK = 'desk:1'

const ids = ({ changes }: Range) => changes.map(({ id }) => id).join(' ')
const all = async (world: BackendWorld, ask: { version: number; seal: string }, changesMax = 1000) => {
  const { range } = await world.backend.pull(alice, ROOM, askOf(ask), { ...BOUNDS, changesMax }, undefined, 'all')
  return JSON.parse(range.text) as Range
}

describe('a first sync', () => {
  it('[W1] brings the newest of a windowed collection by creation, all of the others, and says what it left out', async () => {
    const world = windowWorld()
    await world.put(alice, ROOM, 'members', 'old', { text: 'x' })
    await say(world, alice, ROOM, 'a', 'b', 'c')
    expect(await world.range(alice, ROOM, NEW)).not.toHaveProperty('floors')
    await say(world, alice, ROOM, 'd', 'e')
    await world.put(alice, ROOM, 'messages', 'a', { text: 'changed' })
    const range = await world.range(alice, ROOM, NEW)
    expect(range).toMatchObject({ from: 0, to: 7, head: 7, compacted: true, floors: { messages: 3 } })
    expect(ids(range)).toBe('old c d e')
  })

  it('[W1] cuts a beginning though the log would be short, and no floor stands where nothing is left out', async () => {
    const world = windowWorld()
    await say(world, alice, ROOM, 'a', 'b', 'c')
    const short = await world.range(alice, ROOM, NEW)
    expect([short.compacted, short.floors, ids(short)]).toEqual([undefined, undefined, 'a b c'])
    await world.trim(ROOM)
    const trimmed = await world.range(alice, ROOM, NEW)
    expect([trimmed.compacted, trimmed.floors, ids(trimmed)]).toEqual([true, undefined, 'a b c'])
  })

  it('[W1] documents of one creating commit are never split by a floor', async () => {
    const world = windowWorld()
    await say(world, alice, ROOM, 'a')
    await world.mutate(alice, ROOM, 'many', { ids: ['b', 'c', 'd', 'e', 'f'] })
    await say(world, alice, ROOM, 'g')
    const range = await world.range(alice, ROOM, NEW)
    expect([ids(range), range.floors]).toEqual(['b c d e f g', { messages: 1 }])
  })

  it('[W1] what is deleted takes no place in a window', async () => {
    const world = windowWorld()
    await say(world, alice, ROOM, 'a', 'b', 'c', 'd', 'e')
    for (const id of ['d', 'e']) await world.delete(alice, ROOM, 'messages', id)
    const range = await world.range(alice, ROOM, NEW)
    expect([range.floors, range.compacted]).toEqual([undefined, undefined])
    await say(world, alice, ROOM, 'f')
    const cut = await world.range(alice, ROOM, NEW)
    expect([ids(cut), cut.floors]).toEqual(['b c f', { messages: 1 }])
  })

  it('[W1] a pull that says window=all gets all, also in its later pages and where it begins again; it need not say it twice', async () => {
    const world = windowWorld()
    await say(world, alice, ROOM, 'a', 'b', 'c', 'd', 'e')
    const log = await all(world, NEW)
    expect([log.compacted, log.floors, ids(log)]).toEqual([undefined, undefined, 'a b c d e'])
    await world.trim(ROOM)
    const first = await all(world, NEW, 2)
    expect([ids(first), first.floors]).toEqual(['a b', undefined])
    expect(first.seal).toMatch(/^[0-9a-f]{8}~0\.5\.5\.all$/)
    const second = await world.range(alice, ROOM, after(first), { changesMax: 2 })
    expect([ids(second), second.floors, second.seal.endsWith('.all')]).toEqual(['c d', undefined, true])
    await world.delete(alice, ROOM, 'messages', 'a')
    await world.trim(ROOM)
    const again = await world.range(alice, ROOM, after(second))
    expect([again.reset, ids(again), again.floors]).toEqual(['horizon', 'b c d e', undefined])
  })

  it('[W1] a run that was begun cut stays so whatever its later requests say', async () => {
    const world = windowWorld()
    await say(world, alice, ROOM, 'a', 'b', 'c', 'd', 'e')
    const first = await world.range(alice, ROOM, NEW, { changesMax: 1 })
    const rest = await all(world, after(first))
    expect([ids(first), ids(rest), rest.floors]).toEqual(['c', 'd e', { messages: 2 }])
  })

  it('[W1] a run that brings an old copy up to date cuts nothing', async () => {
    const world = windowWorld()
    await say(world, alice, ROOM, 'a')
    const copy = new Copy()
    await catchUp(world, copy, 1000, alice, ROOM)
    await say(world, alice, ROOM, 'b', 'c', 'd', 'e', 'f')
    await world.trim(ROOM, 6, 0)
    const [range] = await catchUp(world, copy, 1000, alice, ROOM)
    expect([range?.compacted, range?.floors]).toEqual([true, undefined])
    expect(Object.keys(copy.documents)).toHaveLength(6)
  })

  it('[W1] a reset cuts too', async () => {
    const world = windowWorld()
    await say(world, alice, ROOM, 'a', 'b', 'c', 'd', 'e')
    const reset = await world.range(alice, ROOM, { version: 9, seal: 'ffffffff' })
    expect([reset.reset, reset.floors, ids(reset)]).toEqual(['history', { messages: 2 }, 'c d e'])
  })

  it('floor that moves in a run: what changed since it began comes whatever the floor, and the highest floor counts', async () => {
    const world = windowWorld()
    await say(world, alice, ROOM, 'a', 'b', 'c', 'd', 'e')
    const copy = new Copy()
    const first = await page(world, copy, 1, alice, ROOM)
    expect([ids(first), first.floors]).toEqual(['c', { messages: 2 }])
    // c would be below a floor that is taken anew, b comes above one that a deletion lowers.
    await say(world, alice, ROOM, 'f', 'g', 'h')
    await world.put(alice, ROOM, 'messages', 'c', { text: 'changed' })
    await world.put(alice, ROOM, 'messages', 'a', { text: 'changed' })
    await world.delete(alice, ROOM, 'messages', 'd')
    const rest = await catchUp(world, copy, 1, alice, ROOM)
    expect(rest.map(ids)).toEqual(['e', 'f', 'g', 'h', 'c', 'a', 'd'])
    expect(copy.floor('messages')).toBe(2)
    expect(copy.documents).toMatchObject({ 'messages/c': { text: 'changed' }, 'messages/a': { text: 'changed' } })
    expect(Object.keys(copy.documents)).toEqual(['messages/a', 'messages/c', 'messages/e', 'messages/f', 'messages/g', 'messages/h'])
    expect(copy.created).toMatchObject({ 'messages/a': 1, 'messages/c': 3 })
  })

  it('stale by a floor: a copy that is whole is never cut again, so what it holds stays fresh', async () => {
    const world = windowWorld()
    await say(world, alice, ROOM, 'x', 'a', 'b', 'c')
    const copy = new Copy()
    await catchUp(world, copy, 1000, alice, ROOM)
    expect(copy.documents).not.toHaveProperty('messages/x')
    await world.put(alice, ROOM, 'messages', 'x', { text: 'changed' })
    await say(world, alice, ROOM, 'd', 'e', 'f', 'g')
    await world.trim(ROOM, 9, 0)
    await catchUp(world, copy, 2, alice, ROOM)
    expect(copy.documents).toMatchObject({ 'messages/x': { text: 'changed' } })
    expect([Object.keys(copy.documents).length, copy.floor('messages')]).toEqual([8, 1])
  })

  it('partial run looks whole: a cut page below the head bears the seal of its run, and the end of the run none', async () => {
    const world = windowWorld()
    await say(world, alice, ROOM, 'a', 'b', 'c', 'd', 'e')
    const copy = new Copy()
    const pages = await catchUp(world, copy, 1, alice, ROOM)
    expect(pages.map(({ seal }) => seal.includes('~'))).toEqual([true, true, false])
    expect(copy.isWhole).toBe(true)
  })

  it('[C4] of a window of what each made oneself, a reader gets what is theirs, and no byte of the others', async () => {
    const world = windowWorld()
    for (const id of ['a1', 'a2']) await world.put(alice, DESK, 'drafts', id, { text: `${id} of alice` })
    for (const id of ['b1', 'b2']) await world.put(bob, DESK, 'drafts', id, { text: `${id} of bob` })
    const { text } = await world.backend.range(alice, DESK, askOf(NEW), BOUNDS)
    expect(text).not.toContain('of bob')
    const range = JSON.parse(text) as Range
    expect([ids(range), range.floors]).toEqual(['a2', { drafts: 1 }])
  })

  it('[C4] out of sight between pages of a cut run: what was seen when it began is a deletion', async () => {
    const world = windowWorld()
    for (const id of ['a', 'b', 'c', 'd', 'e']) await world.put(alice, DESK, 'drafts', id, { text: id })
    const copy = new Copy()
    await page(world, copy, 1, alice, DESK)
    await world.mutate(alice, DESK, 'drop', { id: 'c' })
    await world.put(bob, DESK, 'drafts', 'c', { text: 'of bob' })
    await catchUp(world, copy, 1, alice, DESK)
    expect(Object.keys(copy.documents)).toEqual(['drafts/d', 'drafts/e'])
  })

  it('what nobody reads is passed by, and has no floor', async () => {
    const world = windowWorld()
    for (const id of ['a', 'b', 'c', 'd', 'e']) await world.mutate(alice, DESK, 'hide', { id })
    await world.put(alice, DESK, 'drafts', 'mine', { text: 'x' })
    await world.trim(DESK)
    const range = await world.range(alice, DESK, NEW)
    expect([ids(range), range.floors, range.to]).toEqual(['mine', undefined, 6])
  })
})

describe('the log of a windowed collection', () => {
  it('[C3] holds puts and deletions, never sets, whoever wrote', async () => {
    const world = windowWorld()
    await say(world, alice, ROOM, 'a')
    await world.mutate(alice, ROOM, 'patch', { c: 'messages', id: 'a', set: { text: 'patched' } })
    await world.mutate(alice, ROOM, 'patch', { c: 'members', id: 'a', set: {} }).catch(() => undefined)
    await world.delete(alice, ROOM, 'messages', 'a')
    const log = await all(world, NEW)
    expect(log.changes.map((change) => ('put' in change ? change.put : Object.keys(change)))).toEqual([
      { text: 'a' },
      { text: 'patched' },
      ['v', 'c', 'id', 'del', 'o'],
    ])
  })

  it('[C3] that got its window later begins anew with the next first sync', async () => {
    const Message = v.object({ text: v.string() })
    const appWith = (window: number | undefined) =>
      defineApp({
        version: '1',
        spaces: { room: space({ collections: { messages: collection(Message, window === undefined ? {} : { window }) } }) },
      }) as never
    const world = new BackendWorld({ app: appWith(undefined), access: everybody(appWith(undefined)) })
    await say(world, alice, ROOM, 'a', 'b', 'c')
    await world.mutate(alice, ROOM, 'patch', { c: 'messages', id: 'a', set: { text: 'patched' } })
    world.start({ app: appWith(1), access: everybody(appWith(1)) })
    await world.mutate(alice, ROOM, 'patch', { c: 'messages', id: 'b', set: { text: 'patched' } })
    const cut = await world.range(alice, ROOM, NEW)
    expect([ids(cut), cut.floors]).toEqual(['c', { messages: 2 }])
    const log = await all(world, NEW)
    expect(log.changes.map((change) => Object.keys(change)[3])).toEqual(['put', 'put', 'put', 'set', 'put'])
  })
})
