import { type App, type CollectionDefinition, collection, defineApp, type Json, type JsonObject, space } from '@tidemark/shared'
import type { ReplicaStorage } from '../replica/storage.ts'
import type { SuiteRunner } from '../replica/storage-contract-suite.ts'
import type { DocumentRow } from '../replica-api.ts'
import { rangeOf } from '../testing/ranges.ts'
import { seededRandom } from '../testing/seeded-random.ts'
import { type WatchedRoom, watchedRoom } from '../testing/watched-room.ts'
import { above, anyOf, exists, includes, not, startsWith } from './conditions.ts'
import type { DocChange, Query, Snapshot, Updated, Watched } from './watch-api.ts'

// Goal: whatever is committed, by whom and in whatever order, every watch is told the result that reading everything would give, and
// its changes lead there from the one before. Method: random commits of this tab, of another one and of the server, resets among them,
// beside a model that filters and sorts all rows anew after each.

/** Any document. */
const anything = {
  '~standard': { version: 1, vendor: 'tidemark-testing', validate: (value: unknown) => ({ value }) },
} as unknown as CollectionDefinition['schema']
/** An app with notes of any form. */
export const notesApp: App = defineApp({ version: '1', spaces: { room: space({ collections: { notes: collection(anything as never) } }) } })

type Doc = JsonObject
interface Note {
  readonly rank?: Json
  readonly tag?: string
  readonly deep?: { readonly a?: number; readonly b?: { readonly c: number } }
  readonly list?: readonly number[]
}
type NoteRow = DocumentRow<Note>

/** Two handles of one device's storage, as two tabs have them. */
export interface Handles {
  readonly own: ReplicaStorage
  readonly other: ReplicaStorage
  /** In place of `own`'s, for what is watched. */
  readonly read?: ReplicaStorage['read'] | undefined
  close(): Promise<void>
}

type NoteWrite =
  | { readonly t: 'put' | 'patch'; readonly id: string; readonly doc: Doc }
  | { readonly t: 'delete'; readonly id: string; readonly doc?: undefined }
interface Step {
  readonly by: (typeof BY)[number]
  readonly writes: readonly NoteWrite[]
}
/** Who commits; how often, as often as it stands here. */
const BY = [
  ...(['own', 'own', 'own', 'other', 'other', 'server', 'server', 'server', 'server there', 'server there'] as const),
  ...(['crowd', 'reset', 'reset there', 'settle', 'settle', 'race', 'race', 'race'] as const),
]

const tests = {
  'rank > 0': { ask: { rank: above(0) }, holds: ({ rank }: NoteRow) => typeof rank === 'number' && rank > 0 },
  'tag = x': { ask: { tag: 'x' }, holds: ({ tag }: NoteRow) => tag === 'x' },
  'no y': { ask: { tag: not('y') }, holds: ({ tag }: NoteRow) => tag !== 'y' },
  'deep.a in 0, 1': { ask: { 'deep.a': anyOf([0, 1]) }, holds: ({ deep }: NoteRow) => deep?.a === 0 || deep?.a === 1 },
  'list has 1': { ask: { list: includes(1) }, holds: ({ list }: NoteRow) => Array.isArray(list) && list.includes(1) },
  'deep.b is there': { ask: { 'deep.b': exists() }, holds: ({ deep }: NoteRow) => deep?.b !== undefined },
  'id from a': { ask: { $id: startsWith('a') }, holds: ({ $id }: NoteRow) => $id[0] === 'a' },
} as const
interface Asked {
  readonly tests: readonly (keyof typeof tests)[]
  readonly order: readonly { readonly field: (typeof FIELDS)[number]; readonly direction: 'asc' | 'desc' }[]
  readonly limit: number | undefined
}
const FIELDS = ['rank', 'tag', 'deep.a', 'deep.b.c', 'list', '$v'] as const

