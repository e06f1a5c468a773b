// Goal: whatever happens to IndexedDB in the middle of a unit, a device is before the unit or after it, a mutation is saved once, and
// everything goes on to the same end. Method: each story is played without a failure, which counts the steps of the engine; then
// once for each step and each failure at it. Real clocks and real engines: resume.browser.test.ts and renderer-killed.e2e.test.ts.

import {
  chatApp,
  createReplicaCore,
  type DexieStorage,
  dexieStorage,
  type HandClock,
  handClock,
  message,
  type ReplicaCore,
  rangeOf,
  seededRandom,
} from '@tidemark/client/testing'
import type { Ack, Change, Range } from '@tidemark/shared'
import { IDBKeyRange } from 'fake-indexeddb'
import { describe, expect, it } from 'vitest'
import { type Failure, type Step, type StrictDisk, type StrictProcess, strictDisk } from '../harness/strict-indexeddb.ts'

/** Longer than any deadline of a storage. */
const DEADLINE_MS = 15_000
/** Deadlines that one act may wait for: two tries of opening, two of its unit, two units. */
const DEADLINES = 6
/** Turns of the event loop in which everything that can go on has gone on. */
const TURNS = 400
/** By then a core sweeps what is shown no longer. */
const SWEEP_MS = 6000
const DATABASE = 'device'
const room = 'room:1'
/** Chance of the act, and of what comes after it. */
const SEED = 100
const AFTER = 200

/** One start of the app on one disk. */
interface Running {
  readonly disk: StrictDisk
  readonly engine: StrictProcess
  readonly storage: DexieStorage
  /** The storage's own, for its deadlines; the core has another, for its sweeps. */
  readonly deadlines: HandClock
  readonly clock: HandClock
  /** Chance from here on, the same again for the same act. */
  seed(seed: number): void
  open(): Promise<ReplicaCore>
  readonly core: ReplicaCore
}
type Act = (device: Running) => Promise<unknown>

interface Story {
  readonly before: readonly Act[]
  readonly act: Act
  /** How often it commits: between those a device may be found, too. */
  readonly commits: number
  readonly after: readonly Act[]
  /** The act opens the replica itself. */
  readonly opens?: true
}

function start(disk: StrictDisk): Running {
  const engine = disk.start()
  const deadlines = handClock()
  const clock = handClock()
  const storage = dexieStorage({ name: DATABASE, app: chatApp, clock: deadlines, indexedDB: engine, IDBKeyRange })
  let random = seededRandom(0)
  const chance = { unit: () => random.unit(), bytes: (count: number) => random.bytes(count) }
  let core: ReplicaCore | undefined
  return {
    disk,
    engine,
    storage,
    deadlines,
    clock,
    seed(seed) {
      random = seededRandom(seed)
    },
    async open() {
      core = await createReplicaCore({ app: chatApp, storage, clock, random: chance, user: 'alice' })
      return core
    },
    get core() {
      if (!core) throw new Error('the replica was not opened')
      return core
    },
  }
}
/** A process that is gone; its listeners, which only this test's process still has, with it. */
async function kill({ engine, storage }: Running): Promise<void> {
  engine.crash()
  await storage.close()
}

async function turns(count = TURNS): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

const apply =
  (range: Range): Act =>
  ({ core }) =>
    core.apply(range)
const mutate =
  (name: string, args: object, space = room): Act =>
  ({ core }) =>
    core.mutate(space, name, args)
const send = (id: string) => mutate('send', { id, text: id })
/** The server's answers to mutations by number: where they are done, or that they are refused. */
const settle =
  (...acks: (Partial<Ack> & { n: number })[]): Act =>
  ({ core, disk }) =>
    core.settle(acks.map((ack) => ({ ...ack, nonce: nonceOf(disk, ack.n) }) as Ack))
const done = (n: number, version: number) => ({ n, in: { [room]: version } as never })
const refused = (n: number) => ({ n, error: { code: 'rejected', message: 'no' } as never })

function nonceOf(disk: StrictDisk, n: number): string {
  const rows = JSON.parse(disk.dump(DATABASE)) as Record<string, { n: number; nonce: string }[]>
  return [...(rows.outbox ?? []), ...(rows.tail ?? [])].find((row) => row.n === n)?.nonce as string
}
/** A range that brings what a mutation of this device did, stamped with its nonce. */
const bringing =
  (n: number, range: (o: string) => Range): Act =>
  ({ core, disk }) =>
    core.apply(range(nonceOf(disk, n)))

