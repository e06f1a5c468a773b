// Goal: what is said stands in one tick, ticks only grow, late ones say so, and the store's trouble stays the lane's own. Method: engines over
// a memory store under a virtual clock whose wall time is set at will.
import { conform, lanePage } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { countsOf, DANMU, LaneClock, LaneWorld, laneApp, TYPING, textsOf } from '../../test/lane-world.ts'
import { settle } from '../../test/virtual-clock.ts'
import {
  ANNOUNCEMENTS_MAX,
  FORGET_EVERY_MS,
  GROUP_TICKS_MAX,
  ITEM_BYTES_MAX,
  ITEM_IDS_MS,
  LANES_MAX,
  PASSED_IDS_MAX,
  SAYS_WAITING_MAX,
  STORE_RETRY_MS,
  STORED_WITHIN_MS,
  UNMERGED_TICKS_MAX,
} from './bounds.ts'
import type { LaneStore } from './lane-store.ts'
import { memoryLaneStore } from './memory/memory-lane-store.ts'

const MINUTE_MS = 60_000

/** A store in the test's hands, each call of which can be made to fail or hang. */
function troubled(store = memoryLaneStore()): LaneStore & { failing: Set<keyof LaneStore>; hung: Set<keyof LaneStore>; calls: string[] } {
  const failing = new Set<keyof LaneStore>()
  const hung = new Set<keyof LaneStore>()
  const calls: string[] = []
  const wrapped = Object.fromEntries(
    Object.entries(store).map(([name, call]) => [
      name,
      async (...args: never[]) => {
        calls.push(name)
        if (hung.has(name as keyof LaneStore)) return new Promise(() => {})
        if (failing.has(name as keyof LaneStore)) throw new Error(`no ${name}`)
        return (call as (...args: never[]) => unknown)(...args)
      },
    ]),
  )
  return Object.assign(wrapped as unknown as LaneStore, { failing, hung, calls })
}