/** Steps and questions that a seed makes. */
function historyOf(seed: number): { readonly steps: readonly Step[]; readonly questions: readonly Asked[] } {
  const random = seededRandom(seed)
  const upTo = (count: number) => Math.floor(random.unit() * count)
  const pick = <T>(choices: readonly T[]) => choices[upTo(choices.length)] as T
  const some = <T>(least: number, most: number, make: () => T) => Array.from({ length: least + upTo(most - least + 1) }, make)
  const maybe = (fields: Record<string, Json>) => Object.fromEntries(Object.entries(fields).filter(() => upTo(4) > 0))
  const doc = (): Doc =>
    maybe({
      rank: pick<Json>([0, 1, 2, 2, '1', null, true, [1], [1, 2]]),
      tag: pick(['x', 'y']),
      deep: maybe({ a: upTo(3), b: maybe({ c: upTo(2) }) }),
      list: some(0, 2, () => upTo(3)),
    })
  const write = (): NoteWrite => {
    const t = pick(['put', 'put', 'patch', 'patch', 'delete'] as const)
    const id = pick([...'abcdefgh'])
    return t === 'delete' ? { t, id } : { t, id, doc: doc() }
  }
  const question = (): Asked => ({
    tests: some(0, 2, () => pick(Object.keys(tests) as Asked['tests'])),
    order: some(0, 2, () => ({ field: pick(FIELDS), direction: pick(['asc', 'desc']) })),
    limit: pick([undefined, undefined, 1, 2, 3, 5]),
  })
  return { steps: some(4, 16, () => ({ by: pick(BY), writes: some(1, 6, write) })), questions: some(2, 4, question) }
}

function queryOf(notes: Watched<Note>, { tests: asked, order, limit }: Asked): Query<Note> {
  let query: Query<Note> = notes.where({})
  for (const name of asked) query = query.where(tests[name].ask as never)
  for (const { field, direction } of order) query = query.orderBy(field, direction)
  return limit === undefined ? query : query.limit(limit)
}

/** The answer in the plainest way. */
function answerIn(rows: readonly NoteRow[], { tests: asked, order, limit }: Asked): NoteRow[] {
  const weigh = (value: unknown): string => {
    const kind =
      value === undefined ? 0 : value === null ? 1 : Array.isArray(value) ? 5 : ['boolean', 'number', 'string'].indexOf(typeof value) + 2
    // Small numbers and texts alone occur here: as texts they compare as they do.
    return Array.isArray(value) ? `${kind}${value.map(weigh).join('')}` : `${kind}${value}`
  }
  const sorted = rows
    .filter((row) => asked.every((name) => tests[name].holds(row)))
    .sort((a, b) => {
      for (const { field, direction } of order) {
        const [left, right] = field === '$v' ? [a.$v, b.$v] : [weigh(at(a, field.split('.'))), weigh(at(b, field.split('.')))]
        if (left !== right) return left < right === (direction === 'asc') ? -1 : 1
      }
      return a.$b - b.$b || (a.$id < b.$id ? -1 : 1)
    })
  return sorted.slice(0, limit)
}

