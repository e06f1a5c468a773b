// Goal: whatever the order in which commits, acks, refusals, repeats, losses, resets, drops and crashes come, what is shown is
// the base plus the pending mutations, run in their order; no commit of the storage ever shows anything else; and no mutation is
// lost or counted twice. Method: a model that recomputes everything from nothing after each step, beside the real core.
import { type Ack, type Change, type Json, judge, type Mutation, type Range } from '@tidemark/shared'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chatApp } from '../testing/chat-app.ts'
import { handClock } from '../testing/hand-clock.ts'
import { seededRandom } from '../testing/seeded-random.ts'
import { type MemoryStorage, memoryStorage } from './memory-storage.ts'
import { createReplicaCore, type ReplicaCore } from './replica-core.ts'

type Doc = Record<string, Json>
type Docs = Map<string, { doc: Doc; b: number }>
const SPACES = ['room:1', 'user:alice'] as const
type Top = Map<string, { doc: Doc | undefined; b: number | 'pending' }>
type Access = { get(space: string, key: string): Doc | undefined; set(space: string, key: string, doc: Doc | undefined): void }

/** What each mutator does, said once more in the plainest way. False: it refuses. */
function perform(
  { space, name, args, madeMs }: Pick<Mutation, 'space' | 'name' | 'args' | 'madeMs'>,
  { get, set }: Access,
  settled: (space: string) => boolean,
): boolean {
  const { id, text, to, c, doc } = args as Record<string, string> & { doc: Doc }
  const write = (at: string, key: string, value: Doc | undefined) => {
    if (!settled(at)) set(at, key, value)
  }
  const message = `messages/${id}`
  const counter = `counters/${id}`
  switch (name) {
    case 'send':
      if (settled(space)) return true
      if (get(space, message)) return false
      write(space, message, { text: text as string, author: 'alice', sentAtMs: madeMs })
      return true
    case 'edit': {
      if (settled(space)) return true
      const before = get(space, message)
      if (!before) return false
      write(space, message, { ...before, text: text as string })
      return true
    }
    case 'increment':
      write(space, counter, { value: ((get(space, counter)?.value as number) ?? 0) + 1 })
      return true
    case 'copyTo':
      write(to as string, counter, { value: (get(space, counter)?.value as number) ?? 0 })
      return true
    case 'delete':
      if (get(space, `${c}/${id}`)) write(space, `${c}/${id}`, undefined)
      return true
    default:
      write(space, `${c}/${id}`, doc)
      return true
  }
}
const touchedBy = ({ space, args }: Pick<Mutation, 'space' | 'args'>) => [...new Set([space, ...(args.to ? [args.to as string] : [])])]

