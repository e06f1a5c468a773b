// Goal: what no list of cases proves. Method: fast-check draws histories of commits, trims, restores and resends; a model that is
// a few lines long says what must come out. A failure prints its seed and the shrunk case.
import type { JsonObject } from '@tidemark/shared'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { app, BackendWorld, clientOf, everybody, item, nonceOf, user } from '../../test/backend-world.ts'
import { Copy } from '../../test/copy.ts'

const RUNS = process.env.CI === 'true' ? 2000 : 300
vi.setConfig({ testTimeout: 60_000 })
const SPACE = 'mixed:1'
const users = ['alice', 'bob'].map((name) => user(name))

describe('exactly once', () => {
  // Each client makes its mutations in order; the network cuts them into batches, and doubles, holds back and reorders those.
  const sends = fc.array(
    fc.record({
      client: fc.integer({ min: 0, max: 2 }),
      from: fc.integer({ min: 1, max: 6 }),
      count: fc.integer({ min: 1, max: 4 }),
      together: fc.boolean(),
    }),
    { minLength: 1, maxLength: 25 },
  )

  it('[M1] any interleaving, repetition and reordering of resends runs each mutation once, in its order', async () => {
    await fc.assert(
      fc.asyncProperty(sends, async (plan) => {
        const world = new BackendWorld()
        const clients = [0, 1, 2].map((at) => user(`u${at}`))
        const made = (at: number, n: number) =>
          n % 4 === 0
            ? item(n, 'open:1', 'refuse', { why: 'no' }, at + 1)
            : item(n, 'open:1', 'add', { id: `c${at}n${n}`, text: `${at} ${n}` }, at + 1)
        const answers = new Map<string, string>()
        let running: Promise<void>[] = []
        const send = async ({ client: at, from, count }: (typeof plan)[number]) => {
          const who = clients[at] as (typeof clients)[number]
          const numbers = Array.from({ length: Math.min(count, 7 - from) }, (_, offset) => from + offset)
          const on = from === 1 ? '' : nonceOf(from - 1, at + 1)
          const answer = await world.batch(who, { client: clientOf(who), on, mutations: numbers.map((n) => made(at, n)) })
          for (const ack of answer.acks) {
            const key = `${at} ${ack.n}`
            const before = answers.get(key)
            if (before !== undefined) expect(JSON.stringify(ack)).toBe(before)
            answers.set(key, JSON.stringify(ack))
          }
          if (answer.error !== undefined) expect(answer.error.code).toBe('out-of-order')
        }
        for (const step of plan) {
          running.push(send(step))
          if (step.together) continue
          await Promise.all(running)
          running = []
        }
        await Promise.all(running)

        const log = await world.range(users[0] as never, 'open:1', { version: 0, seal: '' })
        const origins = log.changes.map(({ o }) => o)
        expect(new Set(origins).size).toBe(origins.length)
        const done = [...answers.values()].map((text) => JSON.parse(text)).filter((ack) => ack.in !== undefined)
        expect([...origins].sort()).toEqual(done.map(({ nonce }) => nonce).sort())
        for (const at of [0, 1, 2]) {
          const mine = log.changes.filter(({ id }) => id.startsWith(`c${at}`)).map(({ id }) => Number(id.slice(3)))
          expect(mine).toEqual([...mine].sort((a, b) => a - b))
        }
      }),
      { numRuns: RUNS },
    )
  })
})

