// Goal: what is past is forgotten at its time and not before, a little at a time, and nobody loses by it. Method: virtual time.
import { type Clock, TAIL_MS } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { after, BackendWorld, clientOf, NEW, user } from '../../test/backend-world.ts'
import { Copy } from '../../test/copy.ts'
import { faultyChangelog } from '../../test/faulty-changelog.ts'
import { catchUp, notes, ROOM, text } from '../../test/pages.ts'
import type { Changelog } from '../changelog/changelog.ts'
import { KEEP_LOG_COMMITS_MIN, RETENTION_COMMITS_AT_ONCE, RETENTION_EVERY_MS, RETENTION_PLACES_AT_ONCE } from './bounds.ts'
import { type RetentionOptions, RetentionRounds, retentionOf } from './retention.ts'

const alice = user('alice')
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const SHORT: RetentionOptions = { keepLogMs: DAY_MS, keepDeletionsMs: 8 * DAY_MS }

function rounds(world: BackendWorld): RetentionRounds {
  return new RetentionRounds({ changelog: world.changelog, clock: world.clock, log: world.log, retention: retentionOf(SHORT) })
}

/** One whole round at the moment that the world's clock shows: its rests take no time. */
async function round(world: BackendWorld, options = SHORT, changelog: Changelog = world.changelog): Promise<void> {
  const clock: Clock = {
    nowMs: () => world.clock.nowMs(),
    monotonicMs: () => 0,
    after(_ms, task) {
      const rest = setImmediate(task)
      return () => clearImmediate(rest)
    },
  }
  await new RetentionRounds({ changelog, clock, log: world.log, retention: retentionOf(options) }).round()
}

const kept = async (world: BackendWorld, space = ROOM): Promise<[logStart: number, horizon: number]> =>
  world.changelog.read('default', async (tx) => [await tx.logStart(space), await tx.horizon(space)])