describe('ticks of a lane', () => {
  it('what is said within a tick leaves as one frame when the tick is over, named after its start', async () => {
    const world = await LaneWorld.started()
    await world.clock.pass(300)
    await world.say('one')
    await world.clock.pass(699)
    await world.say('two', { by: 'bob' })
    expect(world.ticks).toEqual([])
    await world.clock.pass(1)
    const startMs = world.clock.nowMs() - 1000
    expect(world.ticks).toEqual([
      {
        tick: startMs,
        items: [
          { id: 'i1', by: 'ada', atMs: startMs + 300, body: { text: 'one' } },
          { id: 'i2', by: 'bob', atMs: startMs + 999, body: { text: 'two' } },
        ],
        cut: 0,
      },
    ])
  })

  it('what comes past the cap is sampled away and counted; equal texts are one item', async () => {
    const world = await LaneWorld.started({ app: laneApp({ cap: 2 }) })
    for (const text of ['a', 'b', 'B', 'c', 'd ']) await world.say(text)
    await world.clock.pass(1000)
    expect(world.ticks.map((tick) => [textsOf(tick), tick.cut])).toEqual([[['c', 'd '], 3]])
  })

  it('whatever is asked for, a ring has as many answers as ticks', async () => {
    const world = await LaneWorld.started()
    for (const text of ['a', 'b']) {
      await world.say(text)
      await world.clock.pass(1000)
    }
    const [first = 0, second = 0] = world.ticks.map(({ tick }) => tick)
    const after = (since: number) => world.engine.ring(DANMU, world.definition(DANMU), since)
    expect(await after(1)).toBe(await after(0))
    expect(await after(first + 1)).toBe(await after(first))
    expect(await after(second + 1)).toBe(await after(second))
    expect((await world.ring(first)).ticks.map(({ tick }) => tick)).toEqual([second])
    expect((await world.ring(second)).ticks).toEqual([])
    await world.say('c')
    await world.clock.pass(1000)
    expect((await world.ring(second)).ticks.map(textsOf)).toEqual([['c']])
    world.set({ stopped: true })
    expect(await world.ring(second)).toMatchObject({ stopped: true })
  })

  it('[L3] ticks of many lanes that end in one moment are stored in steps, between which the event loop goes round', async () => {
    const store = troubled()
    const happened: string[] = []
    const { merge } = store
    store.merge = (ticks) => {
      happened.push('merge')
      return merge(ticks)
    }
    let gate = Promise.resolve()
    const turn = async () => {
      await gate
      happened.push('turn')
    }
    const world = await LaneWorld.started({ store, turn })
    const lanes = 3 * GROUP_TICKS_MAX
    await Promise.all(Array.from({ length: lanes }, (_, n) => world.say('a', { place: { ...DANMU, space: `live:${n}` } })))
    happened.length = 0
    const { promise, resolve } = Promise.withResolvers<void>()
    gate = promise
    await world.clock.pass(1000)
    resolve()
    await settle()
    expect(world.ticks).toHaveLength(lanes)
    expect(happened.join(' ')).not.toMatch(/merge merge/)
    expect(happened.filter((what) => what === 'merge')).toHaveLength(3)
  })

  it('a lane in which nothing is said has no timer, and sends no empty ticks', async () => {
    const world = await LaneWorld.started()
    await world.say('one')
    expect(world.clock.timers).toBe(1)
    await world.clock.pass(10_000)
    expect([world.ticks.length, world.clock.timers]).toEqual([1, 0])
  })

  it('ticks grow when the clock goes back, and by no more than one at a time', async () => {
    const world = await LaneWorld.started()
    await world.say('before')
    await world.clock.pass(1000)
    world.clock.shiftMs = -3_600_000
    await world.say('after')
    await world.clock.pass(1000)
    await world.say('and on')
    await world.clock.pass(1000)
    const [first = 0, ...rest] = world.ticks.map(({ tick }) => tick)
    expect(rest).toEqual([first + 1, first + 2])
  })

  it('ticks grow over a restart with a clock that was set back', async () => {
    const store = { ...memoryLaneStore(), close: async () => {} }
    const before = await LaneWorld.started({ store })
    await before.say('before')
    await before.clock.pass(1000)
    await before.engine.stop()
    const clock = new LaneClock()
    clock.shiftMs = -3_600_000
    const after = await LaneWorld.started({ store, clock })
    await after.say('after', { id: 'other' })
    await clock.pass(1000)
    expect(after.ticks[0]?.tick).toBe((before.ticks[0]?.tick ?? 0) + 1)
  })

  it('length and cap are changed by admins from the next tick on, and followers are told', async () => {
    const world = await LaneWorld.started()
    await world.say('a')
    await world.clock.pass(500)
    world.set({ tickMs: 100, cap: 1 })
    expect(world.frames.at(-1)).toBe('{"t":"lane","space":"live:1","lane":"danmu","tickMs":100,"cap":1}')
    await world.say('b')
    await world.clock.pass(499)
    expect(world.ticks).toEqual([])
    await world.clock.pass(1)
    expect(world.ticks.map(textsOf)).toEqual([['a', 'b']])
    await world.say('c')
    await world.say('d')
    await world.clock.pass(100)
    expect(world.ticks.map(textsOf)).toEqual([['a', 'b'], ['d']])
    world.set({ tickMs: 60_000, stopped: true })
    expect(await world.ring()).toMatchObject({ tickMs: 60_000, cap: 100, stopped: true })
    await world.say('e')
    await world.clock.pass(60_000)
    const numbers = world.ticks.map(({ tick }) => tick)
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
    expect(new Set(numbers).size).toBe(3)
  })

  it('settings that are no settings of a lane leave it as it was defined', async () => {
    const world = await LaneWorld.started({ app: laneApp({ archiveMs: MINUTE_MS }) })
    for (const wrong of [{ tickMs: 5 }, { cap: 0 }, { tickMs: 0 }]) {
      world.set(wrong)
      expect(await world.ring()).toMatchObject({ tickMs: 1000, cap: 100 })
    }
  })

  it('[L2] a timer that fires late merges every tick in order; those more than a tick past their end are late', async () => {
    const store = troubled()
    const world = await LaneWorld.started({ store })
    store.failing.add('merge')
    for (const text of ['a', 'b', 'c', 'd']) {
      await world.say(text)
      await world.clock.pass(1000)
    }
    expect(world.ticks).toEqual([])
    store.failing.delete('merge')
    await world.clock.pass(STORE_RETRY_MS)
    expect(world.ticks.map((tick) => [textsOf(tick), tick.late])).toEqual([
      [['a'], true],
      [['b'], true],
      [['c'], true],
      [['d'], undefined],
    ])
    expect(world.logged).toEqual(['lanes cannot be kept: they take nothing until that is mended; the log goes on', 'lanes are kept again'])
  })

  it('a tick that is over is merged by what is said next, whatever its timer does', async () => {
    const world = await LaneWorld.started()
    let isStuck = false
    const clock = world.clock
    const after = clock.after.bind(clock)
    clock.after = (ms, task) => after(ms, () => (isStuck && ms > 500 && ms <= 1000 ? undefined : task()))
    isStuck = true
    await world.say('a')
    await clock.pass(3500)
    expect(world.ticks).toEqual([])
    await world.say('b')
    await settle()
    expect(world.ticks.map((tick) => [textsOf(tick), tick.late])).toEqual([[['a'], true]])
    isStuck = false
    await clock.pass(1000)
    expect(world.ticks.map((tick) => [textsOf(tick), tick.late])).toEqual([
      [['a'], true],
      [['b'], undefined],
    ])
  })

  it('announcements past what a tick takes are refused, none is sampled away', async () => {
    const world = await LaneWorld.started({ app: laneApp({ cap: 1 }) })
    for (let at = 0; at < ANNOUNCEMENTS_MAX; at++) await world.say(`${at}`, { announcement: true })
    await expect(world.say('one more', { announcement: true })).rejects.toMatchObject({ code: 'rate-limited' })
    await world.clock.pass(1000)
    expect(world.ticks[0]?.items.length).toBe(ANNOUNCEMENTS_MAX)
    await world.say('one more', { announcement: true })
  })

  it('lanes of tenants and spaces know nothing of each other', async () => {
    const world = await LaneWorld.started()
    const places = [DANMU, { ...DANMU, tenant: 'other' }, { ...DANMU, space: 'live:2' as const }]
    for (const place of places) await world.say('hello', { id: 'same', place })
    await world.clock.pass(1000)
    expect(world.ticks.map(textsOf)).toEqual([['hello'], ['hello'], ['hello']])
    for (const place of places) expect((await world.ring(0, place)).ticks.map(textsOf)).toEqual([['hello']])
  })

  it('what cannot be JSON, or is too much, is refused', async () => {
    const world = await LaneWorld.started()
    await expect(world.say('', { body: { text: 1n } })).rejects.toMatchObject({ code: 'invalid' })
    await expect(world.say('x'.repeat(ITEM_BYTES_MAX))).rejects.toMatchObject({ code: 'too-large' })
  })
})

