// Goal: every range that the backend gives out makes a copy right. Method: a copy that follows protocol §1 by the letter takes
// them, through trims, restores and changes of rules; cases of the protocol's list of broken scenarios bear their names.
import type { JsonObject, Range } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { after, app, askOf, BackendWorld, BOUNDS, everybody, NEW, nonceOf, user } from '../../test/backend-world.ts'
import { Copy } from '../../test/copy.ts'
import { LOG_SPAN_COMMITS_MAX } from './bounds.ts'

const alice = user('alice')
const bob = user('bob')
const ROOM = 'open:1'

/** One page for a copy, by what it states. */
async function page(world: BackendWorld, copy: Copy, changesMax = 1000, who = alice, space = ROOM): Promise<Range> {
  const range = await world.range(who, space, copy.standing, { changesMax })
  copy.take(range)
  return range
}

/** Pages until nothing lacks. */
async function catchUp(world: BackendWorld, copy: Copy, changesMax = 1000, who = alice, space = ROOM): Promise<Range[]> {
  const pages: Range[] = []
  for (;;) {
    const range = await page(world, copy, changesMax, who, space)
    pages.push(range)
    if (range.to === range.head && range.seal === copy.standing.seal) return pages
    if (pages.length > 1000) throw new Error('no end')
  }
}

async function notes(world: BackendWorld, ...docs: [string, JsonObject | undefined][]): Promise<void> {
  for (const [id, doc] of docs)
    await (doc === undefined ? world.delete(alice, ROOM, 'notes', id) : world.put(alice, ROOM, 'notes', id, doc))
}

const text = (value: string) => ({ text: value })

describe('a stretch of the log', () => {
  it('brings a copy from nothing to the head in pages, each standing on the one before', async () => {
    const world = new BackendWorld()
    await notes(world, ['a', text('1')], ['b', text('2')], ['a', text('3')], ['b', undefined], ['c', text('5')])
    const copy = new Copy()
    const pages = await catchUp(world, copy, 2)
    expect(copy.verdicts).toEqual(['news', 'news', 'news'])
    expect(pages.map(({ from, to, head }) => [from, to, head])).toEqual([
      [0, 2, 5],
      [2, 4, 5],
      [4, 5, 5],
    ])
    expect(copy.documents).toEqual({ 'notes/a': text('3'), 'notes/c': text('5') })
    expect(copy.created).toEqual({ 'notes/a': 1, 'notes/c': 5 })
  })

  it('is empty at the head, and stands on exactly what was stated', async () => {
    const world = new BackendWorld()
    expect(await world.range(alice, ROOM, { version: 0, seal: '' })).toMatchObject({ from: 0, to: 0, on: '00000000', seal: '00000000' })
    await notes(world, ['a', text('1')])
    expect(await world.range(alice, ROOM, { version: 0, seal: '' })).toMatchObject({ from: 0, to: 1, on: '00000000' })
    const whole = await world.range(alice, ROOM, { version: 0, seal: 'an"y\\thing' })
    expect(whole).toMatchObject({ from: 0, to: 1, on: 'an"y\\thing' })
    const empty = await world.range(alice, ROOM, after(whole))
    expect(empty).toMatchObject({ from: 1, to: 1, head: 1, on: whole.seal, seal: whole.seal, changes: [] })
  })

  it('[C1] bears the nonce of a mutation on the first change of its commit', async () => {
    const world = new BackendWorld()
    await world.mutate(alice, ROOM, 'many', { count: 3 })
    const { changes } = await world.range(alice, ROOM, NEW)
    expect(changes.map(({ v, o }) => [v, o])).toEqual([
      [1, nonceOf(1)],
      [1, undefined],
      [1, undefined],
    ])
  })

  it('page smaller than a commit: a commit is never split, and a page below the head always leads on', async () => {
    const world = new BackendWorld()
    await notes(world, ['a', text('1')])
    await world.mutate(alice, ROOM, 'many', { count: 20 })
    await notes(world, ['a', text('2')])
    for (const changesMax of [1, 7, 20, 21]) {
      const copy = new Copy()
      const pages = await catchUp(world, copy, changesMax)
      expect(pages.every(({ from, to }) => to > from)).toBe(true)
      expect(Object.keys(copy.documents)).toHaveLength(21)
    }
  })

  it('ends before it would pass its bytes', async () => {
    const world = new BackendWorld()
    for (let n = 0; n < 6; n++) await notes(world, [`d${n}`, text('x'.repeat(50_000))])
    const ranges: number[] = []
    for (let ask = NEW; ; ) {
      const range = await world.range(alice, ROOM, ask, { bytesMax: 110_000 })
      ranges.push(range.changes.length)
      if (range.to === range.head) break
      ask = after(range)
    }
    expect(ranges).toEqual([2, 2, 2])
    const encoded = await world.backend.range(alice, ROOM, askOf(NEW), { changesMax: 1e9, bytesMax: 1e9 })
    expect(encoded.to).toBe(6)
  })

  it('[hazard 50] is refused rather than served with a hole', async () => {
    const world = new BackendWorld()
    await notes(world, ['a', text('1')], ['b', text('2')], ['c', text('3')])
    const holed = new BackendWorld({
      changelog: {
        ...world.memory,
        read: (tenant, work) =>
          world.memory.read(tenant, (tx) =>
            work(
              new Proxy(tx, {
                get(target, key) {
                  const member = (target as any)[key]
                  if (key !== 'log') return member.bind(target)
                  return async (...args: unknown[]) => (await member.apply(target, args)).filter(({ version }: any) => version !== 2)
                },
              }),
            ),
          ),
      },
    })
    await expect(holed.range(alice, ROOM, NEW)).rejects.toMatchObject({ code: 'internal' })
    expect(holed.logged).not.toEqual([])
  })
})