/** The server: a log a space, and the record of one client's mutations. */
class Server {
  spaces = new Map<string, { docs: Docs; log: Change[][]; seals: string[] }>(
    SPACES.map((space) => [space, { docs: new Map(), log: [], seals: ['00000000'] }]),
  )
  done: Ack[] = []
  history = 0
  runs = new Map<string, Range[]>()
  of(space: string) {
    return this.spaces.get(space) as { docs: Docs; log: Change[][]; seals: string[] }
  }
  commit(space: string, writes: Map<string, Doc | undefined>, asSet: boolean, o?: string): number {
    const { docs, log, seals } = this.of(space)
    const v = log.length + 1
    const changes: Change[] = []
    for (const [key, doc] of writes) {
      const [c, id] = key.split('/') as [string, string]
      const before = docs.get(key)
      if (!doc) {
        docs.delete(key)
        changes.push({ v, c, id, del: true } as never)
      } else {
        docs.set(key, { doc, b: before?.b ?? v })
        changes.push((before && asSet ? { v, c, id, set: doc } : { v, c, id, put: doc, ...(before ? { b: before.b } : {}) }) as never)
      }
    }
    if (o) changes[0] = { ...changes[0], o } as never
    log.push(changes)
    seals.push(`h${this.history}v${v}`)
    return v
  }
  run(mutation: Mutation): void {
    const [, before] = [mutation, this.done.length]
    if (mutation.n <= before) return
    expect(mutation.n).toBe(before + 1)
    const writes = new Map<string, Map<string, Doc | undefined>>()
    const get = (space: string, key: string) =>
      writes.get(space)?.has(key) ? writes.get(space)?.get(key) : this.of(space).docs.get(key)?.doc
    const set = (space: string, key: string, doc: Doc | undefined) => void writes.set(space, (writes.get(space) ?? new Map()).set(key, doc))
    const fine = perform(mutation, { get, set }, () => false) && mutation.args.text !== 'refuse me'
    const { n, nonce } = mutation
    if (!fine) this.done.push({ n, nonce, error: { code: 'rejected', message: 'no', retryable: false } })
    else {
      const versions = [...writes].map(([space, docs]) => [space, this.commit(space, docs, mutation.name === 'edit', nonce)])
      this.done.push({ n, nonce, in: Object.fromEntries(versions) })
    }
  }
  /** A backup is restored: the last commits never were. */
  restore(space: string, commits: number): void {
    const { log, seals } = this.of(space)
    const kept = log.slice(0, Math.max(0, log.length - commits))
    this.history++
    const docs: Docs = new Map()
    for (const change of kept.flat()) {
      const key = `${change.c}/${change.id}`
      if ('del' in change) docs.delete(key)
      else if ('put' in change) docs.set(key, { doc: change.put as Doc, b: change.b ?? change.v })
      else docs.set(key, { doc: { ...docs.get(key)?.doc, ...(change.set as Doc) }, b: docs.get(key)?.b as number })
    }
    this.spaces.set(space, { docs, log: kept, seals: seals.slice(0, kept.length + 1) })
    this.runs.clear()
  }
  /** All that a copy standing there lacks, in pages. */
  answer(
    space: string,
    at: { version: number; seal: string },
    { pages, compacted, reset }: { pages: number; compacted: boolean; reset?: string },
  ): Range[] {
    const { log, seals, docs } = this.of(space)
    if (this.runs.has(at.seal)) return this.runs.get(at.seal) as Range[]
    const head = log.length
    const last = this.done.at(-1)
    const acked = last ? [last.n, last.nonce] : [0, '']
    const lost = at.version > 0 && (reset ?? (seals[at.version] === at.seal ? undefined : 'history'))
    const from = lost ? 0 : at.version
    const answer: object[] = []
    if (compacted) {
      const latest = new Map<string, Change>()
      for (const change of log.slice(from).flat()) {
        const key = `${change.c}/${change.id}`
        const now = docs.get(key)
        const { v, c, id, o } = change
        latest.delete(key)
        latest.set(
          key,
          (now
            ? { v, c, id, put: now.doc, ...(now.b < v ? { b: now.b } : {}), ...(o ? { o } : {}) }
            : { v, c, id, del: true, ...(o ? { o } : {}) }) as never,
        )
      }
      const versions = [...new Set([...latest.values()].map(({ v }) => v as number))]
      const cuts = versions.filter((_, index) => (index + 1) % pages === 0).filter((v) => v < head)
      let start = from
      for (const to of [...cuts, head]) {
        answer.push({ from: start, to, compacted: true, changes: [...latest.values()].filter(({ v }) => v > start && v <= to) })
        start = to
      }
    } else
      for (let start = from; start < head || answer.length === 0; start += pages)
        answer.push({ from: start, to: Math.min(head, start + pages), changes: log.slice(start, start + pages).flat() })
    const run = `${this.history}.${head}.${from}`
    const sealOf = (to: number) => (compacted && to < head ? `${seals[to]}~${run}` : seals[to])
    const ranges = answer.map((page: any, index) => ({
      space,
      ...page,
      head,
      on: index === 0 ? (from === 0 && !lost ? '00000000' : at.seal) : sealOf(page.from),
      seal: sealOf(page.to),
      acked,
      ...(lost && index === 0 ? { reset: lost } : {}),
    })) as unknown as Range[]
    if (compacted) for (const [index, range] of ranges.entries()) if (range.to < head) this.runs.set(range.seal, ranges.slice(index + 1))
    return ranges
  }
}

interface ModelCopy {
  base: Docs
  version: number
  seal: string
  settled: boolean
  history: boolean
  arrivals: Set<string>
}
type Made = Mutation & { state: 'pending' | 'done' | 'gone'; in: Record<string, number>; arrived: Set<string> }

/** What the replica should be, computed from nothing each time. */
class Model {
  shown = new Map<string, ModelCopy>()
  next = new Map<string, ModelCopy>()
  made: Made[] = []
  known = new Map<string, { n: number; head: number }>()
  counts = { created: 0, confirmed: 0, refused: 0, discarded: 0 }

