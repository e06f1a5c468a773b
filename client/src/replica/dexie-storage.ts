import { type App, type Clock, ForbiddenError, SyncError, UnavailableError, within } from '@tidemark/shared'
import { type DBCoreTable, type DBCoreTransaction, Dexie, type ObservabilitySet } from 'dexie'
import { covers, extend, type Schema, schemaOf } from './dexie-schema.ts'
import { everything, keysIn, mutatedParts } from './mutated-parts.ts'
import { type NativeUnit, runNative, timeout, UNIT_MS_MAX, type UnitDone } from './native-unit.ts'
import { type ReplicaStorage, type StorageRead, UnitEndedError, type Write } from './storage.ts'
import { StorageError } from './storage-error.ts'

export interface DexieStorageOptions {
  /** The database: one per tenant and user. */
  readonly name: string
  readonly app: App
  readonly clock: Clock
  /** Nobody tells what other tabs write: a browser without BroadcastChannel. It is looked for now and then. */
  readonly unheard?: boolean | undefined
  /** Default: the browser's own. */
  readonly indexedDB?: IDBFactory | undefined
  readonly IDBKeyRange?: typeof IDBKeyRange | undefined
}

export interface DexieStorage extends ReplicaStorage {
  /** For reading, and for live queries. It is opened by the first unit; writing through it is refused. */
  readonly db: Dexie
  readonly schema: Schema
}

/** Tries of one unit on handles that were lost; a handle is never tried twice. One that ran into a deadline counts for two. */
export const UNIT_ATTEMPTS_MAX = 4
/** An open that has not ended by then is given up, in ms: another tab may hold an older version of the database. */
export const OPEN_MS_MAX = 10_000
/** How long after what an app read has failed the database is opened again, in ms, where nothing else does. */
const READ_AGAIN_MS = 5_000
/** How often what other tabs may have written is looked for, where nobody tells, in ms. */
export const LOOK_EVERY_MS = 5_000
/** Errors that say that the handle is dead, not the unit. WebKit loses handles of pages in the background; some never answer. */
const HANDLE_LOST = [
  'TimeoutError',
  'UnknownError',
  'InvalidStateError',
  'AbortError',
  'DatabaseClosedError',
  'OpenFailedError',
  'VersionError',
]

/**
 * Keeps a replica in IndexedDB: Dexie opens it and reads it for the app; units are transactions of their own, with the
 * durability that they ask for, and wake Dexie's live queries in every tab.
 */
