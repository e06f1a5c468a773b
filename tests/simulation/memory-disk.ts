import { StorageError } from '@tidemark/client'
import {
  frozen,
  type Key,
  keyOf,
  keysWithin,
  type ReplicaStorage,
  type Row,
  rangesOf,
  type StorageRead,
  type Write,
} from '@tidemark/client/testing'
import type { Clock } from '@tidemark/shared'
import type { Changed, Disk, DiskFault, DiskHandle } from './disk.ts'

/** As the storage over IndexedDB: a unit that has not ended by then is given up, in ms. */
const UNIT_MS_MAX = 15_000
/** How far back a disk can be rolled. */
const COMMITS_KEPT = 100

type Table = Map<Key, Row>

/** One commit, so that it can be taken back. */
interface Commit {
  readonly durability: 'strict' | 'relaxed'
  readonly before: readonly { readonly table: string; readonly key: Key; readonly row: Row | undefined }[]
}

interface Tab {
  readonly clock: Clock
  readonly crashed: () => void
  readonly listeners: Set<Parameters<ReplicaStorage['onChange']>[0]>
  alive: boolean
  /** Ends the turn of its unit that runs. */
  endTurn: () => void
}

type Work<T> = (tx: StorageRead) => Promise<{ readonly result: T; readonly writes: readonly Write[] }>

/**
 * A disk in memory with the transactions of IndexedDB: a unit sees the rows of one moment, units do not overlap, a unit that
 * throws or dies has written nothing. What the storage over IndexedDB does about lost handles and deadlines is done here, too.
 */
