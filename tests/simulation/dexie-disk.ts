import { dexieStorage, dexieTables, type Key, type ReplicaStorage, type ReplicaWorld, type Row } from '@tidemark/client/testing'
import { type App, type Clock, kindOf } from '@tidemark/shared'
import { Dexie, liveQuery } from 'dexie'
import { IDBKeyRange, indexedDB } from 'fake-indexeddb'
import { type Failure, type Step, type StrictDisk, type StrictProcess, strictDisk } from '../harness/strict-indexeddb.ts'
import type { Changed, Disk, DiskFault, DiskHandle } from './disk.ts'
import { COLLECTIONS, plainApp, SPACES, simulatedApp } from './simulated-app.ts'

// Live queries do nothing where there is no IndexedDB.
Dexie.dependencies.indexedDB = indexedDB

/** Steps of the engine that an ordinary unit takes: a fault after so many units is one after so many times as many steps. */
const STEPS_A_UNIT = 8
/** Losses in a row after which a storage gives up. */
const LOSSES = 4

interface Tab {
  readonly process: StrictProcess
  units: number
  listeners: number
}

/** Steps that are still to come before it strikes, and how often it strikes then. */
interface Waiting extends DiskFault {
  steps: number
  times: number
}

/** Databases of this process: each has a name of its own, because Dexie wakes by name. */
let databases = 0

/** A disk with a database of IndexedDB that the client's own storage uses. */
export function dexieDisk(database = `database ${++databases}`, engine: StrictDisk = strictDisk()): Disk {
  const app: App = plainApp(simulatedApp())
  const tables = new Map<string, Map<Key, Row>>()
  const tabs = new Set<Tab>()
  let faults: Waiting[] = []
  let committed: (changed: Changed) => void = () => {}

  /** Takes over what a commit wrote. Returns the keys of what it changed. */
  function take(table: string): Set<Key> {
    const before = tables.get(table)
    const now = new Map<Key, Row>()
    const changed = new Set<Key>()
    for (const { key, value } of engine.rows(database, table)) {
      now.set(key as Key, value as Row)
      if (before?.get(key as Key) !== value) changed.add(key as Key)
    }
    for (const key of before?.keys() ?? []) if (!now.has(key)) changed.add(key)
    tables.set(table, now)
    return changed
  }
  engine.onCommit = (wrote) => {
    const changed = new Map(Array.from(wrote, (table) => [table, take(table)] as const).filter(([, { size }]) => size > 0))
    if (changed.size > 0) committed(changed)
  }
  /** After more than a commit. */
  function takeAll(): void {
    for (const table of tables.keys()) take(table)
  }

  function failureAt(step: Step, crashed: () => void): Failure | undefined {
    for (const fault of faults) fault.steps--
    const fault = faults.find((fault) => fault.steps < 0 && strikes(fault, step))
    if (fault === undefined) return undefined
    if (--fault.times === 0) faults = faults.filter((other) => other !== fault)
    // The engine is in the middle of a step.
    if (fault.kind === 'crash') queueMicrotask(crashed)
    return fault.kind === 'gone' ? 'lost' : fault.kind
  }

  function open(clock: Clock, crashed: () => void): DiskHandle {
    const process = engine.start()
    process.fail = (step) => failureAt(step, crashed)
    const real = dexieStorage({ name: database, app, clock, indexedDB: process, IDBKeyRange })
    const tab: Tab = { process, units: 0, listeners: 0 }
    tabs.add(tab)
    let ready: Promise<void> = Promise.resolve()
    /** Units begin in the order in which they were asked for. */
    function run<T>(unit: () => Promise<T>): Promise<T> {
      tab.units++
      if (disk.slowness) {
        const ms = disk.slowness()
        ready = ready.then(() => new Promise((resolve) => void clock.after(ms, resolve)))
      }
      return ready.then(unit).finally(() => {
        tab.units--
      })
    }
    const storage: ReplicaStorage = {
      read: (allowed, work) => run(() => real.read(allowed, work)),
      write: (allowed, durability, work) => run(() => real.write(allowed, durability, work)),
      onChange(listener) {
        const end = real.onChange(listener)
        tab.listeners++
        return () => {
          tab.listeners--
          end()
        }
      },
      async close() {
        tabs.delete(tab)
        await real.close()
      },
    }
    const watched: Watched[] = []
    return {
      storage,
      tables(shown) {
        const queries = dexieTables(real, shown)
        for (const space of SPACES)
          for (const collection of COLLECTIONS[kindOf(space)] ?? [])
            watched.push(watch(space, collection, queries.scope(space, collection)))
        return queries as ReturnType<ReplicaWorld<App>['tables']>
      },
      stale: () =>
        watched.flatMap(({ space, collection, told }) =>
          told() === shown(space, collection) ? [] : [`${space} ${collection}: ${told()}`],
        ),
      crash() {
        for (const { end } of watched) end()
        process.crash()
        tabs.delete(tab)
        // What a dead process would not do; its listeners hang on the module that all tabs here share.
        void real.close()
      },
    }
  }

  /** What every reader of a collection is to see, in the order of keys. */
  function shown(space: string, collection: string): string {
    const s = tables.get('copies')?.get(space)?.$s
    const rows = [...(tables.get(`${kindOf(space)}_${collection}`)?.values() ?? [])]
    return textOf(rows.filter((row) => row.$s === s))
  }

  const disk: Disk = {
    open,
    rows: (table) => tables.get(table) ?? NO_ROWS,
    tables: () => [...tables.keys()],
    onCommit(listener) {
      committed = listener
    },
    strike(fault) {
      faults.push({ ...fault, steps: fault.afterUnits * STEPS_A_UNIT, times: fault.kind === 'gone' ? LOSSES : 1 })
    },
    calm() {
      faults = []
      disk.slowness = undefined
    },
    slowness: undefined,
    get listeners() {
      return [...tabs].reduce((sum, { listeners }) => sum + listeners, 0)
    },
    get units() {
      return [...tabs].reduce((sum, { units }) => sum + units, 0)
    },
    clone: () => {
      const name = `database ${++databases}`
      return dexieDisk(
        name,
        engine.clone(() => name),
      )
    },
    rollBack(commits) {
      engine.rollBack(commits)
      takeAll()
    },
    losePower() {
      engine.losePower()
      takeAll()
    },
    evict() {
      engine.evict()
      takeAll()
    },
  }
  for (const table of engine.tables(database)) take(table)
  return disk
}