describe('lanes in memory', () => {
  const many = async (world: LaneWorld, count: number, from = 0) => {
    for (let at = from; at < from + count; at++) await world.ring(0, { ...DANMU, space: `live:${at}` })
  }

  it('are bounded: the one used longest ago is read again, one with something to merge stays', async () => {
    const store = troubled()
    const world = await LaneWorld.started({ store })
    await world.say('waits', { place: { ...DANMU, space: 'live:busy' } })
    await many(world, LANES_MAX)
    const reads = () => store.calls.filter((call) => call === 'lane').length
    expect(reads()).toBe(LANES_MAX + 1)
    await many(world, 10, LANES_MAX - 10)
    expect(reads()).toBe(LANES_MAX + 1)
    await many(world, 1)
    expect(reads()).toBe(LANES_MAX + 2)
    await world.clock.pass(1000)
    expect(world.ticks.map(textsOf)).toEqual([['waits']])
  })

  it('numbers of a lane that passes at once grow though it was forgotten and the clock went back', async () => {
    const world = await LaneWorld.started()
    await world.say('a', { place: TYPING })
    await many(world, LANES_MAX)
    world.clock.shiftMs = -60_000
    await world.say('b', { place: TYPING })
    const [first = 0, second = 0] = world.ticks.map(({ tick }) => tick)
    expect(second).toBeGreaterThan(first)
  })

  it('a weight function that fails is told once a lane', async () => {
    const sampling = () => {
      throw new Error('a bug in the app')
    }
    const world = await LaneWorld.started({ app: laneApp({ sampling, cap: 2 }) })
    for (const text of ['a', 'b', 'c']) await world.say(text)
    await world.clock.pass(1000)
    await world.say('d')
    await world.clock.pass(1000)
    expect(world.ticks.map(({ items, cut }) => [items.length, cut])).toEqual([
      [2, 1],
      [1, 0],
    ])
    expect(world.logged).toEqual(['the weight function of a lane failed: it counts as 1'])
  })
})

