// Goal: what a window left out can be paged in, whole and no more than it. Method: as in the tests of ranges; a window of 3.
import { olderPage, parseAnswer } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { type BackendWorld, BOUNDS, everybody, user } from '../../test/backend-world.ts'
import { Copy } from '../../test/copy.ts'
import { catchUp } from '../../test/pages.ts'
import { say, windowApp, windowWorld } from '../../test/window-world.ts'
import type { RangeBounds } from './backend.ts'

const alice = user('alice')
const bob = user('bob')
const ROOM = 'room:1'
const DESK = 'desk:1'

async function older(world: BackendWorld, before: number, bounds: Partial<RangeBounds> = {}, who = alice, space = ROOM, c = 'messages') {
  return parseAnswer(olderPage, await world.backend.older(who, space, c, before as never, { ...BOUNDS, ...bounds }))
}

async function summary(...args: Parameters<typeof older>): Promise<[ids: string, floor: number, head: number]> {
  const { docs, floor, head } = await older(...args)
  return [docs.map(({ id }) => id).join(' '), floor, head]
}

describe('older', () => {
  it('[W1] brings what was created at or before a floor, the newest first, until floor 0 says that there is no more', async () => {
    const world = windowWorld()
    await say(world, alice, ROOM, 'a', 'b', 'c', 'd', 'e')
    await world.put(alice, ROOM, 'messages', 'b', { text: 'changed' })
    expect(await summary(world, 3, { changesMax: 2 })).toEqual(['c b', 1, 6])
    expect(await summary(world, 1, { changesMax: 2 })).toEqual(['a', 0, 6])
    expect(await summary(world, 0)).toEqual(['', 0, 6])
    expect(await summary(world, 3)).toEqual(['c b a', 0, 6])
    expect((await older(world, 3)).docs).toEqual([
      { v: 3, c: 'messages', id: 'c', put: { text: 'c' } },
      { v: 6, c: 'messages', id: 'b', put: { text: 'changed' }, b: 2 },
      { v: 1, c: 'messages', id: 'a', put: { text: 'a' } },
    ])
  })

  it('[W1] never splits what one commit created, and moves on whatever the limit', async () => {
    const world = windowWorld()
    await say(world, alice, ROOM, 'a')
    await world.mutate(alice, ROOM, 'many', { ids: ['c', 'b', 'd'] })
    await say(world, alice, ROOM, 'e')
    expect(await summary(world, 3, { changesMax: 1 })).toEqual(['e', 2, 3])
    expect(await summary(world, 2, { changesMax: 1 })).toEqual(['b c d', 1, 3])
    expect(await summary(world, 3, { changesMax: 3 })).toEqual(['e', 2, 3])
    expect(await summary(world, 3, { changesMax: 4 })).toEqual(['e b c d', 1, 3])
  })

  it('ends before it would pass its bytes', async () => {
    const world = windowWorld()
    for (let n = 0; n < 6; n++) await world.put(alice, ROOM, 'messages', `d${n}`, { text: 'x'.repeat(50_000) })
    expect(await summary(world, 6, { bytesMax: 110_000 })).toEqual(['d5 d4', 4, 6])
    expect((await older(world, 6, { bytesMax: 1e9, changesMax: 1e9 })).docs).toHaveLength(6)
  })

  it('is not-found where there is no such collection, no window, or none for anybody', async () => {
    const world = windowWorld()
    for (const [space, c] of [
      [ROOM, 'members'],
      [ROOM, 'nothing'],
      [ROOM, 'constructor'],
      [DESK, 'secrets'],
      ['cellar:1', 'messages'],
    ] as const)
      await expect(older(world, 9, {}, alice, space, c)).rejects.toMatchObject({ code: 'not-found' })
    await expect(older(world, -1)).rejects.toMatchObject({ code: 'bad-request' })
    await expect(older(world, 1.5)).rejects.toMatchObject({ code: 'bad-request' })
  })

  it('is forbidden where access says no, whether there is anything or not', async () => {
    const world = windowWorld()
    await say(world, alice, ROOM, 'a')
    world.start({ app: windowApp as never, access: { room: () => 'none', desk: () => 'none' } })
    for (const space of [ROOM, 'room:empty']) await expect(older(world, 9, {}, alice, space)).rejects.toMatchObject({ code: 'forbidden' })
  })

  it('[C4] shows a reader what is theirs, not a byte of the rest, and goes on below it', async () => {
    const world = windowWorld()
    for (const id of ['a1', 'a2']) await world.put(alice, DESK, 'drafts', id, { text: 'of alice' })
    for (const id of ['b1', 'b2', 'b3']) await world.put(bob, DESK, 'drafts', id, { text: 'of bob' })
    await world.put(alice, DESK, 'drafts', 'a3', { text: 'of alice' })
    expect(await summary(world, 9, { changesMax: 1 }, alice, DESK, 'drafts')).toEqual(['a3', 2, 6])
    expect(await summary(world, 2, { changesMax: 1 }, alice, DESK, 'drafts')).toEqual(['a2', 1, 6])
    expect(await summary(world, 1, { changesMax: 1 }, bob, DESK, 'drafts')).toEqual(['', 0, 6])
    expect(await world.backend.older(alice, DESK, 'drafts', 9 as never, BOUNDS)).not.toMatch(/of bob|b\d/)
  })

  it('[C4] looks at so many bytes at most, and then answers with a lower floor', async () => {
    const world = windowWorld()
    for (let n = 0; n < 110; n++) await world.put(bob, DESK, 'drafts', `b${n}`, { text: 'x'.repeat(100_000) })
    const [ids, floor] = await summary(world, 110, {}, alice, DESK, 'drafts')
    expect(ids).toBe('')
    expect(floor).toBeGreaterThan(0)
    expect(floor).toBeLessThan(110)
    expect((await summary(world, floor, {}, alice, DESK, 'drafts'))[1]).toBe(0)
  })

  it('older page from a lagging node: it says at which head it was read', async () => {
    const world = windowWorld()
    await say(world, alice, ROOM, 'a', 'b')
    const standby = windowWorld()
    standby.memory.restore(world.memory.snapshot())
    await world.delete(alice, ROOM, 'messages', 'a')
    expect(await summary(standby, 2)).toEqual(['b a', 0, 2])
    expect(await summary(world, 2)).toEqual(['b', 0, 3])
    // What a copy at 3 knows too: a standby answers no more than it has.
    expect(await summary(standby, 99)).toEqual(['b a', 0, 2])
  })

  it('resurrection by an older page: what was deleted meanwhile stays deleted', async () => {
    const world = windowWorld()
    await say(world, alice, ROOM, 'x', 'a', 'b', 'c')
    const copy = new Copy()
    await catchUp(world, copy, 1000, alice, ROOM)
    const asked = copy.askOlder('messages')
    const late = await older(world, asked.before)
    await world.delete(alice, ROOM, 'messages', 'x')
    await catchUp(world, copy, 1000, alice, ROOM)
    expect(copy.takeOlder(asked, late)).toBe('taken')
    expect(Object.keys(copy.documents)).toEqual(['messages/a', 'messages/b', 'messages/c'])
    expect(copy.floor('messages')).toBe(0)
  })

  it('[W2] older page of a history that was taken back: its seal is that of its head for its reader, and tells', async () => {
    const world = windowWorld()
    await say(world, alice, ROOM, 'x', 'y', 'a', 'b', 'c')
    const backup = world.memory.snapshot()
    const copy = new Copy()
    await catchUp(world, copy, 1000, alice, ROOM)
    await world.delete(alice, ROOM, 'messages', 'x')
    await world.put(alice, ROOM, 'messages', 'y', { text: 'lost' })
    const late = () => older(world, 2)
    const [lost, asked, passing] = [await late(), copy.askOlder('messages'), copy.askOlder('messages')]
    expect(copy.takeOlder(asked, lost)).toBe('ahead')

    world.memory.restore(backup)
    world.start({ app: windowApp as never, access: everybody(windowApp as never) })
    await say(world, bob, ROOM, 'd', 'e')
    await catchUp(world, copy, 1, alice, ROOM)
    expect(copy.standing.version).toBe(lost.head)
    expect(copy.takeOlder(asked, lost)).toBe('again')
    await say(world, bob, ROOM, 'f')
    await catchUp(world, copy, 1000, alice, ROOM)
    // Whoever passed it asks: a pull that states its head and seal is answered with a reset.
    const pull = ({ head: version, seal }: typeof lost) => world.backend.pull(alice, ROOM, { version, seal }, BOUNDS, undefined, 'default')
    expect((await pull(lost)).range.reset).toBe(true)
    const fresh = await late()
    expect(fresh.seal).toBe(copy.standing.seal)
    expect((await pull(fresh)).range).toMatchObject({ reset: false, from: fresh.head, on: fresh.seal })
    expect(copy.takeOlder(passing, fresh)).toBe('taken')
    expect(copy.documents).toMatchObject({ 'messages/x': { text: 'x' }, 'messages/y': { text: 'y' } })
  })

  it('[W2] bears the seal of its head as its reader has it, [C4] tag included', async () => {
    const world = windowWorld()
    await world.put(alice, DESK, 'drafts', 'a1', { text: 'of alice' })
    const copy = new Copy()
    await catchUp(world, copy, 1000, alice, DESK)
    const { seal } = await older(world, 1, {}, alice, DESK, 'drafts')
    expect(seal).toMatch(/^[0-9a-f]{8}-/)
    expect(seal).toBe(copy.standing.seal)
    expect(seal).not.toBe((await older(world, 1, {}, bob, DESK, 'drafts')).seal)
  })

  it('stale by a floor: a document that was paged in stays fresh through every catch-up', async () => {
    const world = windowWorld()
    await say(world, alice, ROOM, 'x', 'a', 'b', 'c')
    const copy = new Copy()
    await catchUp(world, copy, 1000, alice, ROOM)
    const asked = copy.askOlder('messages')
    copy.takeOlder(asked, await older(world, asked.before))
    await world.put(alice, ROOM, 'messages', 'x', { text: 'changed' })
    await say(world, alice, ROOM, 'd', 'e', 'f', 'g')
    await world.trim(ROOM, 9, 0)
    await catchUp(world, copy, 1, alice, ROOM)
    expect(copy.documents['messages/x']).toEqual({ text: 'changed' })
  })
})
