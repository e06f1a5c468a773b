// Goal: every range that the backend gives out makes a copy right. Method: a copy that follows protocol §1 by the letter takes
// them; cases of the protocol's list of broken scenarios bear their names, here and in the tests of resets and of filtered readers.
import { describe, expect, it } from 'vitest'
import { after, askOf, BackendWorld, NEW, nonceOf, user } from '../../test/backend-world.ts'
import { Copy } from '../../test/copy.ts'
import { catchUp, notes, page, ROOM, text } from '../../test/pages.ts'
import { LOG_SPAN_COMMITS_MAX } from './bounds.ts'

const alice = user('alice')

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
    expect(await world.range(alice, 'mixed:empty', NEW)).toMatchObject({ to: 0, seal: '00000000' })
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

  it('says `put` for what was put and `set` for what was patched', async () => {
    const world = new BackendWorld()
    await notes(world, ['a', text('1')], ['a', { text: '2', stars: 1 }])
    await world.mutate(alice, ROOM, 'patch', { c: 'notes', id: 'a', set: { text: '3' } })
    const { changes } = await world.range(alice, ROOM, NEW)
    expect(changes.slice(1)).toMatchObject([{ put: { text: '2', stars: 1 }, b: 1 }, { set: { text: '3' } }])
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
  it('[C2] shows each document once in its latest form in order of version, deletions included where the copy may hold what they delete', async () => {
    const world = new BackendWorld()
    await notes(world, ['a', text('1')], ['b', text('2')], ['a', text('3')], ['b', undefined])
    await world.trim(ROOM, 4, 0)
    const range = await world.range(alice, ROOM, NEW)
    expect(range).toMatchObject({ from: 0, to: 4, head: 4, compacted: true })
    expect(range.changes).toEqual([{ v: 3, c: 'notes', id: 'a', put: text('3'), b: 1, o: nonceOf(3) }])
    expect(range.seal).not.toContain('~')
    const { seal } = await world.changelog.read('default', async (tx) => ({ seal: (await tx.sealAt(ROOM, 2 as never)) ?? '' }))
    const later = await world.range(alice, ROOM, { version: 2, seal })
    expect(later.compacted).toBe(true)
    expect(later.changes).toEqual([
      { v: 3, c: 'notes', id: 'a', put: text('3'), b: 1, o: nonceOf(3) },
      { v: 4, c: 'notes', id: 'b', del: true, o: nonceOf(4) },
    ])
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
    const sealAt = (version: number) =>
      world.changelog.read('default', async (tx) => ({ version, seal: (await tx.sealAt(ROOM, version as never)) ?? '' }))
    expect(await world.range(alice, ROOM, await sealAt(1))).toMatchObject({ compacted: true, from: 1 })
    expect((await world.range(alice, ROOM, await sealAt(2))).compacted).toBeUndefined()
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