const put = (v: number, id: string, more: object = {}) => message(v, id, `${id}${v}`, more)
const set = (v: number, id: string, text: string) => ({ v, c: 'messages', id, set: { text } }) as unknown as Change
const whole = apply(rangeOf(0, 3, [put(1, 'a'), put(2, 'b'), put(3, 'c')]))
const next = apply(rangeOf(3, 5, [put(4, 'd'), set(5, 'a', 'changed')]))
const edit = mutate('edit', { id: 'a', text: 'mine' })
const older: Act = ({ core }) =>
  core.takeOlder(room, 'messages', {
    page: async () => ({ docs: [put(4, 'e'), put(2, 'c')], floor: 1, head: 9, seal: 's9' }) as never,
    holds: async () => false,
  })
const cut = apply(rangeOf(0, 9, [put(8, 'h')], { compacted: true, floors: { messages: 5 } }))
const sweep: Act = async ({ core, clock }) => {
  const garbage = async () => (await core.storage.read(['self'], (tx) => tx.get('self', 'self')))?.garbage as readonly number[]
  clock.advance(SWEEP_MS)
  while ((await garbage()).length > 0) await turns(20)
}
const resetPage = (reset: string) => apply(rangeOf(0, 2, [put(1, 'n')], { on: 's3', seal: 't2', reset, head: 4 }))
const resetEnd = apply(rangeOf(2, 4, [put(3, 'a'), put(4, 'z')], { on: 't2', seal: 't4' }))

const STORIES: Readonly<Record<string, Story>> = {
  'a range': { before: [whole], act: next, commits: 1, after: [send('m')] },
  'a first range': { before: [], act: whole, commits: 1, after: [next] },
  'a range under what is pending': {
    before: [whole, send('m'), edit],
    act: next,
    commits: 1,
    after: [settle(done(1, 6), done(2, 7))],
  },
  'a range that brings what is pending': {
    before: [whole, send('m'), edit],
    act: bringing(1, (o) => rangeOf(3, 4, [put(4, 'm', { o })])),
    commits: 1,
    after: [settle(done(1, 4)), bringing(2, (o) => rangeOf(4, 5, [{ ...set(5, 'a', 'mine'), o } as never])), settle(done(2, 5))],
  },
  'the first page of a reset': { before: [whole, edit], act: resetPage('history'), commits: 1, after: [resetEnd] },
  'the last page of a reset': { before: [whole, edit, resetPage('history')], act: resetEnd, commits: 1, after: [send('m')] },
  'a reset for rights': { before: [whole, edit], act: resetPage('rights'), commits: 1, after: [resetEnd] },
  'a page of a compacted run': {
    before: [whole, edit],
    act: apply(rangeOf(3, 5, [put(5, 'a')], { compacted: true, head: 9, seal: 'x9~3' })),
    commits: 1,
    after: [apply(rangeOf(5, 9, [put(9, 'b')], { on: 'x9~3', compacted: true }))],
  },
  'a change of what is not there': {
    before: [whole, edit],
    act: apply(rangeOf(3, 4, [set(4, 'none', 'x')])),
    commits: 1,
    after: [whole, next],
  },
  'a page of older documents': {
    before: [cut, mutate('edit', { id: 'h', text: 'mine' })],
    act: older,
    commits: 1,
    after: [apply(rangeOf(9, 10, [put(10, 'i')]))],
  },
  'a mutation': { before: [whole], act: edit, commits: 1, after: [next, settle(done(1, 6))] },
  'a mutation on top of others': {
    before: [whole, send('m'), edit],
    act: mutate('edit', { id: 'm', text: 'x' }),
    commits: 1,
    after: [next],
  },
  'the first mutation of a space': { before: [], act: send('m'), commits: 2, after: [whole, edit] },
  'a mutation of two spaces': {
    before: [whole, mutate('increment', { id: 'k' }), mutate('increment', { id: 'other' }, 'room:2')],
    act: mutate('copyTo', { id: 'k', to: 'room:2' }),
    commits: 1,
    after: [next, settle(done(1, 6))],
  },
  'an ack, and then the range': {
    before: [whole, send('m'), edit],
    act: settle(done(1, 4)),
    commits: 1,
    after: [bringing(1, (o) => rangeOf(3, 4, [put(4, 'm', { o })]))],
  },
  'an ack after the range': {
    before: [whole, send('m'), edit, bringing(1, (o) => rangeOf(3, 4, [put(4, 'm', { o })]))],
    act: settle(done(1, 4)),
    commits: 1,
    after: [settle(done(2, 5))],
  },
  'a refusal': { before: [whole, send('m'), edit], act: settle(refused(1)), commits: 1, after: [next, settle(done(2, 6))] },
  'acks of several mutations, one of them a refusal': {
    before: [whole, send('m'), edit, send('n')],
    act: settle(done(1, 4), refused(2), done(3, 5)),
    commits: 1,
    after: [apply(rangeOf(3, 5, [put(4, 'm'), put(5, 'n')]))],
  },
  'a retry': {
    before: [whole, send('m'), settle(refused(1))],
    act: ({ core }) => core.retry(1),
    commits: 1,
    after: [settle(done(2, 4))],
  },
  'a refusal let go': { before: [whole, send('m'), settle(refused(1))], act: ({ core }) => core.dismiss(1), commits: 1, after: [next] },
  'a copy that is dropped': { before: [whole, edit], act: ({ core }) => core.drop(room), commits: 1, after: [whole] },
  'a sweep': {
    before: [whole, resetPage('history'), resetEnd],
    act: sweep,
    commits: 1,
    after: [apply(rangeOf(4, 5, [put(5, 'b')], { on: 't4', seal: 't5' }))],
  },
  'the opening of a new database': { before: [], act: ({ open }) => open(), commits: 1, after: [whole, send('m')], opens: true },
  'the opening of a database that was there': { before: [whole, edit], act: ({ open }) => open(), commits: 0, after: [next], opens: true },
}