  standing(space: string) {
    const { version, seal } = this.next.get(space) ?? this.shown.get(space) ?? { version: 0, seal: '' }
    return { version, seal } as never as { version: number; seal: string }
  }
  begin(space: string, rights: boolean, history: boolean): void {
    const fresh: ModelCopy = { base: new Map(), version: 0, seal: '', settled: false, history, arrivals: new Set() }
    const before = this.shown.get(space)
    if (before?.settled && !rights) this.next.set(space, fresh)
    else {
      if (before) for (const m of this.made) m.arrived.delete(space)
      if (before && history) this.end(space, (m) => m.state === 'done')
      this.shown.set(space, fresh)
      this.next.delete(space)
    }
  }
  end(space: string, which: (m: Made) => boolean): void {
    for (const m of this.made) if (m.state !== 'gone' && touchedBy(m).includes(space) && which(m)) m.arrived.add(space)
    this.forget()
  }
  forget(): void {
    for (const m of this.made) if (m.state === 'done' && touchedBy(m).every((space) => m.arrived.has(space))) m.state = 'gone'
  }
  apply(range: Range): void {
    const { space } = range
    if (range.acked) this.known.set(space, { n: range.acked[0], head: range.head })
    const verdict = judge(this.standing(space) as never, range)
    if (verdict === 'lost' || verdict === 'repeat') return
    if (verdict === 'reset' || !this.shown.has(space)) this.begin(space, range.reset === 'rights', range.reset === 'history')
    const next = this.next.get(space)
    const target = next ?? (this.shown.get(space) as ModelCopy)
    const base: Docs = new Map(target.base)
    for (const change of range.changes) {
      const key = `${change.c}/${change.id}`
      const before = base.get(key)
      if ('del' in change) base.delete(key)
      else if ('put' in change) base.set(key, { doc: change.put as Doc, b: change.b ?? change.v })
      else if (before) base.set(key, { doc: { ...before.doc, ...(change.set as Doc) }, b: before.b })
      else {
        this.begin(space, false, false)
        return
      }
    }
    Object.assign(target, { base, version: range.to, seal: range.seal })
    for (const { o } of range.changes) if (o) target.arrivals.add(o)
    if (next && range.to !== range.head) return
    if (next) {
      for (const m of this.made) m.arrived.delete(space)
      this.shown.set(space, next)
      this.next.delete(space)
      if (next.history) this.end(space, (m) => m.state === 'done')
    }
    if (range.to === range.head) target.settled = true
    const fact = this.known.get(space)
    this.end(space, (m) => target.arrivals.has(m.nonce) || (m.state === 'done' && (m.in[space] ?? Infinity) <= range.to))
    if (fact && fact.head <= range.to) this.end(space, (m) => m.n <= fact.n)
    if (verdict === 'reset' && range.reset === 'history' && !range.acked) this.known.delete(space)
  }
  settle(ack: Ack): void {
    const m = this.made.find(({ n, nonce, state }) => n === ack.n && nonce === ack.nonce && state === 'pending')
    if (!m) return
    if (ack.error) {
      m.state = 'gone'
      this.counts.refused++
      return
    }
    this.counts.confirmed++
    m.state = 'done'
    m.in = (ack.in ?? {}) as Record<string, number>
    for (const space of touchedBy(m)) {
      const version = m.in[space]
      if (version === undefined || !this.shown.has(space) || version <= (this.shown.get(space) as ModelCopy).version) m.arrived.add(space)
    }
    this.forget()
  }
  drop(space: string): void {
    if (!this.shown.delete(space)) return
    this.next.delete(space)
    this.known.delete(space)
    for (const m of this.made) if (m.state === 'pending') m.arrived.delete(space)
    this.end(space, (m) => m.state === 'done')
  }
  /** Runs a mutation on what lies in `top`; false where it refuses, and then nothing of it stays. */
  on(top: Top, m: Pick<Made, 'space' | 'name' | 'args' | 'madeMs' | 'arrived'>): boolean {
    const written: Top = new Map()
    const at = (space: string, key: string) => {
      const place = `${space} ${key}`
      const above = m.arrived.has(space) ? undefined : (written.get(place) ?? top.get(place))
      return above ?? this.shown.get(space)?.base.get(key)
    }
    const get = (space: string, key: string) => at(space, key)?.doc
    const set = (space: string, key: string, doc: Doc | undefined) => {
      const before = at(space, key)
      // What is created again after a deletion is new [C1].
      if (this.shown.has(space)) written.set(`${space} ${key}`, { doc, b: before?.doc ? before.b : 'pending' })
    }
    if (!perform(m, { get, set }, (space) => m.arrived.has(space))) return false
    for (const [place, entry] of written) top.set(place, entry)
    return true
  }
  top(): Top {
    const top: Top = new Map()
    for (const m of this.made) if (m.state !== 'gone' && touchedBy(m).some((space) => !m.arrived.has(space))) this.on(top, m)
    return top
  }
  view(): Record<string, unknown> {
    const view: Record<string, unknown> = {}
    for (const [space, { base }] of this.shown) for (const [key, { doc, b }] of base) view[`${space} ${key}`] = { doc, p: 0, b }
    for (const [at, { doc, b }] of this.top()) {
      if (doc) view[at] = { doc, p: 1, b }
      else delete view[at]
    }
    return sorted(view)
  }
}
const sorted = (view: Record<string, unknown>) => Object.fromEntries(Object.entries(view).sort(([a], [b]) => (a < b ? -1 : 1)))

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
  const server = new Server()
  const model = new Model()
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
        for (const mutation of batch.mutations) server.run(mutation)
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
      numRuns: process.env.CI ? 2000 : 300,
    })
  }, 120_000)
})