describe('ids in a lane', () => {
  it('[L1] what the same user says again under its id is taken once, before and after its tick; another user has ids of their own', async () => {
    const world = await LaneWorld.started()
    await Promise.all([world.say('one', { id: 'x' }), world.say('one', { id: 'x' })])
    await world.say('two', { id: 'x' })
    await world.say('three', { id: 'x', by: 'bob' })
    await world.clock.pass(1000)
    await world.say('four', { id: 'x' })
    await world.clock.pass(5000)
    expect(world.ticks.map(textsOf)).toEqual([['one', 'three']])
  })

  it('a folded or sampled one that comes again is not counted again', async () => {
    const world = await LaneWorld.started({ app: laneApp({ cap: 1 }) })
    for (let time = 0; time < 2; time++) {
      await world.say('gone', { id: 'a' })
      await world.say('go', { id: 'b' })
      await world.say('GO', { id: 'c' })
    }
    await world.clock.pass(1000)
    expect(world.ticks.map((tick) => [textsOf(tick), tick.cut])).toEqual([[['go x2'], 1]])
  })

  it('an id is known while the ring shows it, and for ITEM_IDS_MS of the server that runs, over restarts', async () => {
    const store = { ...memoryLaneStore(), close: async () => {} }
    const world = await LaneWorld.started({ store, app: laneApp({ ring: 1 }) })
    await world.say('first', { id: 'x' })
    await world.clock.pass(3 * ITEM_IDS_MS)
    await world.say('again', { id: 'x' })
    await world.clock.pass(1000)
    expect(world.ticks.map(textsOf)).toEqual([['first']])

    await world.say('second', { id: 'y' })
    await world.clock.pass(1000)
    await world.say('third', { id: 'z' })
    await world.clock.pass(1000)
    await world.engine.stop()
    const clock = new LaneClock()
    clock.shiftMs = 3 * ITEM_IDS_MS + 24 * 3_600_000
    const later = await LaneWorld.started({ store, clock, app: laneApp({ ring: 1 }) })
    for (const id of ['y', 'z']) await later.say('again', { id })
    await clock.pass(1000)
    expect(later.ticks).toEqual([])
    await clock.pass(ITEM_IDS_MS)
    for (let at = 0; at < 3; at++) await later.say('fill', { id: `f${at}` })
    await clock.pass(1000)
    await later.say('y again', { id: 'y' })
    await clock.pass(1000)
    expect(later.ticks.map(textsOf)).toEqual([['fill x3'], ['y again']])
  })
})