describe('retention', () => {
  it('a commit leaves the log when it is older than keepLogMs, and not in the moment before', async () => {
    const world = new BackendWorld()
    await notes(world, ['a', text('1')])
    await world.clock.pass(1000)
    await notes(world, ['b', text('2')])
    await world.clock.pass(DAY_MS - 1000)
    await round(world)
    expect(await kept(world)).toEqual([0, 0])
    await world.clock.pass(1)
    await round(world)
    expect(await kept(world)).toEqual([1, 0])
    await world.clock.pass(1000)
    await round(world)
    expect(await kept(world)).toEqual([2, 0])
  })

  it('a copy that stands exactly where the log begins takes changes, one below it takes documents', async () => {
    const world = new BackendWorld()
    const copies = [new Copy(), new Copy()]
    for (const [at, copy] of copies.entries()) {
      await notes(world, [`n${at}`, text('1')])
      await catchUp(world, copy)
    }
    await world.clock.pass(DAY_MS + 1)
    await notes(world, ['n0', text('2')], ['n1', undefined])
    await round(world)
    expect(await kept(world)).toEqual([2, 0])
    const [below, at] = copies as [Copy, Copy]
    expect((await world.range(alice, ROOM, at.standing)).compacted).toBeUndefined()
    expect((await world.range(alice, ROOM, below.standing)).compacted).toBe(true)
    for (const copy of copies) {
      expect((await catchUp(world, copy)).map(({ reset }) => reset)).toEqual([undefined])
      expect(copy.documents).toEqual({ 'notes/n0': text('2') })
    }
  })

  it('[N1] a copy exactly at the horizon still gets its deletions, one before it is reset for `horizon`', async () => {
    const world = new BackendWorld()
    const copies = [new Copy(), new Copy()]
    await notes(world, ['a', text('1')], ['b', text('1')])
    for (const [at, copy] of copies.entries()) {
      await notes(world, [`n${at}`, text('1')])
      await catchUp(world, copy)
    }
    await world.clock.pass(8 * DAY_MS + 1)
    await notes(world, ['a', undefined])
    await round(world)
    expect(await kept(world)).toEqual([4, 4])
    const [before, at] = copies as [Copy, Copy]
    expect((await world.range(alice, ROOM, at.standing)).reset).toBeUndefined()
    expect((await world.range(alice, ROOM, before.standing)).reset).toBe('horizon')
    for (const copy of copies) {
      await catchUp(world, copy)
      expect(copy.documents).toEqual({ 'notes/b': text('1'), 'notes/n0': text('1'), 'notes/n1': text('1') })
    }
  })

  it('a deletion is forgotten when it is older than keepDeletionsMs, and not in the moment before; documents stay', async () => {
    const world = new BackendWorld()
    await notes(world, ['a', text('1')], ['b', text('1')], ['a', undefined])
    const deleted = () => world.changelog.read('default', (tx) => tx.document(ROOM, 'notes', 'a'))
    await world.clock.pass(8 * DAY_MS)
    await round(world)
    expect(await kept(world)).toEqual([3, 0])
    expect(await deleted()).toMatchObject({ doc: undefined })
    await world.clock.pass(1)
    await round(world)
    expect(await kept(world)).toEqual([3, 3])
    expect(await deleted()).toBeUndefined()
    expect((await world.range(alice, ROOM, NEW)).changes.map(({ id }) => id)).toEqual(['b'])
    const { version, seal } = await world.head(ROOM)
    expect(await world.range(alice, ROOM, { version, seal })).toMatchObject({ from: 3, to: 3, changes: [] })
  })

  it('of a busy space keepLogCommits stay in the log, however young', async () => {
    const world = new BackendWorld()
    await world.changelog.write(async (tenant) => {
      for (let n = 1; n <= KEEP_LOG_COMMITS_MIN + 120; n++)
        await tenant('default').commit(ROOM, [note(`${n}`)], undefined, world.clock.nowMs())
    })
    await round(world, { keepLogCommits: KEEP_LOG_COMMITS_MIN })
    expect(await kept(world)).toEqual([120, 0])
    await round(world, { keepLogCommits: KEEP_LOG_COMMITS_MIN + 1 })
    expect(await kept(world)).toEqual([120, 0])
  })

  it('goes through all spaces of all tenants, in slices that are short', async () => {
    const world = new BackendWorld()
    const spaces = RETENTION_PLACES_AT_ONCE + 3
    await world.changelog.write(async (tenant) => {
      for (let at = 0; at < spaces; at++)
        for (let n = 1; n <= (at === 0 ? 3 * RETENTION_COMMITS_AT_ONCE + 1 : 2); n++)
          await tenant(`t${at % 2}`).commit(`open:${at}`, [note(`${n}`)], undefined, world.clock.nowMs())
    })
    const slices: number[] = []
    const counting: Changelog = {
      ...world.changelog,
      write: (work) => {
        slices.push(0)
        return world.changelog.write((tenant) =>
          work((name) => {
            const tx = tenant(name)
            const trim = tx.trim.bind(tx)
            tx.trim = async (space, logStart, horizon) => {
              slices[slices.length - 1] = (slices.at(-1) ?? 0) + logStart - (await tx.logStart(space))
              return trim(space, logStart, horizon)
            }
            return tx
          }),
        )
      },
    }
    await world.clock.pass(9 * DAY_MS)
    await round(world, SHORT, counting)
    for (const { version, logStart, horizon } of await world.changelog.spaces(undefined, 1000))
      expect([logStart, horizon]).toEqual([version, version])
    expect(slices.reduce((sum, slice) => sum + slice, 0)).toBe(3 * RETENTION_COMMITS_AT_ONCE + 1 + 2 * (spaces - 1))
    expect(Math.max(...slices)).toBeLessThanOrEqual(RETENTION_COMMITS_AT_ONCE + 2 * RETENTION_PLACES_AT_ONCE)
    slices.length = 0
    await round(world, SHORT, counting)
    expect(slices).toEqual([])
  })

  it('writers come in between two slices', async () => {
    const world = new BackendWorld()
    await world.changelog.write(async (tenant) => {
      for (let n = 1; n <= 5 * RETENTION_COMMITS_AT_ONCE; n++)
        await tenant('default').commit(ROOM, [note(`${n}`)], undefined, world.clock.nowMs())
    })
    await world.clock.pass(2 * DAY_MS)
    const running = rounds(world)
    const whole = running.round()
    await world.clock.pass(0)
    await world.put(alice, ROOM, 'notes', 'between', text('x'))
    const [logStart] = await kept(world)
    expect(logStart).toBeGreaterThan(0)
    expect(logStart).toBeLessThan(5 * RETENTION_COMMITS_AT_ONCE)
    await world.clock.pass(1000)
    await whole
    expect((await kept(world))[0]).toBe(5 * RETENTION_COMMITS_AT_ONCE)
  })

  it('[M2] forgets how mutations ended with clients that are gone, but for the last; a repeat is then outcome-unknown', async () => {
    const world = new BackendWorld()
    await notes(world, ['a', text('1')], ['b', text('2')])
    const done = (n: number) => world.changelog.read('default', (tx) => tx.mutation(clientOf(alice), n))
    await world.clock.pass(8 * DAY_MS)
    await round(world)
    expect(await done(1)).toBeDefined()
    await world.clock.pass(1)
    await round(world)
    expect([(await done(1))?.n, (await done(2))?.n]).toEqual([undefined, 2])
  })

  it('a fault in one place is logged, and the round goes on behind it', async () => {
    const world = new BackendWorld()
    await world.changelog.write(async (tenant) => {
      for (let at = 100; at < 100 + RETENTION_PLACES_AT_ONCE + 1; at++)
        await tenant('default').commit(`open:${at}`, [note('a')], undefined, world.clock.nowMs())
    })
    await world.clock.pass(2 * DAY_MS)
    const faulty = faultyChangelog(world.changelog, 'trim', (space) => space === 'open:100')
    await round(world, SHORT, faulty)
    expect(world.logged).toHaveLength(1)
    expect(await kept(world, 'open:100')).toEqual([0, 0])
    expect(await kept(world, `open:${100 + RETENTION_PLACES_AT_ONCE}`)).toEqual([1, 0])
    await round(world)
    expect(await kept(world, 'open:100')).toEqual([1, 0])
  })

  it('comes again and again until it is stopped, and leaves no timer behind', async () => {
    const world = new BackendWorld()
    await notes(world, ['a', text('1')])
    const running = rounds(world)
    running.start()
    for (let days = 0; days < 2; days++) await world.clock.pass(DAY_MS)
    expect(await kept(world)).toEqual([1, 0])
    await notes(world, ['b', text('1')])
    await world.clock.pass(DAY_MS + 2 * RETENTION_EVERY_MS)
    expect(await kept(world)).toEqual([2, 0])
    await running.stop()
    expect(world.clock.timers).toBe(0)
  })

  it('that is stopped in mid-round ends after its slice', async () => {
    const world = new BackendWorld()
    await world.changelog.write(async (tenant) => {
      for (let n = 1; n <= 5 * RETENTION_COMMITS_AT_ONCE; n++)
        await tenant('default').commit(ROOM, [note(`${n}`)], undefined, world.clock.nowMs() - 2 * DAY_MS)
    })
    const running = rounds(world)
    running.start()
    await world.clock.pass(RETENTION_EVERY_MS)
    await running.stop()
    const [logStart] = await kept(world)
    expect(logStart).toBeGreaterThan(0)
    expect(logStart).toBeLessThan(5 * RETENTION_COMMITS_AT_ONCE)
    expect(world.clock.timers).toBe(0)
  })

  it('run judged by the horizon: a run in pages goes on through rounds of retention, or begins again where it must', async () => {
    const world = new BackendWorld()
    for (let n = 0; n < 20; n++) await notes(world, [`n${n}`, text('1')])
    await world.clock.pass(2 * DAY_MS)
    await round(world)
    const first = await world.range(alice, ROOM, NEW, { changesMax: 5 })
    expect(first.compacted).toBe(true)
    await notes(world, ['n1', undefined])
    await world.clock.pass(7 * DAY_MS)
    await round(world)
    expect((await world.range(alice, ROOM, after(first))).reset).toBeUndefined()
    await world.clock.pass(2 * DAY_MS)
    await round(world)
    expect((await world.range(alice, ROOM, after(first))).reset).toBe('horizon')
  })
})

