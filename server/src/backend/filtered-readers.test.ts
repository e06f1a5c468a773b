// Goal: who sees only a part of a space gets that part, whole, and not a byte more. Method: as in the tests of ranges.
import { defineApp, space } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { after, app, askOf, BackendWorld, BOUNDS, everybody, NEW, nonceOf, user } from '../../test/backend-world.ts'
import { Copy } from '../../test/copy.ts'
import { catchUp, page, text } from '../../test/pages.ts'

const alice = user('alice')
const bob = user('bob')

describe('readers who see only a part', () => {
  const SPACE = 'mixed:1'

  it('[R5] holes are covered by empty ranges, and no byte of what others own is sent', async () => {
    const world = new BackendWorld()
    await world.put(bob, SPACE, 'mine', 'm', text('of bob'))
    await world.put(alice, SPACE, 'mine', 'n', text('of alice'))
    await world.put(bob, SPACE, 'shared', 's', text('all'))
    await world.delete(bob, SPACE, 'mine', 'm')
    const texts = [
      (await world.backend.range(alice, SPACE, askOf(NEW), BOUNDS)).text,
      (await world.backend.range(alice, SPACE, askOf(NEW), { ...BOUNDS, changesMax: 1 })).text,
    ]
    await world.trim(SPACE, 4, 0)
    texts.push((await world.backend.range(alice, SPACE, askOf(NEW), BOUNDS)).text)
    for (const body of texts) {
      expect(body).toContain('of alice')
      expect(body).not.toContain('of bob')
      expect(body).not.toContain('"id":"m"')
    }
    const hidden = await world.range(alice, SPACE, after(await world.range(alice, SPACE, NEW, { changesMax: 2 })))
    expect(hidden).toMatchObject({ changes: [], to: 4 })
  })

  it('what is read by nobody is sent to nobody, its creator included', async () => {
    const world = new BackendWorld()
    await world.put(alice, 'hidden:1', 'kept', 'k', text('kept'))
    await world.put(alice, 'hidden:1', 'shown', 's', text('shown'))
    const { changes } = await world.range(alice, 'hidden:1', NEW)
    expect(changes.map(({ c }) => c)).toEqual(['shown'])
  })

  it('[C1] the first change that is shown bears the origin', async () => {
    const world = new BackendWorld()
    const { shared, mine } = app.spaces.mixed.collections
    const both = defineApp({
      version: '1',
      spaces: {
        mixed: space({
          collections: { shared, mine },
          mutators: {
            async both(tx) {
              await tx.mine.put('m', { text: 'mine' })
              await tx.shared.put('s', { text: 'all' })
            },
          },
        }),
      },
    })
    world.start({ app: both as any, access: everybody(both as any) })
    await world.mutate(bob, SPACE, 'both', {})
    expect((await world.range(alice, SPACE, NEW)).changes).toEqual([{ v: 1, c: 'shared', id: 's', put: text('all'), o: nonceOf(1) }])
    await world.trim(SPACE, 1, 0)
    expect((await world.range(alice, SPACE, NEW)).changes).toEqual([{ v: 1, c: 'shared', id: 's', put: text('all'), o: nonceOf(1) }])
  })

  it('[C4] a run that does not begin at 0 is none of theirs', async () => {
    const world = new BackendWorld()
    for (const id of ['x', 'y', 'z']) await world.put(alice, SPACE, 'mine', id, text(id))
    const { seal } = await world.range(alice, SPACE, NEW)
    expect((await world.range(alice, SPACE, { version: 2, seal: `${seal}~0.2.3` })).reset).toBeUndefined()
    expect((await world.range(alice, SPACE, { version: 2, seal: `${seal}~1.2.3` })).reset).toBe('horizon')
  })

  it('[C4] a copy behind the log begins at 0, as a reset for horizon', async () => {
    const world = new BackendWorld()
    await world.put(alice, SPACE, 'mine', 'x', text('1'))
    const copy = new Copy()
    await catchUp(world, copy, 1000, alice, SPACE)
    await world.delete(alice, SPACE, 'mine', 'x')
    await world.put(bob, SPACE, 'mine', 'x', text('of bob'))
    await world.trim(SPACE, 3, 0)
    expect(await page(world, copy, 1000, alice, SPACE)).toMatchObject({ reset: 'horizon', compacted: true, from: 0, changes: [] })
    expect(copy.documents).toEqual({})
  })

  it('[C4] out of sight between pages: what was seen when the run began is a deletion in its later pages', async () => {
    const world = new BackendWorld()
    await world.put(alice, SPACE, 'mine', 'a"\\', text('1'))
    await world.put(alice, SPACE, 'mine', 'b', text('2'))
    await world.trim(SPACE, 2, 0)
    const copy = new Copy()
    await page(world, copy, 1, alice, SPACE)
    await world.delete(alice, SPACE, 'mine', 'a"\\')
    await world.put(bob, SPACE, 'mine', 'a"\\', text('of bob'))
    await world.put(bob, SPACE, 'mine', 'never alices', text('of bob'))
    const pages = await catchUp(world, copy, 1, alice, SPACE)
    expect(pages.flatMap(({ changes }) => changes)).toMatchObject([
      { v: 2, id: 'b' },
      { v: 4, id: 'a"\\', del: true },
    ])
    expect(copy.isWhole).toBe(true)
    expect(copy.documents).toEqual({ 'mine/b': text('2') })
  })

  it('[C4] where the log of that time is gone, the run begins again', async () => {
    const world = new BackendWorld()
    await world.put(alice, SPACE, 'mine', 'a', text('1'))
    await world.put(alice, SPACE, 'mine', 'b', text('2'))
    await world.trim(SPACE, 2, 0)
    const copy = new Copy()
    await page(world, copy, 1, alice, SPACE)
    await world.delete(alice, SPACE, 'mine', 'a')
    await world.put(bob, SPACE, 'mine', 'a', text('of bob'))
    await world.trim(SPACE, 4, 0)
    expect(await page(world, copy, 1, alice, SPACE)).toMatchObject({ reset: 'horizon', from: 0 })
    await catchUp(world, copy, 1, alice, SPACE)
    expect(copy.documents).toEqual({ 'mine/b': text('2') })
  })
})