/** A live query, as an app has them. */
interface Watched {
  readonly space: string
  readonly collection: string
  told(): string
  end(): void
}

function watch(space: string, collection: string, queries: { toArray(): PromiseLike<unknown[]> }): Watched {
  let last = ''
  const subscription = liveQuery(async () => await queries.toArray()).subscribe({
    next(rows) {
      last = textOf(rows as Row[])
    },
    // The end of it, as RxJS has it and React shows it.
    error(error) {
      last = `${error}`
      subscription.unsubscribe()
    },
  })
  return { space, collection, told: () => last, end: () => subscription.unsubscribe() }
}

function textOf(rows: readonly Row[]): string {
  return rows
    .map((row) => JSON.stringify(row))
    .sort()
    .join(' ')
}

const NO_ROWS: ReadonlyMap<Key, Row> = new Map()

/** A page that hangs in an upgrade has to be reloaded by hand: that is another test's. */
function strikes({ kind, written }: DiskFault, step: Step): boolean {
  if (step.mode === 'versionchange') return kind === 'crash'
  // Of an open Dexie tries a few more.
  if (kind === 'gone') return step.kind === 'request'
  if (kind === 'quota') return step.stores || step.kind === 'commit'
  if (written) return step.kind === 'complete'
  return kind === 'hang' ? step.kind === 'request' || step.kind === 'commit' : step.kind !== 'complete'
}