export function memoryDisk(rows: ReadonlyMap<string, ReadonlyMap<Key, Row>> = new Map()): Disk {
  const tables = new Map<string, Table>(Array.from(rows, ([name, table]) => [name, new Map(table)]))
  const commits: Commit[] = []
  const tabs = new Set<Tab>()
  let faults: DiskFault[] = []
  let calms = 0
  /** Ends when the units asked for so far have ended, or their tabs have died. */
  let queue: Promise<void> = Promise.resolve()
  let units = 0
  let committed: (changed: Changed) => void = () => {}

  const tableNamed = (name: string): Table => {
    const table = tables.get(name) ?? new Map<Key, Row>()
    tables.set(name, table)
    return table
  }

  /** The fault that strikes the unit that begins now. */
  function nextFault(): DiskFault | undefined {
    if (faults.length === 0) return undefined
    const due = faults.find(({ afterUnits }) => afterUnits <= 0)
    faults = faults.filter((fault) => fault !== due).map((fault) => ({ ...fault, afterUnits: fault.afterUnits - 1 }))
    return due
  }

  function commit(durability: 'strict' | 'relaxed', allowed: readonly string[], writes: readonly Write[]): void {
    if (writes.length === 0) return
    const before: { table: string; key: Key; row: Row | undefined }[] = []
    const changed = new Map<string, Set<Key>>()
    // Everything that can fail comes before the first change.
    const changes = writes.flatMap((write): [string, Key, Row | undefined][] => {
      const { table } = write
      if (!allowed.includes(table)) throw new TypeError(`table ${table} is not part of this unit`)
      if ('put' in write) return write.put.map((row) => [table, keyOf(table, row), frozen(row)])
      if ('delete' in write) return write.delete.map((key) => [table, key, undefined])
      return keysWithin(tableNamed(table), write.deleteRange).map((key) => [table, key, undefined])
    })
    for (const [name, key, row] of changes) {
      const table = tableNamed(name)
      before.push({ table: name, key, row: table.get(key) })
      if (row === undefined) table.delete(key)
      else table.set(key, row)
      const keys = changed.get(name) ?? new Set()
      changed.set(name, keys.add(key))
    }
    if (changes.length === 0) return
    commits.push({ durability, before })
    if (commits.length > COMMITS_KEPT) commits.shift()
    committed(changed)
  }

  function undo({ before }: Commit): void {
    for (const { table, key, row } of before.toReversed()) {
      if (row === undefined) tableNamed(table).delete(key)
      else tableNamed(table).set(key, row)
    }
  }

  async function unit<T>(tab: Tab, allowed: readonly string[], durability: 'strict' | 'relaxed', work: Work<T>): Promise<T> {
    const pause = (ms: number) => new Promise<void>((resolve) => tab.clock.after(ms, resolve))
    const fault = nextFault()
    const calmsBefore = calms
    const read = reader(tables, allowed)
    /** Of every attempt: one that failed may have been committed, and is told with the others as if somebody else had made it. */
    const bursts: Write[] = []
    const failed = (error: StorageError) => {
      tell(bursts)
      return error
    }
    for (let attempt = 1; ; attempt++) {
      if (disk.slowness) await pause(disk.slowness())
      if (!tab.alive) return never()
      const { result, writes } = await work(read)
      if (!tab.alive) return never()
      bursts.push(...writes)
      const isHarmless = fault?.kind === 'quota' && !writes.some((write) => 'put' in write)
      const struck = attempt === 1 && calmsBefore === calms && !isHarmless ? fault : undefined
      if (struck === undefined || (struck.written && struck.kind !== 'quota')) commit(durability, allowed, writes)
      switch (struck?.kind) {
        case undefined:
          tell(bursts, bursts.length === writes.length ? tab : undefined)
          return result
        case 'crash':
          tab.crashed()
          return never()
        case 'lost':
          continue
        case 'gone':
          throw failed(new StorageError('failing', 'The storage of this device fails again and again: reload.'))
        case 'hang':
          await pause(UNIT_MS_MAX)
          throw failed(new StorageError('stalled', 'The storage of this device does not answer: close other tabs of this app, or reload.'))
        case 'quota':
          throw failed(new StorageError('full', 'The storage of this device is full.'))
      }
    }
  }

  /** `from`: the tab that made them, which is told what it wrote; the others are told where. */
  function tell(writes: readonly Write[], from?: Tab): void {
    if (writes.length === 0) return
    const changed = [...new Set(writes.map(({ table }) => table))]
    const within = (table: string) => rangesOf(writes, table)
    for (const tab of [...tabs])
      for (const listener of [...tab.listeners]) {
        if (tab === from) listener(changed, writes)
        else listener(changed, undefined, within)
      }
  }

  function open(clock: Clock, crashed: () => void): DiskHandle {
    const tab: Tab = { clock, crashed, listeners: new Set(), alive: true, endTurn() {} }
    tabs.add(tab)
    function run<T>(allowed: readonly string[], durability: 'strict' | 'relaxed', work: Work<T>): Promise<T> {
      if (!tab.alive) return never()
      units++
      let endTurn = () => {}
      const turn = queue
      queue = new Promise<void>((resolve) => {
        endTurn = resolve
      }).then(() => void units--)
      const running = turn.then(() => {
        // A tab that dies in the middle of a unit must not hold up the others; one that dies while its unit waits lets nobody pass.
        tab.endTurn = endTurn
        if (tab.alive) return unit(tab, allowed, durability, work)
        endTurn()
        return never()
      })
      running.then(endTurn, endTurn)
      return running
    }
    const storage: ReplicaStorage = {
      read: (allowed, work) => run(allowed, 'relaxed', async (tx) => ({ result: await work(tx), writes: [] })),
      write: run,
      onChange(listener) {
        const once: typeof listener = (...change) => listener(...change)
        tab.listeners.add(once)
        return () => void tab.listeners.delete(once)
      },
      async close() {
        tabs.delete(tab)
      },
    }
    return {
      storage,
      crash() {
        tab.alive = false
        tabs.delete(tab)
        tab.endTurn()
      },
    }
  }

  const disk: Disk = {
    open,
    rows: tableNamed,
    tables: () => [...tables.keys()],
    onCommit(listener) {
      committed = listener
    },
    strike(fault) {
      faults.push(fault)
    },
    calm() {
      faults = []
      calms++
      disk.slowness = undefined
    },
    slowness: undefined,
    get listeners() {
      return [...tabs].reduce((sum, { listeners }) => sum + listeners.size, 0)
    },
    get units() {
      return units
    },
    clone: () => memoryDisk(tables),
    rollBack(count) {
      for (const commit of commits.splice(-count).toReversed()) undo(commit)
    },
    losePower() {
      while (commits.at(-1)?.durability === 'relaxed') undo(commits.pop() as Commit)
    },
    evict() {
      tables.clear()
      commits.length = 0
    },
  }
  return disk
}

function reader(tables: ReadonlyMap<string, Table>, allowed: readonly string[]): StorageRead {
  const rowsOf = (table: string) => {
    if (!allowed.includes(table)) throw new TypeError(`table ${table} is not part of this unit`)
    return tables.get(table) ?? NO_ROWS
  }
  return {
    get: async (table, key) => rowsOf(table).get(key),
    getMany: async (table, keys) => keys.map((key) => rowsOf(table).get(key)),
    async list(table, range = {}, limit) {
      const rows = rowsOf(table)
      if (rows.size === 0) return []
      const keys = keysWithin(rows, range)
      return keys.slice(0, limit).map((key) => rows.get(key) as Row)
    },
  }
}

const NO_ROWS: Table = new Map()

function never(): Promise<never> {
  return new Promise(() => {})
}
