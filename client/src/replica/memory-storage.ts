import { compareKeys, frozen, keyOf, keysWithin, type MemoryRows, rangesOf } from './memory-rows.ts'
import { type ChangeListener, type Key, REPLICA_TABLES, type ReplicaStorage, type Row, type StorageRead, type Write } from './storage.ts'

type Tables = Map<string, Map<Key, Row>>

/** A storage in memory, with what tests need: what survives a crash, and copies of it. */
export interface MemoryStorage extends ReplicaStorage {
  /** The process dies: units under way write nothing, units asked for later never begin. What was committed stays, for `reopen`. */
  crash(): void
  /** Another handle on the same rows: a second tab, or the next start after a crash. */
  reopen(): MemoryStorage
  /** The rows as they are now, on a device of their own: a backup, or a copied phone. */
  clone(): MemoryStorage
  /** Makes the rows those of a clone made earlier: a device that is set back. */
  restore(backup: MemoryStorage): void
  /** All rows, in order, as one JSON text: two storages are equal when these are. */
  dump(): string
}

interface Shared {
  tables: Tables
  /** Ends when the units asked for so far have ended: units run one at a time, in the order in which they were asked for. */
  queue: Promise<unknown>
  /** Each with the handle that it belongs to. */
  readonly listeners: Map<ChangeListener, symbol>
}

/**
 * Keeps a replica in memory, with the transactions of IndexedDB: a unit sees the rows of one moment, units do not overlap, a
 * unit that throws or dies has written nothing. Needs no timers, so that a seeded run repeats itself.
 * `primaryKeys` names the key field of each table; documents have `$k`.
 */
export function memoryStorage(primaryKeys: Readonly<Record<string, string>> = REPLICA_TABLES): MemoryStorage {
  return open({ tables: new Map(), queue: Promise.resolve(), listeners: new Map() }, primaryKeys)
}

function open(shared: Shared, primaryKeys: Readonly<Record<string, string>>): MemoryStorage {
  let dead = false
  const handle = Symbol()
  const endAll = () => {
    for (const [listener, owner] of shared.listeners) if (owner === handle) shared.listeners.delete(listener)
  }

  function run<T>(tables: readonly string[], work: (tx: StorageRead) => Promise<{ result: T; writes: readonly Write[] }>): Promise<T> {
    if (dead) return new Promise(() => {})
    const unit = shared.queue.then(async () => {
      if (dead) return new Promise<never>(() => {})
      const { result, writes } = await work(reader(shared, tables))
      if (dead) return new Promise<never>(() => {})
      commit(shared, tables, writes, primaryKeys)
      const changed = [...new Set(writes.map(({ table }) => table))]
      const within = (table: string) => rangesOf(writes, table, primaryKeys)
      if (changed.length > 0)
        for (const [listener, owner] of [...shared.listeners]) {
          if (owner === handle) listener(changed, writes)
          else listener(changed, undefined, within)
        }
      return result
    })
    // A handle that died in the middle of a unit must not hold up the others, nor let them pass the one that runs.
    const before = shared.queue
    shared.queue = Promise.race([unit.catch(() => {}), before.then(() => died)])
    return unit
  }
  let die = () => {}
  const died = new Promise<void>((resolve) => {
    die = resolve
  })

  return {
    read: (tables, work) => run(tables, async (tx) => ({ result: await work(tx), writes: [] })),
    write: (tables, _durability, work) => run(tables, work),
    onChange(listener) {
      const once: ChangeListener = (...change) => listener(...change)
      shared.listeners.set(once, handle)
      return () => void shared.listeners.delete(once)
    },
    close: async () => endAll(),
    crash() {
      dead = true
      endAll()
      die()
    },
    reopen: () => open(shared, primaryKeys),
    clone: () => open({ tables: copyOf(shared.tables), queue: Promise.resolve(), listeners: new Map() }, primaryKeys),
    restore(backup) {
      shared.tables = new Map(
        Object.entries(JSON.parse(backup.dump()) as Record<string, readonly Row[]>).map(([table, rows]) => [
          table,
          new Map(rows.map((row) => [keyOf(table, row, primaryKeys), frozen(row)])),
        ]),
      )
    },
    dump: () =>
      JSON.stringify(
        Object.fromEntries(
          [...shared.tables]
            .filter(([, rows]) => rows.size > 0)
            .sort(([a], [b]) => compareKeys(a, b))
            .map(([table, rows]) => [table, inOrder(rows, keysWithin(rows, {}))]),
        ),
      ),
  }
}

function reader(shared: Shared, allowed: readonly string[]): StorageRead {
  const rowsOf = (table: string) => {
    if (!allowed.includes(table)) throw new TypeError(`table ${table} is not part of this unit`)
    return shared.tables.get(table) ?? new Map<Key, Row>()
  }
  return {
    get: async (table, key) => rowsOf(table).get(key),
    getMany: async (table, keys) => keys.map((key) => rowsOf(table).get(key)),
    async list(table, range = {}, limit) {
      const rows = rowsOf(table)
      return inOrder(rows, keysWithin(rows, range).slice(0, limit))
    },
  }
}

function commit(shared: Shared, allowed: readonly string[], writes: readonly Write[], primaryKeys: Readonly<Record<string, string>>): void {
  // Everything that can fail comes before the first change.
  const changes = writes.map((write): [string, (rows: Map<Key, Row>) => void] => {
    const { table } = write
    if (!allowed.includes(table)) throw new TypeError(`table ${table} is not part of this unit`)
    if ('put' in write) {
      const entries = write.put.map((row): [Key, Row] => [keyOf(table, row, primaryKeys), frozen(row)])
      return [table, (rows) => entries.forEach(([key, row]) => void rows.set(key, row))]
    }
    if ('delete' in write) return [table, (rows) => write.delete.forEach((key) => void rows.delete(key))]
    return [table, (rows) => keysWithin(rows, write.deleteRange).forEach((key) => void rows.delete(key))]
  })
  for (const [table, change] of changes) {
    const rows = shared.tables.get(table) ?? new Map<Key, Row>()
    shared.tables.set(table, rows)
    change(rows)
  }
}

function inOrder(rows: MemoryRows, keys: readonly Key[]): Row[] {
  return keys.map((key) => rows.get(key) as Row)
}

function copyOf(tables: Tables): Tables {
  return new Map([...tables].map(([name, rows]) => [name, new Map(rows)]))
}
