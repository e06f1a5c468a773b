import type { TestRunner } from '../changelog/contract/bench.ts'
import { FORGET_STEP_MAX } from './bounds.ts'
import type { LanePlace } from './lane-engine.ts'
import type { KeptTicks, LaneStore, MergedTick, StoredSay } from './lane-store.ts'

const A: LanePlace = { tenant: 't', space: 'live:1', lane: 'danmu' }
const B: LanePlace = { ...A, lane: 'likes' }
const RING: KeptTicks = { ring: 2, archiveFrom: Number.POSITIVE_INFINITY }

function say(id: string, tick = 1000, rest: Partial<StoredSay> = {}): StoredSay {
  return { place: A, tick, by: 'ada', id, atMs: tick, text: `{"id":"${id}"}`, ...rest }
}

function merged(tick: number, rest: Partial<MergedTick> = {}): MergedTick {
  return { place: A, tick, text: `{"tick":${tick}}`, clearedAtMs: undefined, kept: RING, ...rest }
}

/** What every store of lanes must do. `runner` is what a test file imports from vitest; `open` gives an empty one, which the suite closes. */
export function describeLaneStore(name: string, { describe, expect, it }: TestRunner, open: () => LaneStore | Promise<LaneStore>): void {
  const opened = (test: (store: LaneStore) => Promise<void>) => async () => {
    const store = await open()
    try {
      await store.ready()
      await test(store)
    } finally {
      await store.close()
    }
  }
  const leftIn = async (store: LaneStore) => (await store.left(0, 100)).map(({ place, tick, text }) => [place.lane, tick, text])
  const ticksIn = async (store: LaneStore, ring = 100) => (await store.lane(A, ring)).ticks.map(({ tick }) => tick)

  describe(`${name} store of lanes`, () => {
    it(
      'keeps what was said, in order, until its tick is merged',
      opened(async (store) => {
        expect(await store.append([say('a'), say('b', 1000, { place: B }), say('c')], 0)).toEqual([true, true, true])
        expect(await store.append([say('d', 2000)], 0)).toEqual([true])
        expect(await leftIn(store)).toEqual([
          ['danmu', 1000, '{"id":"a"}'],
          ['likes', 1000, '{"id":"b"}'],
          ['danmu', 1000, '{"id":"c"}'],
          ['danmu', 2000, '{"id":"d"}'],
        ])
        const [first] = await store.left(0, 1)
        expect((await store.left(first?.at ?? 0, 2)).map(({ text }) => text)).toEqual(['{"id":"b"}', '{"id":"c"}'])
        await store.merge([merged(1000)])
        expect(await leftIn(store)).toEqual([
          ['likes', 1000, '{"id":"b"}'],
          ['danmu', 2000, '{"id":"d"}'],
        ])
        await store.merge([merged(1000, { place: B }), merged(2000)])
        expect(await leftIn(store)).toEqual([])
      }),
    )

    it(
      'takes an id of a user once in a lane, also within one call, and after its tick',
      opened(async (store) => {
        const other = say('a', 1000, { by: 'bob' })
        expect(await store.append([say('a'), say('a'), other, say('a', 1000, { place: B })], 0)).toEqual([true, false, true, true])
        await store.merge([merged(1000)])
        expect(await store.append([say('a', 2000), other], 0)).toEqual([false, false])
        expect((await leftIn(store)).map(([lane]) => lane)).toEqual(['likes'])
      }),
    )

    it(
      'forgets ids taken before a time, two for each that is new',
      opened(async (store) => {
        const early = ['a', 'b', 'c', 'd', 'e'].map((id) => say(id, 1000))
        await store.append(early, 0)
        expect(await store.append([say('new', 5000)], 1000)).toEqual([true])
        expect(await store.append([say('a', 5000)], 1001)).toEqual([false])
        expect(await store.append(early, 0)).toEqual([true, true, false, false, false])
      }),
    )

    it(
      'has the newest ticks of a lane, and how far it came',
      opened(async (store) => {
        expect(await store.lane(A, 10)).toEqual({ newest: 0, clearedAtMs: 0, ticks: [] })
        await store.merge([1000, 2000, 3000].map((tick) => merged(tick, { kept: { ring: 3, archiveFrom: Number.POSITIVE_INFINITY } })))
        expect(await store.lane(A, 2)).toEqual({
          newest: 3000,
          clearedAtMs: 0,
          ticks: [
            { tick: 2000, text: '{"tick":2000}' },
            { tick: 3000, text: '{"tick":3000}' },
          ],
        })
        expect(await ticksIn(store, 0)).toEqual([])
      }),
    )

    it(
      'keeps no more than the ring, and what the archive asks for',
      opened(async (store) => {
        for (const tick of [1000, 2000, 3000, 4000]) await store.merge([merged(tick)])
        expect(await ticksIn(store)).toEqual([3000, 4000])
        await store.merge([merged(5000, { kept: { ring: 1, archiveFrom: 3000 } })])
        expect(await ticksIn(store)).toEqual([3000, 4000, 5000])
        await store.merge([merged(6000, { kept: { ring: 0, archiveFrom: 5000 } })])
        expect(await ticksIn(store)).toEqual([5000, 6000])
        await store.merge([merged(7000, { kept: { ring: 0, archiveFrom: Number.POSITIVE_INFINITY } })])
        expect((await store.lane(A, 100)).newest).toBe(7000)
        expect((await store.page(A, 7000, 8000, 1000)).length).toBe(0)
      }),
    )

    it(
      'a merge that comes again changes nothing; one of an older tick leaves the newest',
      opened(async (store) => {
        const kept = { ring: 3, archiveFrom: Number.POSITIVE_INFINITY }
        await store.merge([merged(2000, { kept })])
        await store.merge([merged(2000, { kept, text: '{"again":true}' })])
        await store.merge([merged(1000, { kept })])
        expect(await store.lane(A, 10)).toMatchObject({
          newest: 2000,
          ticks: [{ tick: 1000 }, { tick: 2000, text: '{"again":true}' }],
        })
      }),
    )

    it(
      'a tick of nothing removes what it was made of',
      opened(async (store) => {
        await store.append([say('a')], 0)
        await store.merge([merged(1000, { text: undefined })])
        expect([await leftIn(store), await store.lane(A, 10)]).toEqual([[], { newest: 1000, clearedAtMs: 0, ticks: [] }])
      }),
    )

    it(
      'a clearing ends the ring before it, not the archive',
      opened(async (store) => {
        const kept = { ring: 10, archiveFrom: 0 }
        await store.merge([merged(1000, { kept }), merged(2000, { kept })])
        await store.merge([merged(3000, { kept, clearedAtMs: 2500 })])
        await store.merge([merged(4000, { kept })])
        expect(await store.lane(A, 10)).toMatchObject({ clearedAtMs: 2500, ticks: [{ tick: 3000 }, { tick: 4000 }] })
        expect((await store.page(A, 0, 10_000, 1000)).length).toBe(4)
      }),
    )

    it(
      'reads a page of ticks in order, up to a bound that the first may pass',
      opened(async (store) => {
        const kept = { ring: 0, archiveFrom: 0 }
        for (const tick of [1000, 2000, 3000]) await store.merge([merged(tick, { kept })])
        const text = (tick: number) => `{"tick":${tick}}`
        expect(await store.page(A, 1000, 3000, 1000)).toEqual([text(1000), text(2000)])
        expect(await store.page(A, 0, 9000, 2 * text(1000).length)).toEqual([text(1000), text(2000)])
        expect(await store.page(A, 2000, 9000, 1)).toEqual([text(2000)])
        expect(await store.page(B, 0, 9000, 1000)).toEqual([])
      }),
    )

    it(
      'lists lanes page by page, and forgets their old ticks in steps',
      opened(async (store) => {
        const kept = { ring: 0, archiveFrom: 0 }
        const count = FORGET_STEP_MAX + 10
        await store.merge(Array.from({ length: count }, (_, at) => merged(at, { kept })))
        await store.merge([merged(1000, { place: B, kept })])
        const [first] = await store.lanes(undefined, 1)
        expect([first, await store.lanes(first, 10)]).toEqual([A, [B]])
        expect(await store.lanes(B, 10)).toEqual([])
        const now = { ring: 1, archiveFrom: count - 2 }
        expect(await store.forget(A, now)).toBe(false)
        expect(await store.forget(A, now)).toBe(true)
        expect(await ticksIn(store)).toEqual([count - 2, count - 1])
        expect(await store.forget({ ...A, lane: 'unknown' }, now)).toBe(true)
      }),
    )

    it(
      'is unavailable once it is closed',
      opened(async (store) => {
        await store.close()
        await expect(store.append([say('a')], 0)).rejects.toMatchObject({ code: 'unavailable' })
        await expect(store.lane(A, 1)).rejects.toMatchObject({ code: 'unavailable' })
      }),
    )
  })
}
