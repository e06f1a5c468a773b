// Goal: whatever the order in which commits, acks, refusals, repeats, losses, resets, drops and crashes come, what is shown is
// the base plus the pending mutations, run in their order; no commit of the storage ever shows anything else; and no mutation is
// lost or counted twice. Method: a model that recomputes everything from nothing after each step, beside the real core.
import type { Json, Mutation, Range } from '@tidemark/shared'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chatApp } from '../testing/chat-app.ts'
import { handClock } from '../testing/hand-clock.ts'
import { seededRandom } from '../testing/seeded-random.ts'
import { type MemoryStorage, memoryStorage } from './memory-storage.ts'
import { type Made, ReplayModel, sorted } from './model/replay-model.ts'
import { ReplayServer } from './model/replay-server.ts'
import { createReplicaCore, type ReplicaCore } from './replica-core.ts'

const SPACES = ['room:1', 'user:alice'] as const
/** What the rows of the storage show. */
function viewOf(storage: MemoryStorage): Record<string, unknown> {
  const tables = JSON.parse(storage.dump()) as Record<string, any[]>
  const view: Record<string, unknown> = {}
  for (const { space, $s } of tables.copies ?? []) {
    for (const [table, rows] of Object.entries(tables)) {
      const [kind, c] = table.split('_')
      if (!c || kind !== space.split(':')[0]) continue
      for (const { $k, $s: s, $id, $v, $b, $p, ...doc } of rows) {
        expect($k).toBe(`${s} ${$id}`)
        if (s === $s) view[`${space} ${c}/${$id}`] = { doc, p: $p, b: $b >= 2 ** 52 ? 'pending' : $b }
      }
    }
  }
  return sorted(view)
}