describe('a reader in pages', () => {
  const write = fc.record({
    by: fc.integer({ min: 0, max: 1 }),
    collection: fc.constantFrom('shared', 'mine'),
    id: fc.constantFrom('a', 'b', 'c', 'd'),
    what: fc.constantFrom('put', 'put', 'patch', 'delete', 'drop'),
    value: fc.nat({ max: 9 }),
  })
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('write' as const), write }) },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('pull' as const),
        reader: fc.integer({ min: 0, max: 1 }),
        limit: fc.constantFrom(1, 2, 3, 100),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('trim' as const), log: fc.constantFrom(30, 80, 100), horizon: fc.constantFrom(0, 50, 100) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('backup' as const, 'restore' as const) }) },
  )

  for (const kind of ['open', 'mixed'] as const) {
    const isFiltered = kind === 'mixed'
    it(`ends equal to the model, ${isFiltered ? 'and never receives a byte of what others own' : 'whatever is written, trimmed or restored between pages'}`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
          const world = new BackendWorld({ app: ruled(isFiltered) as never, access: everybody(ruled(isFiltered) as never) })
          const copies = users.map(() => new Copy())
          let backup = world.memory.snapshot()
          let history = 0
          let n = [0, 0]
          let kept = { n, history }
          const pull = async (reader: number, changesMax: number) => {
            const copy = copies[reader] as Copy
            const range = await world.range(users[reader] as never, SPACE, copy.standing, { changesMax })
            const verdict = copy.take(range)
            expect(verdict === 'news' || verdict === 'reset' || range.to === range.from).toBe(true)
            const foreign = users[1 - reader]?.user
            if (isFiltered)
              expect(range.changes.filter((change) => change.c === 'mine' && JSON.stringify(change).includes(`of ${foreign}`))).toEqual([])
            return range
          }
          for (const one of steps) {
            if (one.do === 'write') {
              const { by, collection, id, what, value } = one.write
              const who = users[by] as (typeof users)[number]
              const text = `${value} of ${who.user}`
              const args: JsonObject =
                what === 'put'
                  ? { c: collection, id, doc: { text } }
                  : what === 'patch'
                    ? { c: collection, id, set: { text } }
                    : what === 'delete'
                      ? { c: collection, id }
                      : { id }
              const number = (n[by] ?? 0) + 1
              const client = clientOf(user(`${who.user}${history}`)).replace(/.$/, 'x')
              const on = number === 1 ? '' : nonceOf(number - 1, history + 1)
              const answer = await world.batch(who, { client, on, mutations: [item(number, SPACE, what, args, history + 1)] })
              expect(answer.error).toBeUndefined()
              n = n.map((was, at) => (at === by ? number : was))
            } else if (one.do === 'pull') {
              await pull(one.reader, one.limit)
            } else if (one.do === 'trim') {
              const { version } = await world.head(SPACE)
              const log = Math.floor((version * one.log) / 100)
              await world.trim(SPACE, log, Math.floor((log * one.horizon) / 100))
            } else if (one.do === 'backup') {
              backup = world.memory.snapshot()
              kept = { n, history }
            } else {
              world.memory.restore(backup)
              n = [0, 0]
              // New clients, so that the numbers of the lost history mean nothing.
              history = Math.max(history, kept.history) + 1
            }
          }
          for (const [reader, copy] of copies.entries()) {
            for (let pages = 0; ; pages++) {
              const range = await pull(reader, 2)
              if (range.to === range.head && copy.standing.seal === range.seal) break
              expect(pages).toBeLessThan(60)
            }
            expect(copy.isWhole).toBe(true)
            expect(copy.documents).toEqual(await model(world, isFiltered ? (users[reader]?.user as string) : undefined))
          }
        }),
        { numRuns: RUNS },
      )
    })
  }
})

/** What the changelog holds, as this reader may see it. */
async function model(world: BackendWorld, reader: string | undefined): Promise<Record<string, unknown>> {
  const documents: Record<string, unknown> = {}
  await world.changelog.read('default', async (tx) => {
    for (const collection of ['mine', 'shared'])
      for (const id of ['a', 'b', 'c', 'd']) {
        const stored = await tx.document(SPACE, collection, id)
        if (stored?.doc === undefined) continue
        if (reader !== undefined && collection === 'mine' && stored.creator !== reader) continue
        documents[`${collection}/${id}`] = JSON.parse(stored.doc)
      }
  })
  return documents
}

/** The kind `mixed`, as it is or with everything for everyone. */
function ruled(isFiltered: boolean): unknown {
  const { mixed } = app.spaces
  if (isFiltered) return app
  const { shared, mine } = mixed.collections
  const open = { ...mine, read: 'space', write: 'space' }
  return { version: '1', spaces: { mixed: { ...mixed, collections: { shared, mine: open } } } }
}