describe('the ring of a lane', () => {
  it('is what the newest ticks were, after `since`, as frames and as the body of an answer', async () => {
    const world = await LaneWorld.started({ app: laneApp({ ring: 2 }) })
    for (const text of ['a', 'b', 'c']) {
      await world.say(text)
      await world.clock.pass(1000)
    }
    expect((await world.ring()).ticks).toEqual(world.ticks.slice(1))
    const [, second, third] = world.ticks
    const { frames, newest } = await world.engine.ring(DANMU, world.definition(DANMU), second?.tick ?? 0)
    expect(newest).toBe(third?.tick)
    expect(frames).toEqual(['{"t":"lane","space":"live:1","lane":"danmu","tickMs":1000,"cap":100}', world.frames.at(-1)])
    expect((await world.ring(newest)).ticks).toEqual([])
  })

  it('survives a restart, with what was late', async () => {
    const store = { ...memoryLaneStore(), close: async () => {} }
    const world = await LaneWorld.started({ store })
    for (const text of ['a', 'b']) {
      await world.say(text)
      await world.clock.pass(1000)
    }
    const again = await LaneWorld.started({ store, clock: world.clock })
    expect(await again.ring()).toEqual(await world.ring())
  })

  it('of a lane without one is empty', async () => {
    const world = await LaneWorld.started({ app: laneApp({ ring: 0 }) })
    await world.say('a')
    await world.clock.pass(1000)
    expect([world.ticks.length, (await world.ring()).ticks]).toEqual([1, []])
  })
})

describe('clearing a lane', () => {
  it('leaves at once, empties the ring, and drops what was said before and not sent', async () => {
    const world = await LaneWorld.started()
    await world.say('shown')
    await world.clock.pass(1000)
    await world.say('before')
    await world.clock.pass(100)
    const clearedAtMs = world.clock.nowMs()
    await world.say('after')
    world.set({ clearedAtMs })
    await settle()
    expect(world.ticks.slice(1).map((tick) => [tick.cleared, textsOf(tick)])).toEqual([[true, ['after']]])
    await world.say('then')
    await world.clock.pass(900)
    expect((await world.ring()).ticks.map(textsOf)).toEqual([['after'], ['then']])
    world.set({ clearedAtMs, cap: 5 })
    await settle()
    expect(world.ticks.length).toBe(3)
  })

  it('of which nothing was left behind is a tick without items', async () => {
    const world = await LaneWorld.started()
    world.set({ clearedAtMs: world.clock.nowMs() })
    await settle()
    expect(world.ticks).toEqual([{ tick: world.clock.nowMs(), items: [], cut: 0, cleared: true }])
    expect((await world.ring()).ticks).toEqual(world.ticks)
  })

  it('happens once, also over a restart; one that a crash came before is made up for', async () => {
    const store = { ...memoryLaneStore(), close: async () => {} }
    const world = await LaneWorld.started({ store })
    await world.say('a')
    await world.clock.pass(1000)
    const clearedAtMs = world.clock.nowMs()
    const restart = async () => {
      const next = new LaneWorld({ store, clock: world.clock })
      next.settings.set('live:1 danmu', { clearedAtMs })
      await next.engine.start()
      await next.ring()
      await settle()
      return next
    }
    const second = await restart()
    expect(second.ticks.map(({ cleared }) => cleared)).toEqual([true])
    expect((await second.ring()).ticks.map(textsOf)).toEqual([[]])
    const third = await restart()
    expect(third.ticks).toEqual([])
    expect((await third.ring()).ticks).toEqual(second.ticks)
  })
})