export function dexieStorage({ name, app, clock, unheard, ...engine }: DexieStorageOptions): DexieStorage {
  const schema = schemaOf(app)
  const factory = engine.indexedDB ?? Dexie.dependencies.indexedDB
  const keyRange = engine.IDBKeyRange ?? Dexie.dependencies.IDBKeyRange
  const db = new Dexie(name, { indexedDB: factory, IDBKeyRange: keyRange, allowEmptyDB: true, cache: 'disabled' })
  const ended = new Set<() => void>()
  let opening: Promise<IDBDatabase> | undefined
  let closed = false
  /** Since it was open last; undefined until it was. */
  let isLost: boolean | undefined
  /** While live queries are woken for a unit of this handle. */
  let own: readonly Write[] | undefined

  db.use({
    stack: 'dbcore',
    name: 'tidemark',
    create: (core) => ({
      ...core,
      table: (table) => readOnly(core.table(table), schema),
      transaction(...which) {
        const tx = core.transaction(...which) as DBCoreTransaction & IDBTransaction
        const answered = clock.after(UNIT_MS_MAX, () => {
          readLater()
          tx.abort()
        })
        tx.addEventListener('complete', answered)
        tx.addEventListener('abort', () => {
          answered()
          // By the engine, not by the app.
          if (tx.error) readLater()
        })
        return tx
      },
    }),
  })
  // The tab that upgrades goes first; the next unit here opens the database again.
  db.on('versionchange', () => {
    lose()
    return false
  })

  function lose(): void {
    isLost = isLost !== undefined
    db.close({ disableAutoOpen: false })
  }
  /** What the app reads through Dexie failed: live queries look again once the database is open anew. */
  function readLater(): void {
    lose()
    clock.after(READ_AGAIN_MS, () => isLost && void handle().catch(() => {}))
  }
  function lookAgain(): void {
    if (closed) return
    if (isLost === false) Dexie.on.storagemutated.fire(everything())
    clock.after(LOOK_EVERY_MS, lookAgain)
  }
  if (unheard) lookAgain()
  const inTime = <T>(work: PromiseLike<T>) => within(clock, OPEN_MS_MAX, work, timeout)
  /** Rejects with VersionError where another tab upgraded first: that is a lost handle, too. */
  async function open(): Promise<IDBDatabase> {
    await inTime(db.open())
    const idb = db.backendDB()
    if (covers(idb, schema)) {
      // What was being read meanwhile has failed, and nobody tries it again.
      if (isLost) Dexie.on.storagemutated.fire(everything())
      isLost = false
      return idb
    }
    lose()
    await inTime(upgrade(factory, name, idb.version + 1, schema))
    return open()
  }
  function handle(): Promise<IDBDatabase> {
    if (closed) return Promise.reject(new UnavailableError('This replica is closed: open it again.'))
    if (db.isOpen() && !opening && !isLost) return Promise.resolve(db.backendDB())
    opening ??= open().finally(() => {
      opening = undefined
    })
    return opening
  }
  async function run<T>(unit: Pick<NativeUnit<T>, 'tables' | 'mode' | 'durability' | 'work'>): Promise<UnitDone<T>> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await runNative({ ...unit, db: await handle(), clock, keyRange })
      } catch (error) {
        const cause = causeOf(error, HANDLE_LOST)
        if (cause === undefined || closed) throw readable(error)
        // Gives up an open, too.
        if (cause.name === 'TimeoutError' && attempt++) db.close()
        lose()
        if (attempt >= UNIT_ATTEMPTS_MAX)
          throw new StorageError(
            cause.name === 'TimeoutError' ? 'stalled' : 'failing',
            'The storage of this device does not answer: close other tabs of this app, or reload.',
            cause,
          )
      }
    }
  }

  return {
    db,
    schema,
    async read(tables, work) {
      const reading = async (tx: StorageRead) => ({ result: await work(tx), writes: [] })
      return (await run({ tables, mode: 'readonly', durability: 'relaxed', work: reading })).result
    },
    async write(tables, durability, work) {
      /** Of every try: one that failed may have been committed. */
      const bursts: Write[] = []
      const noting = async (tx: StorageRead) => {
        const done = await work(tx)
        bursts.push(...done.writes)
        return done
      }
      try {
        const { result, writes } = await run({ tables, mode: 'readwrite', durability, work: noting })
        if (!bursts[writes.length]) own = writes
        return result
      } finally {
        try {
          if (bursts[0]) Dexie.on.storagemutated.fire(mutatedParts(name, schema, bursts))
        } finally {
          own = undefined
        }
      }
    },
    onChange(listener) {
      const heard = (parts: ObservabilitySet) => {
        const changes = Object.keys(parts).join()
        // `all`: a page that comes back from the cache of the browser may have missed anything.
        const changed = [...schema.keys()].filter((table) => parts.all || changes.includes(`idb://${name}/${table}/`))
        if (changed.length > 0) listener(changed, own, (table) => keysIn(parts, name, table))
      }
      const end = () => {
        Dexie.on.storagemutated.unsubscribe(heard)
        ended.delete(end)
      }
      Dexie.on.storagemutated.subscribe(heard)
      ended.add(end)
      return end
    },
    aside(isAside) {
      // What a frozen page wants to read waits for the database to open, which holds up nobody.
      if (isAside) lose()
      else if (isLost) void handle().catch(() => {})
    },
    async close() {
      closed = true
      for (const end of ended) end()
      db.close()
    },
    async delete() {
      await this.close()
      await inTime(db.delete())
    },
  }
}

/** Refuses every write that does not come from a unit: documents change by mutations alone. */
function readOnly(table: DBCoreTable, schema: Schema): DBCoreTable {
  const { name } = table
  if (!schema.has(name)) return table
  const read =
    <Asked, Answer>(ask: (asked: Asked) => Promise<Answer>) =>
    (asked: Asked) =>
      ask(asked).catch(passedOver)
  return {
    ...table,
    get: read(table.get),
    getMany: read(table.getMany),
    query: read(table.query),
    openCursor: read(table.openCursor),
    count: read(table.count),
    mutate: () =>
      Dexie.Promise.reject(
        new ForbiddenError(`${name} is written by the replica alone: use space.mutate, which works offline and reaches the server`),
      ),
  }
}

/** Of a lost handle live queries are told what they pass over, in place of what would end them. */
function passedOver(error: unknown): never {
  throw causeOf(error, ['UnknownError', 'InvalidStateError']) ? new Dexie.DatabaseClosedError() : error
}

/** Adds tables and indexes that an app has been given. Rejects with VersionError where another tab was faster. */
function upgrade(factory: IDBFactory, name: string, version: number, schema: Schema): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = factory.open(name, version)
    request.onupgradeneeded = () => extend(request.result, request.transaction as IDBTransaction, schema)
    request.onsuccess = () => {
      request.result.close()
      resolve()
    }
    request.onerror = () => reject(request.error)
  })
}

/** The engine's error of one of these names, where it is the reason; else undefined. */
function causeOf(error: unknown, names: readonly string[]): Error | undefined {
  for (let at = error; (at instanceof Error || at instanceof DOMException) && !(at instanceof UnitEndedError); at = (at as Error).cause)
    if (names.includes(at.name) && !(error instanceof SyncError)) return at
  return undefined
}

/** An app reads SyncErrors; what app code threw stays as it is. */
function readable(error: unknown): unknown {
  if (causeOf(error, ['QuotaExceededError']))
    return new StorageError('full', 'The storage of this device is full: nothing was saved. Free some space and try again.', error)
  return error
}
