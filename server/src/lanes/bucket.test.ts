// Goal: whatever is said within a tick, the bucket is small, counts right and keeps whom it should. Method: properties over random
// says, a reference for `newest`, and draws by lot that are counted.
import type { LaneDefinition } from '@tidemark/shared'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seeded } from '../../test/lane-world.ts'
import { ANNOUNCEMENTS_MAX, TICK_BYTES_MAX } from './bounds.ts'
import { Bucket, type BucketOptions, type WrittenItem } from './bucket.ts'

const ROUNDS = process.env.CI === undefined ? 100 : 2000

function bucketOf(options: Partial<BucketOptions> = {}): Bucket {
  return new Bucket({ cap: 3, sampling: 'newest', text: 'text', random: seeded(1), badWeight: () => {}, ...options })
}

let ids = 0
function item(text: string, rest: Partial<WrittenItem> = {}): WrittenItem {
  const said = { id: `i${++ids}`, by: 'ada', atMs: ids, body: { text }, ...rest }
  return { ...said, text: JSON.stringify(said) }
}

const textsIn = (bucket: Bucket) => bucket.items().map(({ item: { body }, count }) => `${(body as { text: string }).text}:${count}`)
const weighted = (weigh: (said: { body: { text: string }; by: string }) => unknown) => weigh as unknown as LaneDefinition['sampling']