const small = fc.nat({ max: 5 })
const space = fc.constantFrom('room:1', 'room:1', 'user:alice')
const op = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      t: fc.constant('mutate' as const),
      space,
      kind: fc.nat({ max: 6 }),
      id: fc.nat({ max: 1 }),
      to: space,
      bad: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ t: fc.constant('remote' as const), space, id: fc.nat({ max: 1 }), kind: fc.nat({ max: 3 }) }) },
  { weight: 4, arbitrary: fc.record({ t: fc.constant('serve' as const), count: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 4, arbitrary: fc.record({ t: fc.constant('ack' as const), from: small, count: fc.integer({ min: 1, max: 4 }) }) },
  {
    weight: 7,
    arbitrary: fc.record({
      t: fc.constant('pull' as const),
      space,
      pages: fc.integer({ min: 1, max: 4 }),
      compacted: fc.boolean(),
      take: fc.integer({ min: 1, max: 4 }),
      acked: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ t: fc.constant('stale' as const), pick: fc.nat({ max: 1000 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      t: fc.constant('reset' as const),
      space,
      reason: fc.constantFrom('rights', 'horizon', 'history'),
      pages: fc.integer({ min: 1, max: 3 }),
      compacted: fc.boolean(),
      take: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ t: fc.constant('restore' as const), space, commits: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ t: fc.constant('drop' as const), space }) },
  { weight: 2, arbitrary: fc.record({ t: fc.constant('crash' as const), early: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ t: fc.constant('known' as const) }) },
  { weight: 1, arbitrary: fc.record({ t: fc.constant('dismiss' as const), retry: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ t: fc.constant('sweep' as const) }) },
  { weight: 1, arbitrary: fc.record({ t: fc.constant('otherTab' as const) }) },
)
type Op = typeof op extends fc.Arbitrary<infer T> ? T : never

async function play(ops: readonly Op[]): Promise<void> {
  const clock = handClock()
  const random = seededRandom(7)
  let storage = memoryStorage()
  const cores: ReplicaCore[] = []
  const open = async () => void cores.unshift(await createReplicaCore({ app: chatApp, storage, clock, random, user: 'alice' }))
  await open()
  const server = new ReplayServer(SPACES)
  const model = new ReplayModel()
  const past: Range[] = []
  const observed: Record<string, unknown>[] = []
  const observe = () => storage.onChange(() => void observed.push(viewOf(storage)))
  observe()

  const argsOf = (o: Extract<Op, { t: 'mutate' }>): [string, Record<string, Json>] => {
    const id = `d${o.id}`
    const room = o.space.startsWith('room')
    if (o.kind === 0 && room) return ['send', { id, text: o.bad ? 'refuse me' : `by alice ${model.counts.created}` }]
    if (o.kind === 1 && room) return ['edit', { id, text: o.bad ? 'refuse me' : `edit ${model.counts.created}` }]
    if (o.kind === 2 && room) return ['increment', { id }]
    if ((o.kind === 3 || o.kind === 6) && room) return ['copyTo', { to: o.to, id }]
    if (o.kind === 4) return ['delete', { c: 'counters', id }]
    return ['put', { c: 'counters', id, doc: { value: 100 + model.counts.created } }]
  }
  const deliver = async (range: Range) => {
    past.push(range)
    model.apply(range)
    await (cores[0] as ReplicaCore).apply(range)
  }

  for (const o of ops) {
    const core = cores[0] as ReplicaCore
    observed.length = 0
    const before = viewOf(storage)
    const copiesBefore = model.shown.size
    switch (o.t) {
      case 'mutate': {
        const [name, args] = argsOf(o)
        const m: Made = { n: 0, nonce: '', space: o.space, name, args, madeMs: clock.nowMs(), state: 'pending', in: {}, arrived: new Set() }
        if (!model.shown.has(o.space)) model.begin(o.space, false, false)
        const fine = model.on(model.top(), m)
        const made = await core.mutate(o.space, name, args).catch((error) => error as { code: string })
        if ('code' in made) {
          expect([fine, made.code]).toEqual([false, 'rejected'])
          if (core.shownAs(o.space) === 0) model.shown.delete(o.space)
        } else {
          expect(fine).toBe(true)
          model.made.push({ ...m, n: made.n, nonce: made.nonce })
          model.counts.created++
        }
        break
      }
      case 'remote': {
        const key = o.kind < 2 && o.space.startsWith('room') ? `messages/d${o.id}` : `counters/d${o.id}`
        const exists = server.of(o.space).docs.get(key)
        const v = server.of(o.space).log.length + 1
        if (o.kind === 3 && exists) server.commit(o.space, new Map([[key, undefined]]), false)
        else if (key.startsWith('m'))
          server.commit(o.space, new Map([[key, { ...exists?.doc, text: `bob ${v}`, author: 'bob', sentAtMs: v }]]), true)
        else server.commit(o.space, new Map([[key, { value: v * 1000 }]]), false)
        break
      }
      case 'serve': {
        const batch = await core.batch({ mutationsMax: o.count, bytesMax: 1e6 })
        if (!batch) break
        const first = batch.mutations[0] as Mutation
        expect(batch.on).toBe(
          first.n === 1 ? '' : (server.done[first.n - 2]?.nonce ?? model.made.find(({ n }) => n === first.n - 1)?.nonce),
        )
        for (const mutation of batch.mutations) server.run(mutation as Mutation)
        break
      }
      case 'ack': {
        const acks = server.done.slice(Math.max(0, server.done.length - o.from - 1)).slice(0, o.count)
        // A client is answered in order: what comes later is only ever acknowledged after what comes before it.
        const pending = model.made.find(({ state }) => state === 'pending')
        const all = server.done.filter(({ n }) => pending && n >= pending.n && n <= (acks.at(-1)?.n ?? 0))
        const sent = [...all, ...acks]
        for (const ack of sent) model.settle(ack)
        await core.settle(sent)
        break
      }
      case 'pull': {
        const at = (await core.standings([o.space])).get(o.space) as never as { version: number; seal: string }
        for (const range of server.answer(o.space, at, o).slice(0, o.take))
          await deliver(o.acked ? range : ({ ...range, acked: undefined } as Range))
        break
      }
      case 'reset': {
        const at = model.standing(o.space)
        for (const range of server.answer(o.space, at, { ...o, reset: o.reason }).slice(0, o.take)) await deliver(range)
        break
      }
      case 'stale': {
        const range = past[o.pick % Math.max(1, past.length)]
        // What it says of acks was true then and still is; a restored server is the other case.
        if (range) await deliver({ ...range, acked: undefined } as Range)
        break
      }
      case 'restore':
        server.restore(o.space, o.commits)
        break
      case 'drop':
        model.drop(o.space)
        await core.drop(o.space)
        break
      case 'known': {
        const last = server.done.at(-1)
        if (!last) break
        const heads = Object.fromEntries(SPACES.map((space) => [space, server.of(space).log.length]))
        core.known([last.n, last.nonce], heads as never)
        for (const space of SPACES) model.known.set(space, { n: last.n, head: heads[space] as number })
        break
      }
      case 'dismiss': {
        const [first] = await core.refused()
        if (!first) break
        if (!o.retry) {
          await core.dismiss(first.n)
          model.counts.refused--
          model.counts.discarded++
          break
        }
        const { space, name, args } = first
        const m: Made = { n: 0, nonce: '', space, name, args, madeMs: clock.nowMs(), state: 'pending', in: {}, arrived: new Set() }
        if (!model.shown.has(space)) model.begin(space, false, false)
        const fine = model.on(model.top(), m)
        const made = await core.retry(first.n).catch((error) => error as { code: string })
        expect('n' in made && made.n > 0).toBe(fine)
        if ('nonce' in made) {
          model.made.push({ ...m, ...made })
          model.counts.refused--
        } else if (core.shownAs(space) === 0) model.shown.delete(space)
        break
      }
      case 'crash': {
        storage.crash()
        storage = storage.reopen()
        cores.length = 0
        await open()
        observe()
        model.known.clear()
        break
      }
      case 'sweep':
        clock.advance(10_000)
        await core.audit()
        break
      case 'otherTab':
        // What one tab knows of this connection's acks another does not.
        if (cores.length < 2) await open()
        else cores.reverse()
        model.known.clear()
        for (const core of cores) for (const space of SPACES) core.known([0, ''], { [space]: 0 } as never)
        break
    }
    const after = model.view()
    expect(viewOf(storage), `after ${JSON.stringify(o)}`).toEqual(after)
    // Several ranges are several steps, and a copy that begins shows what was pending for it first.
    const steps = o.t === 'pull' || o.t === 'reset' || model.shown.size > copiesBefore
    if (!steps) for (const seen of observed) expect([JSON.stringify(before), JSON.stringify(after)]).toContain(JSON.stringify(seen))
    const audit = await (cores[0] as ReplicaCore).audit()
    expect(audit).toEqual({ ...model.counts, pending: model.made.filter(({ state }) => state === 'pending').length })
    expect(audit.created).toBe(audit.confirmed + audit.refused + audit.pending + audit.discarded)
  }
  for (const core of cores) await core.close()
}

describe('replay on top', () => {
  it('what is shown is the base and the pending mutations in their order, whatever comes in whatever order', async () => {
    await fc.assert(fc.asyncProperty(fc.array(op, { minLength: 20, maxLength: 60, size: 'max' }), play), {
      numRuns: process.env.CI ? 2000 : 150,
    })
  }, 120_000)
})