describe('a lane with tickMs 0', () => {
  it('sends at once, keeps nothing, and its numbers grow', async () => {
    const store = troubled()
    const world = await LaneWorld.started({ store })
    const before = store.calls.length
    await world.say('a', { place: TYPING })
    await world.say('b', { place: TYPING })
    world.clock.shiftMs = -5000
    await world.say('c', { place: TYPING })
    expect(world.ticks.map(textsOf)).toEqual([['a'], ['b'], ['c']])
    const [first = 0, ...rest] = world.ticks.map(({ tick }) => tick)
    expect(rest).toEqual([first + 1, first + 2])
    expect(await world.ring(0, TYPING)).toEqual({ space: 'live:1', lane: 'typing', tickMs: 0, cap: 100, ticks: [] })
    world.set({ clearedAtMs: world.clock.nowMs() }, TYPING)
    expect(world.ticks.at(-1)).toMatchObject({ cleared: true, items: [] })
    expect([store.calls.length, world.clock.timers]).toEqual([before, 0])
  })

  it('[L1] sends once what is repeated under its id, while that is among the newest', async () => {
    const world = await LaneWorld.started()
    const place = TYPING
    for (const by of ['bob', 'bob', 'ann']) await world.say('a', { place, id: 'same', by })
    expect(world.ticks.map(textsOf)).toEqual([['a'], ['a']])
    for (let n = 0; n < PASSED_IDS_MAX; n++) await world.say('more', { place })
    await world.say('again', { place, id: 'same', by: 'bob' })
    expect(world.ticks.map(textsOf).at(-1)).toEqual(['again'])
  })

  it('can be given ticks, and lose them again', async () => {
    const world = await LaneWorld.started()
    await world.say('a', { place: TYPING })
    world.set({ tickMs: 500 }, TYPING)
    await world.say('b', { place: TYPING })
    world.set({ tickMs: 0 }, TYPING)
    await world.say('c', { place: TYPING })
    expect(world.ticks.map(textsOf)).toEqual([['a']])
    await world.clock.pass(500)
    await world.say('d', { place: TYPING })
    expect(world.ticks.map(textsOf)).toEqual([['a'], ['b', 'c'], ['d']])
    const numbers = world.ticks.map(({ tick }) => tick)
    expect(new Set(numbers).size).toBe(3)
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
  })
})