describe('the bucket of a tick', () => {
  it('keeps the order in which things were said', () => {
    const bucket = bucketOf({ cap: 100, sampling: 'random' })
    const texts = Array.from({ length: 100 }, (_, at) => `t${at}`)
    for (const text of texts) bucket.add(item(text))
    expect(textsIn(bucket)).toEqual(texts.map((text) => `${text}:1`))
  })

  it('folds texts that differ in case and blanks alone into the first of them, at its place', () => {
    const bucket = bucketOf()
    for (const text of ['Go  Team', 'no', ' go team ', 'GO\tTEAM', 'goteam']) bucket.add(item(text))
    expect(textsIn(bucket)).toEqual(['Go  Team:3', 'no:1', 'goteam:1'])
    expect(bucket.cut).toBe(0)
  })

  it.each([undefined, 'other'])('folds nothing where the lane has no such text (%s)', (text) => {
    const bucket = bucketOf({ text })
    for (let at = 0; at < 3; at++) bucket.add(item('same'))
    expect(bucket.size).toBe(3)
  })

  it('newest: what was said again counts as new', () => {
    const bucket = bucketOf({ cap: 2 })
    for (const text of ['a', 'b', 'A', 'c']) bucket.add(item(text))
    expect(textsIn(bucket)).toEqual(['a:2', 'c:1'])
    expect(bucket.cut).toBe(1)
  })

  it('announcements are never sampled away, whatever the sampling: others make room', () => {
    for (const sampling of ['newest', 'random', weighted(() => 1e9)] as const) {
      const bucket = bucketOf({ cap: 3, sampling })
      const announced = ['one', 'two', 'three', 'four']
      for (const text of announced) {
        bucket.add(item(text, { announcement: true }))
        for (let at = 0; at < 50; at++) bucket.add(item(`noise ${at}`))
      }
      expect(textsIn(bucket)).toEqual(announced.map((text) => `${text}:1`))
      expect(bucket.cut).toBe(200)
    }
  })

  it('announcements are not folded, and have a bound of their own', () => {
    const bucket = bucketOf()
    bucket.add(item('same'))
    for (let at = 0; at < ANNOUNCEMENTS_MAX; at++) {
      expect(bucket.takesAnnouncements).toBe(true)
      bucket.add(item('same', { announcement: true }))
    }
    expect(bucket.takesAnnouncements).toBe(false)
    expect(bucket.size).toBe(ANNOUNCEMENTS_MAX)
  })

  it('has a bound in bytes beside its cap', () => {
    const bucket = bucketOf({ cap: 1000 })
    for (let at = 0; at < 100; at++) bucket.add(item(`${at} ${'€'.repeat(20_000)}`))
    const bytes = bucket.items().reduce((sum, { item: { text } }) => sum + Buffer.byteLength(text), 0)
    expect(bytes).toBeLessThanOrEqual(TICK_BYTES_MAX)
    expect(bytes).toBeGreaterThan(TICK_BYTES_MAX - 70_000)
    expect(bucket.size + bucket.cut).toBe(100)
  })

  it('by lot: each of many has the same chance', () => {
    const kept = new Map<string, number>()
    const random = seeded(3)
    const rounds = 4000
    for (let round = 0; round < rounds; round++) {
      const bucket = bucketOf({ cap: 3, sampling: 'random', random })
      for (const text of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l']) bucket.add(item(text))
      for (const text of textsIn(bucket)) kept.set(text, (kept.get(text) ?? 0) + 1)
    }
    // 3 of 12: 1000 expected, standard deviation 27.
    for (const times of kept.values()) expect(Math.abs(times - rounds / 4)).toBeLessThan(5 * 27.4)
    expect(kept.size).toBe(12)
  })

  it('by weight: chances are in proportion, and what weighs nothing stays only where there is room', () => {
    const kept = new Map<string, number>()
    const random = seeded(4)
    const sampling = weighted(({ body: { text } }) => ({ nothing: 0, light: 1, heavy: 3 })[text] ?? 0)
    const rounds = 4000
    for (let round = 0; round < rounds; round++) {
      const bucket = bucketOf({ cap: 1, sampling, random })
      for (const text of ['nothing', 'heavy', 'light', 'nothing']) bucket.add(item(text))
      for (const text of textsIn(bucket)) kept.set(text, (kept.get(text) ?? 0) + 1)
    }
    expect(kept.get('nothing:1')).toBeUndefined()
    // 3 of 4: 3000 expected, standard deviation 27.
    expect(Math.abs((kept.get('heavy:1') ?? 0) - 3000)).toBeLessThan(5 * 27.4)
    const roomy = bucketOf({ cap: 2, sampling, random })
    roomy.add(item('nothing'))
    roomy.add(item('heavy'))
    expect(textsIn(roomy)).toEqual(['nothing:1', 'heavy:1'])
  })

  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY, '3', undefined, new Error('thrown')])(
    'a weight function that answers %s counts as 1, and is told',
    (answer) => {
      const faults: unknown[] = []
      const sampling = weighted(() => {
        if (answer instanceof Error) throw answer
        return answer
      })
      const bucket = bucketOf({ cap: 2, sampling, badWeight: (error) => faults.push(error) })
      for (const text of ['a', 'b', 'c']) bucket.add(item(text))
      expect([bucket.size, bucket.cut, faults.length]).toEqual([2, 1, 3])
    },
  )

  it('property: cap holds, counts and cut add up to what was said, order is kept', () => {
    const said = fc.record({ text: fc.constantFrom('a', 'A ', 'b', 'c', 'd', 'e', 'f'), announcement: fc.boolean() })
    const samplings: LaneDefinition['sampling'][] = ['newest', 'random', weighted(({ body: { text } }) => text.length - 1)]
    fc.assert(
      fc.property(
        fc.array(said, { maxLength: 60 }),
        fc.integer({ min: 1, max: 8 }),
        fc.constantFrom(...samplings),
        fc.constantFrom('text', undefined),
        fc.nat(),
        (says, cap, sampling, text, seed) => {
          const bucket = bucketOf({ cap, sampling, text, random: seeded(seed) })
          let announced = 0
          for (const [at, { text: words, announcement }] of says.entries()) {
            bucket.add(item(words, announcement ? { announcement: true } : {}))
            announced += announcement ? 1 : 0
            const items = bucket.items()
            expect(items.length).toBe(bucket.size)
            expect(items.length).toBeLessThanOrEqual(Math.max(cap, announced))
            expect(items.reduce((sum, { count }) => sum + count, 0) + bucket.cut).toBe(at + 1)
            expect(items.filter(({ item: { announcement: is } }) => is).length).toBe(announced)
            expect(items.map(({ item: { atMs } }) => atMs)).toEqual(items.map(({ item: { atMs } }) => atMs).sort((a, b) => a - b))
          }
        },
      ),
      { numRuns: ROUNDS },
    )
  })

  it('property: newest keeps those that were said last, as a list that is searched does', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'), { maxLength: 40 }),
        fc.integer({ min: 1, max: 5 }),
        (says, cap) => {
          const bucket = bucketOf({ cap })
          let model: { text: string; first: number; last: number; count: number }[] = []
          for (const [at, text] of says.entries()) {
            bucket.add(item(text))
            const same = model.find((other) => other.text === text)
            if (same === undefined) model.push({ text, first: at, last: at, count: 1 })
            else Object.assign(same, { last: at, count: same.count + 1 })
            model = model.sort((a, b) => b.last - a.last).slice(0, cap)
          }
          expect(textsIn(bucket)).toEqual(model.sort((a, b) => a.first - b.first).map(({ text, count }) => `${text}:${count}`))
        },
      ),
      { numRuns: ROUNDS },
    )
  })

  it('forgets what was said before a moment, and goes on with what is left', () => {
    const bucket = bucketOf({ cap: 2 })
    const early = [item('a'), item('b'), item('c'), item('old', { announcement: true })]
    for (const one of early) bucket.add(one)
    const late = item('late')
    bucket.add(late)
    bucket.forgetBefore(late.atMs)
    expect([textsIn(bucket), bucket.cut]).toEqual([['late:1'], 0])
    for (const text of ['a', 'LATE', 'b']) bucket.add(item(text))
    expect([textsIn(bucket), bucket.cut]).toEqual([['late:2', 'b:1'], 1])
  })

  it('holds its cap however many speak', () => {
    const bucket = bucketOf({ cap: 100, sampling: 'random' })
    for (let at = 0; at < 100_000; at++) bucket.add(item(`t${at}`))
    expect([bucket.size, bucket.cut]).toEqual([100, 99_900])
  })
})