/** A disk after `before`, and the app on it, ready for the act. */
async function prepared({ before, opens }: Story): Promise<StrictDisk> {
  const disk = strictDisk()
  const device = start(disk)
  if (before.length > 0 || !opens) await device.open()
  await play(device, before, 1)
  await kill(device)
  return disk
}
async function play(device: Running, acts: readonly Act[], seed: number): Promise<void> {
  for (const [at, act] of acts.entries()) {
    device.seed(seed + at)
    await act(device)
  }
}
/** Ready for the act of a story: chance and the replica as its first try has them. */
async function ready(disk: StrictDisk, story: Story): Promise<Running> {
  const device = start(disk)
  if (!story.opens) await device.open()
  device.seed(SEED)
  return device
}

/** The rows of a device; a new one draws its client id again with each try. */
const rowsOn = (disk: StrictDisk) =>
  disk
    .dump(DATABASE)
    .replace(/"c_[\w-]{22}"/g, '"c_"')
    // A unit that runs again doubts once more: what it counts only tells earlier answers apart.
    .replace(/"epoch":\d+/, '"epoch":0')

/** What a story comes to without a failure. */
async function smooth(story: Story, disk: StrictDisk): Promise<{ steps: number; states: string[]; end: string }> {
  const device = await ready(disk, story)
  const states = [rowsOn(disk)]
  disk.onCommit = () => void (rowsOn(disk) !== states.at(-1) && states.push(rowsOn(disk)))
  const before = device.engine.steps
  await story.act(device)
  disk.onCommit = undefined
  const steps = device.engine.steps - before
  await play(device, story.after, AFTER)
  await kill(device)
  return { steps, states, end: rowsOn(disk) }
}

/** How the act ends with one failure: `done`, the code of its error, or `silence`; and which step it was. */
async function struck(device: Running, act: Act, at: number, failure: Failure): Promise<{ outcome: string; step: Step | undefined }> {
  const { engine, deadlines } = device
  const from = engine.steps
  let step: Step | undefined
  engine.fail = (next) => {
    if (next.at !== from + at) return undefined
    step = next
    return failure
  }
  let outcome: string | undefined
  act(device).then(
    () => {
      outcome = 'done'
    },
    (error) => {
      outcome = error.code ?? error.name
    },
  )
  for (let wait = 0; wait < DEADLINES; wait++) {
    for (let turn = 0; turn < TURNS && outcome === undefined; turn++) await turns(1)
    if (outcome !== undefined || engine.dead) break
    deadlines.advance(DEADLINE_MS)
  }
  engine.fail = undefined
  return { outcome: outcome ?? 'silence', step }
}