describe('the archive of a lane', () => {
  const app = laneApp({ archiveMs: 3 * MINUTE_MS, ring: 2 })
  const pageOf = async (world: LaneWorld, from: number) => {
    const page = await world.engine.page(DANMU, world.definition(DANMU), from)
    return page && conform(lanePage, JSON.parse(page.text))
  }
  const minute = (ms: number) => Math.floor(ms / MINUTE_MS) * MINUTE_MS

  it('has pages of a minute, which never change once they are whole', async () => {
    const world = await LaneWorld.started({ app })
    const from = minute(world.clock.nowMs()) + MINUTE_MS
    await world.clock.pass(from - world.clock.nowMs())
    for (const text of ['a', 'b', 'c']) {
      await world.say(text)
      await world.clock.pass(20_000)
    }
    expect(await pageOf(world, from)).toMatchObject({ from, to: from + MINUTE_MS, whole: true, ticks: world.ticks })
    expect(await pageOf(world, from + MINUTE_MS)).toMatchObject({ whole: false, ticks: [] })
    // A clock that goes back writes into none that was whole.
    world.clock.shiftMs = -50_000
    await world.say('d')
    await world.clock.pass(1000)
    expect(world.ticks.at(-1)?.tick).toBe(from + MINUTE_MS)
    world.clock.shiftMs = 0
    expect((await pageOf(world, from))?.ticks.length).toBe(3)
    expect((await pageOf(world, from + MINUTE_MS))?.ticks.map(textsOf)).toEqual([['d']])
    expect(await pageOf(world, from + 1)).toBeUndefined()
    expect(await pageOf(world, from + 10 * MINUTE_MS)).toBeUndefined()
  })

  it('a page is not whole while one of its ticks waits to be stored', async () => {
    const store = troubled()
    const world = await LaneWorld.started({ app, store })
    const from = minute(world.clock.nowMs())
    store.failing.add('merge')
    await world.say('a')
    await world.clock.pass(2 * MINUTE_MS)
    expect(await pageOf(world, from)).toMatchObject({ whole: false, ticks: [] })
    store.failing.delete('merge')
    await world.clock.pass(STORE_RETRY_MS)
    expect(await pageOf(world, from)).toMatchObject({ whole: true, ticks: [{ late: true }] })
  })

  it('reaches its horizon, also where nothing is said any more; the ring stays', async () => {
    const store = memoryLaneStore()
    const world = await LaneWorld.started({ app, store })
    const from = minute(world.clock.nowMs())
    for (const text of ['a', 'b', 'c', 'd']) {
      await world.say(text)
      await world.clock.pass(1000)
    }
    const stored = async () => (await store.page(DANMU, 0, Number.MAX_SAFE_INTEGER, 1e9)).length
    expect(await stored()).toBe(4)
    await world.clock.pass(3 * MINUTE_MS)
    expect(await pageOf(world, from)).toBeDefined()
    await world.clock.pass(MINUTE_MS + FORGET_EVERY_MS)
    expect(await pageOf(world, from)).toBeUndefined()
    expect(await stored()).toBe(2)
    expect((await world.ring()).ticks.map(textsOf)).toEqual([['c'], ['d']])
  })

  it('a page of what a process before was told is not whole before that is known', async () => {
    const clock = new LaneClock()
    const from = minute(clock.nowMs())
    await clock.pass(MINUTE_MS)
    const kept = memoryLaneStore()
    await kept.append(
      [{ place: DANMU, tick: from, by: 'ada', id: 'x', atMs: from, text: '{"id":"x","by":"ada","atMs":0,"body":{"text":"left"}}' }],
      0,
    )
    const troubledStore = troubled(kept)
    troubledStore.failing.add('ready')
    const world = await LaneWorld.started({ app, store: troubledStore, clock })
    expect(await pageOf(world, from)).toMatchObject({ whole: false })
    troubledStore.failing.delete('ready')
    await clock.pass(STORE_RETRY_MS)
    expect(await pageOf(world, from)).toMatchObject({ whole: true, ticks: [{ tick: from, late: true }] })
  })

  it('the page of this minute is read once a tick, however many ask for it; it says how long it may be kept', async () => {
    const store = troubled()
    const world = await LaneWorld.started({ app, store })
    const from = minute(world.clock.nowMs()) + MINUTE_MS
    await world.clock.pass(from - world.clock.nowMs())
    const reads = () => store.calls.filter((call) => call === 'page').length
    for (const text of ['a', 'b']) {
      await world.say(text)
      await world.clock.pass(1000)
      for (let n = 0; n < 3; n++) expect((await pageOf(world, from))?.ticks).toEqual(world.ticks)
    }
    expect(reads()).toBe(2)
    await world.clock.pass(MINUTE_MS)
    expect(await pageOf(world, from)).toMatchObject({ whole: true })
    expect(await world.engine.page(DANMU, world.definition(DANMU), from)).toMatchObject({ leftMs: 3 * MINUTE_MS - 2000 })
  })

  it('a lane without one has no pages', async () => {
    const world = await LaneWorld.started()
    expect(await pageOf(world, minute(world.clock.nowMs()))).toBeUndefined()
  })
})