describe('a compacted run', () => {
  it('[C2] shows each document once in its latest form, deletions included, in order of version', async () => {
    const world = new BackendWorld()
    await notes(world, ['a', text('1')], ['b', text('2')], ['a', text('3')], ['b', undefined])
    await world.trim(ROOM, 4, 0)
    const range = await world.range(alice, ROOM, NEW)
    expect(range).toMatchObject({ from: 0, to: 4, head: 4, compacted: true })
    expect(range.changes).toEqual([
      { v: 3, c: 'notes', id: 'a', put: text('3'), b: 1, o: nonceOf(3) },
      { v: 4, c: 'notes', id: 'b', del: true, o: nonceOf(4) },
    ])
    expect(range.seal).not.toContain('~')
  })

  it('takes the place of a log that is too long', async () => {
    const world = new BackendWorld()
    const start = await world.range(alice, ROOM, NEW)
    await world.changelog.write(async (tenant) => {
      const tx = tenant('default')
      for (let n = 1; n <= LOG_SPAN_COMMITS_MAX + 2; n++) {
        const created = n <= 2 ? ('now' as const) : n % 2 === 0 ? 2 : 1
        await tx.commit(
          ROOM,
          [{ collection: 'notes', id: `d${n % 2}`, creator: 'alice', created: created as any, doc: `{"text":"${n}"}` }],
          undefined,
          0,
        )
      }
    })
    const all = await world.range(alice, ROOM, after(start))
    expect(all).toMatchObject({ compacted: true, to: LOG_SPAN_COMMITS_MAX + 2 })
    expect(all.changes).toHaveLength(2)
    const copy = new Copy()
    await catchUp(world, copy, 1)
    expect(copy.isWhole).toBe(true)
    expect(Object.keys(copy.documents)).toHaveLength(2)
  })

  it('partial run looks whole: a page below the head bears the seal of the run, on which no live range stands', async () => {
    const world = new BackendWorld()
    await notes(world, ['x', { text: '1' }], ['y', text('2')])
    await world.mutate(alice, ROOM, 'patch', { c: 'notes', id: 'x', set: { stars: 1 } })
    await notes(world, ['z', text('4')])
    await world.trim(ROOM, 4, 0)
    const copy = new Copy()
    const first = await page(world, copy, 1)
    expect(first.changes.map((change) => change.id)).toEqual(['y'])
    expect(copy.isWhole).toBe(false)
    await world.mutate(alice, ROOM, 'patch', { c: 'notes', id: 'x', set: { stars: 2 } })
    const head = await world.head(ROOM)
    const live = {
      ...first,
      from: first.to,
      on: (await world.range(alice, ROOM, { version: 5, seal: head.seal })).seal,
      to: head.version,
      head: head.version,
    }
    expect(copy.take(live)).toBe('lost')
    const rest = await catchUp(world, copy)
    expect(rest.every(({ compacted }) => compacted)).toBe(true)
    expect(copy.documents).toEqual({ 'notes/x': { text: '1', stars: 2 }, 'notes/y': text('2'), 'notes/z': text('4') })
  })

  it('fresh copy of a trimmed space: it comes to its end though the seals of its pages are gone', async () => {
    const world = new BackendWorld()
    for (let n = 1; n <= 50; n++) await notes(world, [`d${n}`, text(`${n}`)])
    await world.trim(ROOM, 40, 40)
    const copy = new Copy()
    const pages = await catchUp(world, copy, 10)
    expect(pages.map(({ reset }) => reset)).toEqual([undefined, undefined, undefined, undefined, undefined])
    expect(Object.keys(copy.documents)).toHaveLength(50)
  })

  it('run judged by the horizon: a trim past the page, but not past what the run needs, resets nothing', async () => {
    const world = new BackendWorld()
    for (let n = 1; n <= 20; n++) await notes(world, [`d${n}`, text(`${n}`)])
    await world.trim(ROOM, 5, 5)
    const copy = new Copy()
    await page(world, copy, 5)
    await notes(world, ['d1', undefined])
    await world.trim(ROOM, 20, 20)
    expect((await catchUp(world, copy, 5)).map(({ reset }) => reset)).toEqual([undefined, undefined, undefined, undefined])
    expect(copy.documents).not.toHaveProperty('notes/d1')
    expect(Object.keys(copy.documents)).toHaveLength(19)
  })

  it('deletion between pages: a run whose deletions are no longer kept begins again', async () => {
    const world = new BackendWorld()
    await notes(world, ['x', text('1')], ['y', text('2')])
    await world.trim(ROOM, 2, 0)
    const copy = new Copy()
    expect((await page(world, copy, 1)).changes).toHaveLength(1)
    await notes(world, ['x', undefined])
    await world.trim(ROOM)
    const [reset] = await catchUp(world, copy, 1)
    expect(reset).toMatchObject({ reset: 'horizon', from: 0 })
    expect(copy.documents).toEqual({ 'notes/y': text('2') })
  })

  it('brings a copy that is behind the log up to date without a reset, deletions included', async () => {
    const world = new BackendWorld()
    await notes(world, ['a', text('1')], ['b', text('2')], ['c', text('3')])
    const copy = new Copy()
    await catchUp(world, copy)
    await notes(world, ['a', undefined], ['b', text('5')], ['d', text('6')])
    await world.trim(ROOM, 6, 3)
    const pages = await catchUp(world, copy, 1)
    expect(pages.map(({ reset, compacted }) => [reset, compacted])).toEqual([
      [undefined, true],
      [undefined, true],
      [undefined, true],
    ])
    expect(pages[0]?.seal).toMatch(/^[0-9a-f]{8}~3\.6\.6$/)
    expect(copy.documents).toEqual({ 'notes/b': text('5'), 'notes/c': text('3'), 'notes/d': text('6') })
  })

  it('of an old copy needs every deletion after its page', async () => {
    const world = new BackendWorld()
    await notes(world, ['a', text('1')], ['b', text('2')], ['c', text('3')])
    const copy = new Copy()
    await catchUp(world, copy)
    await notes(world, ['d', text('4')], ['a', undefined], ['e', text('6')])
    await world.trim(ROOM, 6, 3)
    expect((await page(world, copy, 1)).to).toBe(4)
    await world.trim(ROOM, 6, 5)
    expect(await page(world, copy, 1)).toMatchObject({ reset: 'horizon', from: 0 })
    await catchUp(world, copy, 1)
    expect(copy.documents).toEqual({ 'notes/b': text('2'), 'notes/c': text('3'), 'notes/d': text('4'), 'notes/e': text('6') })
  })
})

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
    const { collection, defineApp, space } = await import('@tidemark/shared')
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
    const { defineApp, space } = await import('@tidemark/shared')
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