describe('settings of retention', () => {
  it('have defaults that hold, and a log that is no longer than the deletions', () => {
    expect(retentionOf()).toEqual({ keepLogMs: 30 * DAY_MS, keepLogCommits: 10_000, keepDeletionsMs: 90 * DAY_MS })
    expect(retentionOf({ keepDeletionsMs: 7 * DAY_MS })).toMatchObject({ keepLogMs: 7 * DAY_MS })
    expect(retentionOf({ keepLogMs: Number.POSITIVE_INFINITY, keepDeletionsMs: Number.POSITIVE_INFINITY })).toBeDefined()
  })

  it.each([
    [{ keepLogMs: HOUR_MS - 1 }, 'keepLogMs'],
    [{ keepLogMs: Number.NaN }, 'keepLogMs'],
    [{ keepLogCommits: 999 }, 'keepLogCommits'],
    [{ keepDeletionsMs: TAIL_MS - 1 }, 'keepDeletionsMs'],
    [{ keepLogMs: 91 * DAY_MS }, 'keepDeletionsMs'],
  ])('%o is refused by name', (options, name) => {
    expect(() => retentionOf(options)).toThrow(new RegExp(`^retention\\.${name}: .+ is the least$`))
  })

  it('at their least are taken', () => {
    expect(retentionOf({ keepLogMs: HOUR_MS, keepLogCommits: 1000, keepDeletionsMs: TAIL_MS })).toEqual({
      keepLogMs: HOUR_MS,
      keepLogCommits: 1000,
      keepDeletionsMs: TAIL_MS,
    })
  })
})

function note(id: string) {
  return { collection: 'notes', id, creator: 'alice', created: 'now' as const, doc: '{"text":"x"}' }
}
