// Goal: whatever is written, deleted, trimmed or restored while a copy pages through a first sync and through what its windows left
// out, it ends equal to the model. Method: fast-check draws the interleaving; a copy that follows the protocol's page takes all.
import { type OlderPage, olderPage, parseAnswer } from '@tidemark/shared'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { type BackendWorld, BOUNDS, clientOf, everybody, item, nonceOf, user } from '../../test/backend-world.ts'
import { Copy, type OlderAsked } from '../../test/copy.ts'
import { windowApp, windowWorld } from '../../test/window-world.ts'
import type { Changelog } from '../changelog/changelog.ts'

const RUNS = process.env.CI === 'true' ? 2000 : 150
vi.setConfig({ testTimeout: 120_000 })
const users = ['alice', 'bob'].map((name) => user(name))
const IDS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] as const

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      by: fc.integer({ min: 0, max: 1 }),
      ids: fc.uniqueArray(fc.constantFrom(...IDS), { minLength: 1, maxLength: 3 }),
      what: fc.constantFrom('put', 'put', 'put', 'patch', 'delete', 'many'),
      value: fc.nat({ max: 99 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('pull' as const),
      reader: fc.integer({ min: 0, max: 1 }),
      limit: fc.constantFrom(1, 1, 2, 100),
      window: fc.constantFrom('default' as const, 'default' as const, 'all' as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('ask' as const), reader: fc.integer({ min: 0, max: 1 }), limit: fc.constantFrom(1, 2, 9) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('arrive' as const), reader: fc.integer({ min: 0, max: 1 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('trim' as const), log: fc.constantFrom(50, 100), horizon: fc.constantFrom(0, 50, 100) }),
  },
  // A device that begins with nothing.
  { weight: 3, arbitrary: fc.record({ do: fc.constant('fresh' as const), reader: fc.integer({ min: 0, max: 1 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('restart' as const, 'backup' as const, 'restore' as const) }) },
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never
/** A page that is read ahead of its copy, commits that may be taken back then, and a range that leads to, or past, where it was read. */
const race = fc
  .record({
    reader: fc.integer({ min: 0, max: 1 }),
    ids: fc.array(fc.constantFrom(...IDS), { minLength: 4, maxLength: 4 }),
    what: fc.constantFrom('put', 'delete'),
    isLost: fc.boolean(),
    after: fc.nat({ max: 2 }),
  })
  .map(({ reader, ids, what, isLost, after }): Step[] => {
    const writes = ids.map((id, at): Step => ({ do: 'write', by: at % 2, ids: [id], what: at < 2 ? what : 'put', value: at }))
    return [
      { do: 'pull', reader, limit: 100, window: 'default' },
      { do: 'backup' },
      ...writes.slice(0, 2),
      { do: 'ask', reader, limit: 2 },
      ...(isLost ? [{ do: 'restore' } as const] : []),
      ...writes.slice(2, 2 + after),
      { do: 'pull', reader, limit: 100, window: 'default' },
      { do: 'arrive', reader },
    ]
  })
const steps = fc
  .array(fc.oneof({ weight: 20, arbitrary: step.map((one) => [one]) }, { weight: 1, arbitrary: race }), { maxLength: 60, size: 'max' })
  .map((some) => some.flat())

interface Reader {
  readonly who: (typeof users)[number]
  copy: Copy
  /** Pages that were read and have not arrived. */
  readonly underWay: { readonly asked: OlderAsked; readonly page: OlderPage }[]
}

/** What became of pages in all runs: a property about races that never came is none. */
const seen = new Map<string, number>()
const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1)

/** One history of one space, with two readers. */
class Run {
  readonly world: BackendWorld
  readonly readers: readonly Reader[] = users.map((who) => ({ who, copy: new Copy(), underWay: [] }))
  readonly #space: string
  readonly #collection: string
  #numbers = [0, 0]
  #history = 1
  #backup

  constructor(kind: 'room' | 'desk', changelog?: Changelog) {
    this.world = windowWorld(changelog)
    this.#space = `${kind}:1`
    this.#collection = kind === 'room' ? 'messages' : 'drafts'
    this.#backup = this.world.memory.snapshot()
  }

  /** More documents than a window holds, one commit each. */
  async fill(): Promise<void> {
    for (const [at, id] of IDS.entries()) await this.#write({ do: 'write', by: at % 2, ids: [id], what: 'put', value: 100 })
  }

  async take(one: Step): Promise<void> {
    switch (one.do) {
      case 'write':
        return this.#write(one)
      case 'pull':
        await this.pull(this.readers[one.reader] as Reader, one.limit, one.window)
        return
      case 'ask': {
        const reader = this.readers[one.reader] as Reader
        if (reader.copy.isWhole && reader.copy.floor(this.#collection) > 0) reader.underWay.push(await this.#older(reader, one.limit))
        return
      }
      case 'arrive':
        return this.#arrive(this.readers[one.reader] as Reader)
      case 'fresh': {
        const reader = this.readers[one.reader] as Reader
        reader.copy = new Copy()
        reader.underWay.length = 0
        return
      }
      case 'trim': {
        const { version } = await this.world.head(this.#space)
        const log = Math.floor((version * one.log) / 100)
        await this.world.trim(this.#space, log, Math.floor((log * one.horizon) / 100))
        return
      }
      case 'restart':
        this.world.start({ app: windowApp as never, access: everybody(windowApp as never) })
        return
      case 'backup':
        this.#backup = this.world.memory.snapshot()
        return
      case 'restore':
        this.world.memory.restore(this.#backup)
        this.#numbers = [0, 0]
        this.#history += 1
    }
  }

  async #write({ by, ids, what, value }: Extract<Step, { do: 'write' }>): Promise<void> {
    const who = users[by] as (typeof users)[number]
    const n = (this.#numbers[by] ?? 0) + 1
    const c = this.#collection
    const [id] = ids
    const doc = { text: `${value} of ${who.user}` }
    const isDesk = c === 'drafts'
    const args =
      what === 'put' ? { c, id, doc } : what === 'patch' ? { c, id, set: doc } : what === 'delete' ? (isDesk ? { id } : { c, id }) : { ids }
    const name = isDesk && what === 'delete' ? 'drop' : isDesk && what === 'many' ? 'put' : what
    const client = clientOf(user(`${who.user}${this.#history}`)).replace(/.$/, 'x')
    const on = n === 1 ? '' : nonceOf(n - 1, this.#history)
    const given = name === 'put' ? { c, id, doc } : args
    const answer = await this.world.batch(who, { client, on, mutations: [item(n, this.#space, name, given as never, this.#history)] })
    expect(answer.error).toBeUndefined()
    this.#numbers[by] = n
  }

  async pull({ who, copy }: Reader, changesMax: number, window: 'default' | 'all'): Promise<boolean> {
    const { range } = await this.world.backend.pull(who, this.#space, copy.standing, { ...BOUNDS, changesMax }, undefined, window)
    if (this.#collection === 'drafts') expect(range.text).not.toContain(`of ${users.find((other) => other !== who)?.user}`)
    const read = JSON.parse(range.text)
    const verdict = copy.take(read)
    expect(verdict === 'news' || verdict === 'reset' || range.to === range.from).toBe(true)
    return range.to === range.head && copy.standing.seal === range.seal
  }

  async catchUp(reader: Reader): Promise<void> {
    for (let pages = 0; !(await this.pull(reader, 2, 'default')); pages++) expect(pages).toBeLessThan(100)
    expect(reader.copy.isWhole).toBe(true)
  }

  async #older({ who, copy }: Reader, changesMax: number): Promise<Reader['underWay'][number]> {
    const asked = copy.askOlder(this.#collection)
    const text = await this.world.backend.older(who, this.#space, this.#collection, asked.before as never, { ...BOUNDS, changesMax })
    const page = parseAnswer(olderPage, text)
    expect(page.floor).toBeLessThan(asked.before)
    return { asked, page }
  }

  async #arrive({ who, copy, underWay }: Reader): Promise<void> {
    const next = underWay.shift()
    // Who is asked twice at a time would move a floor up again: one page at a time counts, as in a client.
    if (next === undefined || next.asked.before !== copy.floor(this.#collection)) return
    const { asked, page } = next
    const taken = copy.takeOlder(asked, page)
    if (taken === 'ahead') underWay.push(next)
    else if (taken === 'unproven' && (await this.#holds(who, page))) expect(copy.takeOlder(asked, page, true)).toBe('taken')
    count(taken)
  }

  /** Whether a pull that states the head and the seal of a page is answered without a reset. */
  async #holds(who: Reader['who'], { head: version, seal }: OlderPage): Promise<boolean> {
    const bounds = { ...BOUNDS, changesMax: 1 }
    const { range } = await this.world.backend.pull(who, this.#space, { version, seal }, bounds, undefined, 'default')
    count(range.reset ? 'another history' : 'the same history')
    return !range.reset
  }

  /** What a whole copy at the head shows: nothing that is not there, and all above its floor. */
  async check(reader: Reader): Promise<void> {
    const { copy } = reader
    const model = await this.#model(reader)
    const floor = copy.floor(this.#collection)
    for (const [key, doc] of Object.entries(copy.documents)) expect([key, doc]).toEqual([key, model.get(key)?.doc])
    for (const [key, { created }] of model) if (created > floor) expect(copy.documents).toHaveProperty([key])
  }

  /** Pages in all that is older, after which the copy is the model. */
  async end(reader: Reader): Promise<void> {
    const { copy, underWay } = reader
    await this.catchUp(reader)
    await this.check(reader)
    // What is ahead of the head by now is of a history that is no more.
    for (let left = underWay.length; left > 0; left--) await this.#arrive(reader)
    await this.catchUp(reader)
    await this.check(reader)
    for (let pages = 0; copy.floor(this.#collection) > 0; pages++) {
      expect(pages).toBeLessThan(100)
      const { asked, page } = await this.#older(reader, 2)
      expect(copy.takeOlder(asked, page)).toBe('taken')
    }
    const model = await this.#model(reader)
    expect(copy.documents).toEqual(Object.fromEntries([...model].map(([key, { doc }]) => [key, doc])))
    expect(copy.created).toEqual(Object.fromEntries([...model].map(([key, { created }]) => [key, created])))
  }

  async #model({ who }: Reader): Promise<Map<string, { readonly doc: unknown; readonly created: number }>> {
    const model = new Map<string, { readonly doc: unknown; readonly created: number }>()
    await this.world.changelog.read('default', async (tx) => {
      for (const id of IDS) {
        const stored = await tx.document(this.#space, this.#collection, id)
        if (stored?.doc === undefined || (this.#collection === 'drafts' && stored.creator !== who.user)) continue
        model.set(`${this.#collection}/${id}`, { doc: JSON.parse(stored.doc), created: stored.created })
      }
    })
    return model
  }
}

describe('a reader of a window', () => {
  for (const kind of ['room', 'desk'] as const)
    it(`[W1] ends equal to the model, in a ${kind}, whatever is written, trimmed or restored between its pages`, async () => {
      await fc.assert(
        fc.asyncProperty(steps, async (steps) => {
          const run = new Run(kind)
          await run.fill()
          for (const one of steps) await run.take(one)
          for (const reader of run.readers) await run.end(reader)
        }),
        { numRuns: RUNS },
      )
      for (const what of ['taken', 'again', 'ahead', 'unproven', 'the same history', 'another history'])
        expect(seen.get(what), what).toBeGreaterThan(0)
    })
})
