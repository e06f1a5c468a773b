// Goal: a copy whose number no longer holds is told so, and made right. Method: as in the tests of ranges.
import { collection, defineApp, space } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { after, app, BackendWorld, everybody, NEW, user } from '../../test/backend-world.ts'
import { Copy } from '../../test/copy.ts'
import { catchUp, notes, page, ROOM, text } from '../../test/pages.ts'

const alice = user('alice')
const bob = user('bob')

describe('resets', () => {
  it('[N1] history: a number past the head, or a seal of another history', async () => {
    const world = new BackendWorld()
    await notes(world, ['a', text('1')], ['b', text('2')])
    const { seal } = await world.head(ROOM)
    for (const ask of [
      { version: 3, seal },
      { version: 2, seal: 'ffffffff' },
      { version: 1, seal },
      { version: 2, seal: 'what?' },
      { version: 1, seal: `${seal}~0.9.1` },
      { version: 1, seal: `${seal}~2.1.2` },
      { version: 1, seal: `${seal}~0.3.2` },
      { version: 1, seal: `${seal}~0.2.99999999999999999` },
    ]) {
      expect(await world.range(alice, ROOM, ask)).toMatchObject({ reset: 'history', from: 0, to: 2, on: ask.seal })
    }
  })

  it('[N1] laundered seal: a server that was restored and went on knows the copies of the dead history', async () => {
    const world = new BackendWorld()
    await notes(world, ['a', text('1')])
    const backup = world.memory.snapshot()
    await notes(world, ['b', text('2')])
    const copy = new Copy()
    await catchUp(world, copy)
    const dead = await world.range(alice, ROOM, { version: 1, seal: (await world.range(alice, ROOM, NEW, { changesMax: 1 })).seal })
    world.memory.restore(backup)
    const restored = new BackendWorld({ changelog: world.memory })
    await restored.put(bob, ROOM, 'notes', 'c', text('3'))
    await restored.put(bob, ROOM, 'notes', 'd', text('4'))
    const live = await restored.range(bob, ROOM, { version: 2, seal: (await restored.range(bob, ROOM, NEW, { changesMax: 2 })).seal })
    expect(copy.take(live)).toBe('lost')
    const [reset] = await catchUp(restored, copy)
    expect(reset?.reset).toBe('history')
    expect(copy.documents).toEqual({ 'notes/a': text('1'), 'notes/c': text('3'), 'notes/d': text('4') })
    // late answer of a dead history
    expect(copy.take(dead)).toBe('repeat')
    expect(copy.take({ ...dead, reset: 'history', on: dead.seal })).toBe('repeat')
  })

  it('restore in mid-run: the head of the last page is judged, not the version of the page', async () => {
    const world = new BackendWorld()
    await notes(world, ['x', text('1')], ['y', text('2')])
    await world.trim(ROOM, 2, 0)
    const backup = world.memory.snapshot()
    const copy = new Copy()
    const before = new BackendWorld({ changelog: world.memory })
    await before.put(bob, ROOM, 'notes', 'x', text('3'))
    await before.put(bob, ROOM, 'notes', 'y', text('4'))
    expect((await page(before, copy, 1)).seal).toMatch(/~0\.4\.4$/)
    world.memory.restore(backup)
    const [reset] = await catchUp(world, copy, 1)
    expect(reset).toMatchObject({ reset: 'history', from: 0 })
    expect(copy.documents).toEqual({ 'notes/x': text('1'), 'notes/y': text('2') })
    expect(copy.isWhole).toBe(true)
  })

  it('[N1] laundered rights: a change of rules gives other seals, and a reset for rights', async () => {
    const world = new BackendWorld()
    await world.put(bob, 'mixed:1', 'shared', 's', text('all'))
    await world.put(bob, 'mixed:1', 'mine', 'm', text('of bob'))
    const { shared, mine } = app.spaces.mixed.collections
    const wide = defineApp({ version: '1', spaces: { mixed: space({ collections: { shared, mine: collection(mine.schema as any) } }) } })
    world.start({ app: wide, access: everybody(wide) })
    const copy = new Copy()
    await catchUp(world, copy, 1000, alice, 'mixed:1')
    expect(copy.documents).toHaveProperty('mine/m')
    world.start()
    await world.put(bob, 'mixed:1', 'shared', 't', text('later'))
    const narrow = await world.range(alice, 'mixed:1', {
      version: 2,
      seal: (await world.range(alice, 'mixed:1', NEW, { changesMax: 1 })).seal,
    })
    expect(copy.take({ ...narrow, reset: undefined })).toBe('lost')
    const [reset] = await catchUp(world, copy, 1000, alice, 'mixed:1')
    expect(reset).toMatchObject({ reset: 'rights', from: 0 })
    expect(copy.documents).toEqual({ 'shared/s': text('all'), 'shared/t': text('later') })
    world.start({ app: wide, access: everybody(wide) })
    expect((await page(world, copy, 1000, alice, 'mixed:1')).reset).toBe('rights')
  })

  it("[N1] a copy of one user's is nobody else's", async () => {
    const world = new BackendWorld()
    await world.put(bob, 'mixed:1', 'mine', 'm', text('of bob'))
    const ofBob = await world.range(bob, 'mixed:1', NEW)
    expect(ofBob.seal).toMatch(/^[0-9a-f]{8}-[0-9a-f]{8}$/)
    expect(await world.range(alice, 'mixed:1', after(ofBob))).toMatchObject({ reset: 'rights', changes: [] })
  })

  it('[N1] the first that applies: history before rights before horizon', async () => {
    const world = new BackendWorld()
    for (let n = 1; n <= 4; n++) await world.put(bob, 'mixed:1', 'mine', 'm', text(`${n}`))
    const old = await world.range(bob, 'mixed:1', NEW, { changesMax: 1 })
    const later = await world.range(bob, 'mixed:1', NEW, { changesMax: 3 })
    const digits = later.seal.slice(0, 8)
    await world.trim('mixed:1', 3, 3)
    const reset = async (version: number, seal: string) => (await world.range(bob, 'mixed:1', { version, seal })).reset
    expect(await reset(3, 'ffffffff-00000000')).toBe('history')
    expect(await reset(3, `${digits}-00000000`)).toBe('rights')
    expect(await reset(3, digits)).toBe('rights')
    expect(await reset(3, later.seal)).toBeUndefined()
    expect(await reset(1, `${old.seal.slice(0, 8)}-00000000`)).toBe('rights')
    expect(await reset(1, old.seal)).toBe('horizon')
    expect(await reset(0, 'anything')).toBeUndefined()
  })

  it('[N1] horizon: a copy from before the oldest deletion that is kept', async () => {
    const world = new BackendWorld()
    await notes(world, ['a', text('1')], ['b', text('2')])
    const copy = new Copy()
    await catchUp(world, copy)
    await notes(world, ['a', undefined], ['c', text('4')])
    await world.trim(ROOM, 4, 2)
    expect((await world.range(alice, ROOM, copy.standing)).reset).toBeUndefined()
    await world.trim(ROOM, 4, 3)
    expect(await page(world, copy)).toMatchObject({ reset: 'horizon', from: 0, compacted: true })
    expect(copy.documents).toEqual({ 'notes/b': text('2'), 'notes/c': text('4') })
  })

  it('[R6] only the first page of a reset bears it, the others stand on it', async () => {
    const world = new BackendWorld()
    await notes(world, ['a', text('1')], ['b', text('2')], ['c', text('3')])
    const copy = new Copy()
    await catchUp(world, copy)
    const other = new BackendWorld()
    for (const id of ['p', 'q', 'r']) await other.put(bob, ROOM, 'notes', id, text(id))
    for (const trimmed of [false, true]) {
      if (trimmed) await other.trim(ROOM, 3, 0)
      const fork = new Copy()
      await catchUp(world, fork)
      const pages = await catchUp(other, fork, 1)
      expect(pages.map(({ reset }) => reset)).toEqual(['history', undefined, undefined])
      expect(fork.verdicts.slice(1)).toEqual(['reset', 'news', 'news'])
      expect(fork.documents).toEqual({ 'notes/p': text('p'), 'notes/q': text('q'), 'notes/r': text('r') })
    }
  })
})