type Fields = { [field: string]: unknown }
const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)
function at(value: unknown, [name, ...rest]: readonly string[]): unknown {
  return name === undefined ? value : isObject(value) ? at(value[name], rest) : undefined
}
const ownOf = (row: object): Fields => Object.fromEntries(Object.entries(row).filter(([name]) => !/^\$(id|[ksvbp])$/.test(name)))
function sorted(value: unknown): string {
  const inOrder = (_: string, item: unknown) =>
    isObject(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item
  return JSON.stringify(value, inOrder) ?? ''
}
const same = (a: unknown, b: unknown) => sorted(a) === sorted(b)
/** Everything but the copy that it belongs to. */
const asTold = (row: object | undefined) => row && { ...row, $s: 0, $k: 0 }

/** Does to a document what an update tells. */
function withFields(before: Fields, { updatedFields, removedFields }: Pick<Updated<Note>, 'updatedFields' | 'removedFields'>): Fields {
  const next = structuredClone(before)
  const place = (path: string): [Fields, string] => {
    const names = path.split('.')
    return [at(next, names.slice(0, -1)) as Fields, names.at(-1) as string]
  }
  for (const [path, value] of Object.entries(updatedFields)) {
    const [holder, name] = place(path)
    holder[name] = value
  }
  for (const path of removedFields) {
    const [holder, name] = place(path)
    delete holder[name]
  }
  return next
}

export interface WatchSubject {
  /** A device of its own each time. */
  open(): Promise<Handles>
  /** Lets everything happen that can. */
  turn(): Promise<void>
  /** How many random histories. */
  readonly rounds: number
}

/** The ten pairs that a change can have beside `init`. */
export const PAIRS: readonly string[] = [
  ...['update', 'replace'].flatMap((data) => ['update', 'enqueue', 'dequeue'].map((queue) => `${data}+${queue}`)),
  'add+enqueue',
  'remove+dequeue',
  'limit+enqueue',
  'limit+dequeue',
]

/** What every watch has to do, on whatever storage. */
export function describeWatch(name: string, { describe, expect, it }: SuiteRunner, { open, turn, rounds }: WatchSubject): void {
  describe(`watch() on ${name}`, () => {
    it(`tells what reading everything would give, and what led there, in all ten pairs (${rounds} histories)`, async () => {
      const reached = new Set<string>()
      for (let seed = 1; seed <= rounds; seed++) {
        const { steps, questions } = historyOf(seed)
        const handles = await open()
        let at = -1
        try {
          await history(handles, steps, questions, reached, () => at++)
        } catch (error) {
          throw new Error(`seed ${seed}, step ${at}: ${JSON.stringify({ questions, steps: steps.slice(0, at + 1) })}`, { cause: error })
        } finally {
          await handles.close()
        }
      }
      expect([...reached].sort()).toEqual([...PAIRS].sort())
    })
  })

  const holds = (what: string, isSo: boolean) => expect(isSo ? what : `not: ${what}`).toEqual(what)
  async function history(
    { own, other, read }: Handles,
    steps: readonly Step[],
    questions: readonly Asked[],
    reached: Set<string>,
    begin: () => void,
  ): Promise<void> {
    const here = await watchedRoom(own, { app: notesApp, ...(read && { read }) })
    const there = await watchedRoom(other, { app: notesApp, seed: 2 })
    const rows = async () => {
      const all = (await own.read(['room_notes'], (tx) => tx.list('room_notes'))) as unknown as NoteRow[]
      return all.filter(({ $s }) => $s === here.core.shownAs('room:1'))
    }
    const server = serverOf(here, there)
    await server.commit([{ t: 'put', id: 'a', doc: { rank: 1 } }], here)
    const watched = [...questions, ALL, ONE].map((asked) => {
      const snapshots: Snapshot<Note>[] = []
      const notes = here.of<Note>('notes')
      const query = asked === ONE ? notes.doc('b').query : queryOf(notes, asked)
      query.watch({ onChange: (snapshot) => snapshots.push(snapshot), onError: () => {} })
      return { asked, snapshots, told: 0 }
    })
    let before = await rows()
    await settled(watched, before)
    for (const each of watched) {
      holds('the first is the whole', each.snapshots.length === 1 && each.snapshots[0]?.type === 'init')
      each.told = 1
    }
    for (const step of steps) {
      begin()
      const commits = await perform(step, here, there, server)
      const after = await rows()
      await settled(watched, after)
      for (const each of watched) {
        const news = each.snapshots.slice(each.told)
        // One call for each commit at most; of other tabs several may come as one.
        holds('one call for each commit', news.length <= Math.max(1, commits))
        if (news.length === 1 && commits === 1)
          checkOne(each.snapshots[each.told - 1] as Snapshot<Note>, news[0] as Snapshot<Note>, before, after, reached)
        checkChain(each.snapshots, each.told)
        each.told = each.snapshots.length
      }
      before = after
    }
    await Promise.all([here.watches.close(), there.watches.close()])
  }

  const ONE: Asked = { tests: [], order: [], limit: undefined }
  /** While this is not right others may be right by accident. */
  const ALL: Asked = { ...ONE }
  /** Waits until what was told is what is there. */
  async function settled(
    watched: readonly { asked: Asked; snapshots: readonly Snapshot<Note>[] }[],
    rows: readonly NoteRow[],
  ): Promise<void> {
    const expected = watched.map(({ asked }) => (asked === ONE ? rows.filter(({ $id }) => $id === 'b') : answerIn(rows, asked)).map(asTold))
    const told = () => watched.map(({ snapshots }) => snapshots.at(-1)?.docs.map(asTold))
    for (let turns = 0; turns < 200 && !same(told(), expected); turns++) await turn()
    expect(told()).toEqual(expected)
    // Nothing else is on its way.
    await turn()
    expect(told()).toEqual(expected)
  }

  /** Ids rise by one, and changes lead from each result to the next. */
  function checkChain(snapshots: readonly Snapshot<Note>[], from: number): void {
    for (let at = Math.max(1, from); at < snapshots.length; at++) {
      const [last, next] = [snapshots[at - 1], snapshots[at]] as [Snapshot<Note>, Snapshot<Note>]
      expect([next.id, next.type]).toEqual([last.id + 1, undefined])
      holds('something changed', next.docChanges.length > 0)
      const present = new Map(last.docs.map((doc) => [doc.$id, doc]))
      for (const { id, docId, queueType, doc } of next.docChanges) {
        expect([id, present.has(docId)]).toEqual([next.id, queueType !== 'enqueue'])
        if (queueType === 'dequeue') present.delete(docId)
        else present.set(docId, doc)
      }
      expect(present.size).toEqual(next.docs.length)
      // The very same objects, those that did not change among them.
      for (const doc of next.docs) holds(`another object for ${doc.$id}`, present.get(doc.$id) === doc)
    }
  }

  function checkOne(
    last: Snapshot<Note>,
    next: Snapshot<Note>,
    before: readonly NoteRow[],
    after: readonly NoteRow[],
    reached: Set<string>,
  ): void {
    for (const change of next.docChanges as DocChange<Note>[]) {
      const { docId, dataType, queueType } = change
      reached.add(`${dataType}+${queueType}`)
      const [old, now] = [before, after].map((rows) => rows.find(({ $id }) => $id === docId))
      const [was, is] = [last, next].map(({ docs }) => docs.some(({ $id }) => $id === docId))
      expect(queueType).toEqual(was && is ? 'update' : is ? 'enqueue' : 'dequeue')
      expect(asTold(change.doc)).toEqual(asTold(now ?? old))
      if (!old || !now) expect(dataType).toEqual(old ? 'remove' : 'add')
      else if (same(asTold(old), asTold(now))) expect(dataType).toEqual('limit')
      else {
        const [a, b] = [ownOf(old), ownOf(now)]
        const kept = Object.keys(a).some((name) => name in b && same(a[name], b[name]))
        expect(dataType).toEqual(kept || Object.keys(a).length < 2 ? 'update' : 'replace')
        if (change.dataType !== 'update') continue
        expect(sorted(withFields(a, change))).toEqual(sorted(b))
        // Nothing is told that is as it was.
        for (const [path, value] of Object.entries(change.updatedFields))
          holds(`${path} was ${sorted(value)}`, !same(at(a, path.split('.')), value))
        for (const path of change.removedFields)
          holds(`${path} was removed`, at(a, path.split('.')) !== undefined && at(b, path.split('.')) === undefined)
      }
    }
  }
}

/** A server's history, and what of it is not confirmed. */
function serverOf(here: WatchedRoom, there: WatchedRoom) {
  let version = 0
  let generation = 0
  /** By id: the document, and the version of its creation. */
  const docs = new Map<string, { doc: Doc; b: number; v: number }>()
  const seal = () => `s${generation}.${version}`
  const changesOf = (writes: readonly NoteWrite[]) =>
    writes.map(({ t, id, doc }) => {
      const v = ++version
      const before = docs.get(id)
      docs.delete(id)
      if (t === 'delete') return { v, c: 'notes', id, del: true }
      const present = { doc: t === 'patch' ? { ...before?.doc, ...doc } : doc, b: before?.b ?? v, v }
      docs.set(id, present)
      return { v, c: 'notes', id, put: present.doc, b: present.b }
    })
  return {
    async commit(writes: readonly NoteWrite[], { core }: WatchedRoom): Promise<void> {
      const [from, on] = [version, seal()]
      const changes = changesOf(writes)
      await core.apply(rangeOf(from, version, changes as never, { on, seal: seal() }))
    },
    /** Begins the copy anew, in two pages. */
    async reset(writes: readonly NoteWrite[], { core }: WatchedRoom): Promise<void> {
      generation++
      changesOf(writes)
      version++
      const all = [...docs].map(([id, { doc, b, v }]) => ({ v, c: 'notes', id, put: doc, b })).sort((a, b) => a.v - b.v)
      const half = Math.min(version - 1, all[all.length >> 1]?.v ?? 1)
      const first = all.filter(({ v }) => v <= half)
      await core.apply(rangeOf(0, half, first as never, { on: '', seal: `h${generation}`, head: version, reset: 'horizon' }))
      await core.apply(rangeOf(half, version, all.filter(({ v }) => v > half) as never, { on: `h${generation}`, seal: seal() }))
    },
    /** Confirms what is pending. */
    async settle(): Promise<void> {
      const pending = await here.core.pending()
      if (pending.length === 0) return
      const [from, on] = [version, seal()]
      const changes = pending.flatMap(({ name, args, nonce }) => {
        const { id, doc, set } = args as unknown as { id: string; doc: Doc; set: Doc }
        if (name === 'patch' && !docs.has(id)) return []
        const write = name === 'delete' ? ({ t: name, id } as const) : { t: name as 'put', id, doc: name === 'patch' ? set : doc }
        return changesOf([write]).map((change) => ({ ...change, o: nonce }))
      })
      await here.core.settle(pending.map(({ n, nonce }) => ({ n, nonce, in: { 'room:1': version } })) as never)
      if (version > from) await there.core.apply(rangeOf(from, version, changes as never, { on, seal: seal() }))
    },
  }
}

async function mutate({ core }: WatchedRoom, { t, id, doc }: NoteWrite): Promise<void> {
  const args = { c: 'notes', id, ...(t === 'put' && { doc }), ...(t === 'patch' && { set: doc }) }
  // A patch of what is not there is refused.
  await core.mutate('room:1', t, args).catch(() => {})
}

/** Does one step. Returns how many commits it may have been. */
async function perform({ by, writes }: Step, here: WatchedRoom, there: WatchedRoom, server: ReturnType<typeof serverOf>): Promise<number> {
  const tab = by === 'other' || by === 'server there' || by === 'reset there' ? there : here
  switch (by) {
    case 'own':
    case 'other':
      for (const write of writes) await mutate(tab, write)
      return writes.length
    case 'race':
      // At once, as often about the same document.
      await Promise.all(
        writes.flatMap((write, at) => [
          mutate(at % 2 ? here : there, write),
          mutate(at % 2 ? there : here, { t: 'patch', id: write.id, doc: { rank: at } }),
        ]),
      )
      return 2 * writes.length
    case 'server':
    case 'server there':
      await server.commit(writes, tab)
      return 1
    case 'crowd': {
      // More than are placed one by one; they come and go.
      const isIn = writes.length > 2
      const id = (at: number) => `z${at}`
      await server.commit(
        Array.from({ length: 80 }, (_, at) =>
          isIn ? { t: 'put', id: id(at), doc: { rank: at % 3, tag: 'x' } } : { t: 'delete', id: id(at) },
        ),
        tab,
      )
      return 1
    }
    case 'reset':
    case 'reset there':
      // Built beside what is shown.
      await server.reset(writes, tab)
      return 1
    case 'settle':
      await server.settle()
      return 2
  }
}