describe('a store of lanes in trouble', () => {
  it.each(['append', 'lane', 'ready'] as const)('what it cannot keep is unavailable (%s), and taken once it can', async (call) => {
    const store = troubled()
    store.failing.add(call)
    const world = await LaneWorld.started({ store })
    await expect(world.say('a', { id: 'x' })).rejects.toMatchObject({ code: 'unavailable', retryable: true })
    await world.clock.pass(5000)
    expect(world.ticks).toEqual([])
    store.failing.delete(call)
    await world.clock.pass(STORE_RETRY_MS)
    await world.say('a', { id: 'x' })
    await world.clock.pass(1000)
    expect(world.ticks.map(textsOf)).toEqual([['a']])
    expect(world.logged).toEqual(['lanes cannot be kept: they take nothing until that is mended; the log goes on', 'lanes are kept again'])
  })

  it.each(['append', 'lane', 'merge'] as const)('one that hangs for ever (%s) is unavailable in time', async (call) => {
    const store = troubled()
    const world = await LaneWorld.started({ store })
    store.hung.add(call)
    const told = (text: string) => world.say(text).catch((error: { code: string }) => error.code)
    const first = told('first')
    await world.clock.pass(1500)
    const second = told('second')
    await world.clock.pass(STORED_WITHIN_MS)
    expect([await first, await second]).toEqual([call === 'merge' ? undefined : 'unavailable', 'unavailable'])
  })

  it('so much waits to be stored, and no more', async () => {
    const store = troubled()
    const world = await LaneWorld.started({ store })
    store.hung.add('lane')
    void world.say('in hand')
    await settle()
    for (let at = 0; at < SAYS_WAITING_MAX; at++) void world.say('a')
    await settle()
    await expect(world.say('more')).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('one that hangs at the start does not hold the server up; what passes at once goes on', async () => {
    const store = troubled()
    store.hung.add('ready')
    const world = new LaneWorld({ store })
    const started = world.engine.start()
    await world.clock.pass(STORED_WITHIN_MS)
    await started
    await world.say('typing', { place: TYPING })
    expect(world.ticks.map(textsOf)).toEqual([['typing']])
    expect(world.logged).toEqual(['the store of lanes does not open: lanes take nothing until it does'])
  })

  it('what is said while it opens waits for that', async () => {
    const store = troubled()
    const world = new LaneWorld({ store })
    const started = world.engine.start()
    const said = [world.say('a'), world.say('b')]
    await started
    await Promise.all(said)
    await world.clock.pass(1000)
    expect(world.ticks.map(textsOf)).toEqual([['a', 'b']])
    store.failing.add('ready')
    const other = new LaneWorld({ store })
    const failed = other.engine.start()
    await expect(other.say('a')).rejects.toMatchObject({ code: 'unavailable' })
    await failed
  })

  it('one that does not close is told to the log, and keeps nothing else from ending', async () => {
    const store = troubled()
    const world = await LaneWorld.started({ store })
    store.failing.add('close')
    await world.engine.stop()
    expect(world.logged).toEqual(['the store of lanes did not close'])
  })

  it('so many ticks wait to be stored, and no more', async () => {
    const store = troubled()
    const world = await LaneWorld.started({ store })
    store.failing.add('merge')
    for (let at = 0; at < UNMERGED_TICKS_MAX; at++) {
      await world.say(`${at}`)
      await world.clock.pass(1000)
    }
    await expect(world.say('more')).rejects.toMatchObject({ code: 'unavailable' })
    store.failing.delete('merge')
    await world.clock.pass(STORE_RETRY_MS)
    expect(world.ticks.length).toBe(UNMERGED_TICKS_MAX)
    await world.say('more')
  })

  it('stop merges what is there, and takes nothing more', async () => {
    const store = troubled()
    const world = await LaneWorld.started({ store })
    const said = world.say('a')
    await world.say('b')
    await world.engine.stop()
    await said
    expect(world.ticks.map((tick) => [textsOf(tick), tick.late])).toEqual([[['a', 'b'], undefined]])
    await expect(world.say('c')).rejects.toMatchObject({ code: 'unavailable' })
    await world.engine.stop()
    expect(store.calls.filter((call) => call === 'close').length).toBe(1)
    expect(world.clock.timers).toBe(0)
  })

  it('nothing is counted twice that is folded over a failure', async () => {
    const store = troubled()
    const world = await LaneWorld.started({ store })
    await world.say('a', { id: 'x' })
    store.failing.add('append')
    await expect(world.say('a', { id: 'y' })).rejects.toMatchObject({ code: 'unavailable' })
    store.failing.delete('append')
    await world.say('a', { id: 'y' })
    await world.clock.pass(1000)
    expect(countsOf(world.ticks[0]?.items ?? [])).toBe(2)
  })
})