/** Tables whose rows differ. */
function changed(before: string, after: string): string[] {
  const [from, to] = [before, after].map((text) => JSON.parse(text) as Record<string, unknown>) as [
    Record<string, unknown>,
    Record<string, unknown>,
  ]
  return [...new Set([...Object.keys(from), ...Object.keys(to)])].filter(
    (table) => JSON.stringify(from[table]) !== JSON.stringify(to[table]),
  )
}

describe('at every step of the engine', () => {
  for (const [name, story] of Object.entries(STORIES)) {
    it(`a crash leaves ${name} before or after, and it goes on to the same end`, async () => {
      const disk = await prepared(story)
      const { steps, states, end } = await smooth(story, disk.clone())
      expect([states.length - 1, steps > 3]).toEqual([story.commits, true])
      for (let at = 1; at <= steps; at++) {
        const struckDisk = disk.clone()
        const device = await ready(struckDisk, story)
        expect([at, (await struck(device, story.act, at, 'crash')).outcome]).toEqual([at, 'silence'])
        await kill(device)
        await goesOn(story, struckDisk, states, end)
      }
    })

    for (const failure of ['lost', 'abort', 'hang'] as const)
      it(`${failure}: ${name} is done all the same, once, and whoever looks is woken`, async () => {
        const disk = await prepared(story)
        const { steps, states, end } = await smooth(story, disk.clone())
        for (let at = 1; at <= steps; at++) {
          const struckDisk = disk.clone()
          const device = await ready(struckDisk, story)
          const heard = new Set<string>()
          device.storage.onChange((tables) => tables.forEach((table) => void heard.add(table)))
          const { outcome, step } = await struck(device, story.act, at, failure)
          if (outcome === 'unavailable' && failure === 'hang' && step?.mode === 'versionchange') {
            // Nothing ends an upgrade that hangs but a reload.
            await kill(device)
            await goesOn(story, struckDisk, states, end)
            continue
          }
          expect([at, step?.kind, outcome]).toEqual([at, step?.kind, 'done'])
          expect([at, rowsOn(struckDisk)]).toEqual([at, states.at(-1)])
          // A sweep is seen before its unit knows that it is done.
          device.deadlines.advance(DEADLINE_MS)
          await turns()
          expect([...heard]).toEqual(expect.arrayContaining(changed(states[0] as string, states.at(-1) as string)))
          await play(device, story.after, AFTER)
          expect([at, rowsOn(struckDisk)]).toEqual([at, end])
          await kill(device)
        }
      })

    it(`quota: ${name} is done or rejected, and is done once there is room again`, async () => {
      const disk = await prepared(story)
      const { steps, states, end } = await smooth(story, disk.clone())
      for (let at = 1; at <= steps; at++) {
        const struckDisk = disk.clone()
        const device = await ready(struckDisk, story)
        const { outcome } = await struck(device, story.act, at, 'quota')
        // A sweep that failed is nobody's call; it is tried again later.
        expect(['done', story.act === sweep ? 'silence' : 'unavailable']).toContain(outcome)
        expect(states).toContain(rowsOn(struckDisk))
        device.seed(SEED)
        if (outcome !== 'done') await story.act(device)
        expect([at, rowsOn(struckDisk)]).toEqual([at, states.at(-1)])
        await play(device, story.after, AFTER)
        expect([at, rowsOn(struckDisk)]).toEqual([at, end])
        await kill(device)
      }
    })
  }
})

/** After the death of the app: it is before or after the act, and ends as if nothing had been. */
async function goesOn(story: Story, disk: StrictDisk, states: readonly string[], end: string): Promise<void> {
  const found = rowsOn(disk)
  expect(states).toContain(found)
  const device = await ready(disk, story)
  if (found !== states.at(-1)) await story.act(device)
  else if (story.opens) await device.open()
  expect(rowsOn(disk)).toBe(states.at(-1))
  await play(device, story.after, AFTER)
  await kill(device)
  expect(rowsOn(disk)).toBe(end)
}
