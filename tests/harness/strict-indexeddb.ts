// fake-indexeddb 6.2.8, held to what browsers do: a transaction is dead after the microtasks of its last callback. What lies on a
// disk outlives the processes that use it, and every step of the engine can be made to fail.
import { nextTick } from 'node:process'
import * as fake from 'fake-indexeddb'

/**
 * One thing that the engine is about to do for a process:
 * `open` a database, tell that it is to be `upgraded` or is `opened`, run a `request` and tell its outcome, `commit` a transaction,
 * tell that it is `complete`. The end of a transaction that wrote nothing is no step.
 */
export interface Step {
  /** Counted from 1 for each process. */
  readonly at: number
  readonly kind: 'open' | 'upgraded' | 'opened' | 'request' | 'commit' | 'complete'
  /** Of its transaction; a step of `open` has none. */
  readonly mode?: IDBTransactionMode
  /** It is a request that stores a row. */
  readonly stores: boolean
}

/**
 * What becomes of a step that fails:
 * `crash`: the process is dead from this moment on, and hears of nothing more. `lost`: as when WebKit loses the connection to its
 * server: the request or transaction fails with UnknownError, and so does everything else of this handle; no `close` is told.
 * `hang`: this transaction, or open, is never heard of again, and does no more until it is aborted. `abort`: AbortError.
 * `quota`: QuotaExceededError, of an open, a commit, or a request that stores something. Between `commit` and `complete` what is committed stays, whatever the process hears.
 */
export type Failure = 'crash' | 'lost' | 'hang' | 'abort' | 'quota'

/** What survives processes: the databases of one origin on one device. */
export interface StrictDisk {
  /** Another process, or another tab, with handles of its own. */
  start(): StrictProcess
  /** The same databases on a device of its own, each by the name that `rename` gives it. Processes are not copied. */
  clone(rename?: (name: string) => string): StrictDisk
  /** Makes the databases those of `backup`; every process dies before. */
  restore(backup: StrictDisk): void
  /** Every process dies, and the newest `commits` of those that nothing has flushed yet are gone; all of them by default. */
  losePower(commits?: number): void
  /** Every process dies, and the newest `commits` are undone, flushed or not: the device is set back. At most JOURNAL_COMMITS_MAX. */
  rollBack(commits: number): void
  /** The browser clears its data while pages may be open: their handles are closed by force, their databases are gone. */
  evict(): void
  /** Commits that power loss would take. */
  readonly unflushed: number
  /** Commits, in their order; what `rollBack` counts. */
  readonly commits: number
  /** Called once a commit that wrote is on the disk, before anything else happens, with the tables that it wrote to. */
  onCommit: ((tables: ReadonlySet<string>) => void) | undefined
  tables(name: string): readonly string[]
  /** All rows of a table, as they are this moment; what is under way is among them. */
  rows(name: string, table: string): Iterable<{ readonly key: unknown; readonly value: unknown }>
  /** All rows of a database, in order, as one JSON text; tables without rows are left out. `{}` where there is none. */
  dump(name: string): string
}

/** One page of a browser as its storage sees it: it can die, and its steps can fail. */
export interface StrictProcess extends IDBFactory {
  /** As kill -9: transactions under way are undone, and nothing of this process is told anything any more. */
  crash(): void
  readonly dead: boolean
  /** Steps so far. */
  readonly steps: number
  /** Asked before each step. */
  fail: ((step: Step) => Failure | undefined) | undefined
}

/** Commits that a disk can undo. */
export const JOURNAL_COMMITS_MAX = 1000

/** The parts of fake-indexeddb that are not its interface. */
interface Target {
  listeners: { readonly callback: unknown }[]
  dispatchEvent(event: Event): boolean
}
type State = 'active' | 'inactive' | 'committing' | 'finished'
interface Transaction extends Omit<IDBTransaction, 'db' | 'error' | 'dispatchEvent'>, Target {
  readonly db: Handle
  error: DOMException | null
  _state: State
  _started: boolean
  readonly _requests: readonly Request[]
  readonly _rollbackLog: (() => void)[]
  _start(): void
  _abort(errorName: string | null): void
  _markFinished(): void
  /** Ours: what this transaction has done so far; done again, it does the same. */
  done?: (() => unknown)[]
  /** Ours: the tables that it wrote to. */
  wrote?: Set<string>
}
interface Request {
  operation: () => unknown
  /** Without a source it builds an index. */
  readonly request: Target & { readonly readyState: IDBRequestReadyState; readonly source: { readonly name: string } | null }
}
interface Handle extends Omit<IDBDatabase, 'dispatchEvent'>, Target {
  readonly _rawDatabase: Database
  _closePending: boolean
  _closed: boolean
}
interface Opening extends Omit<IDBOpenDBRequest, 'result' | 'error' | 'readyState' | 'transaction' | 'dispatchEvent'>, Target {
  result: Handle | undefined
  error: DOMException
  readyState: IDBRequestReadyState
  readonly transaction: Transaction
}
interface Database {
  readonly name: string
  version: number
  readonly rawObjectStores: Map<string, Store>
  readonly transactions: readonly Transaction[]
  connections: Handle[]
  readonly processTransactions: () => void
}
interface Store {
  readonly name: string
  readonly keyPath: unknown
  readonly autoIncrement: boolean
  readonly records: Records
  readonly rawIndexes: Map<string, Index>
}
interface Index {
  readonly name: string
  readonly keyPath: unknown
  readonly multiEntry: boolean
  readonly unique: boolean
  initialized: boolean
  readonly records: Records
}
interface Records {
  values(): Iterable<{ readonly key: unknown; readonly value: unknown }>
  put(record: unknown): void
}

/** Whose handle it is; handles that are not ours stay as fake-indexeddb has them. */
const owners = new WeakMap<Handle, Process>()
/** The first that are told of a transaction are the engine itself. */
const OWN_LISTENERS = 3
/** Operations by their names. */
const STORES = /storeRecord/
const WRITES = /storeRecord|deleteRecord|clear/

/** An empty disk. */
export function strictDisk(): StrictDisk {
  return new Disk()
}

class Disk implements StrictDisk {
  readonly databases = new Map<string, Database>()
  readonly openings = new Map<string, Promise<void>>()
  readonly processes = new Set<Process>()
  onCommit: StrictDisk['onCommit']
  commits = 0
  /** Newest last; one can be undone once those after it are. */
  #journal: { readonly undo: readonly (() => void)[]; readonly flushed: boolean }[] = []

  get unflushed(): number {
    return this.#journal.length - 1 - this.#journal.findLastIndex(({ flushed }) => flushed)
  }

  start(): StrictProcess {
    const process = new Process(this)
    this.processes.add(process)
    return process
  }

  committed({ mode, durability, _rollbackLog: undo }: Transaction): void {
    const flushed = mode === 'versionchange' || durability === 'strict'
    this.commits++
    this.#journal.push({ undo, flushed })
    if (this.#journal.length > JOURNAL_COMMITS_MAX) this.#journal.shift()
  }

  clone(rename = (name: string) => name): Disk {
    const copy = new Disk()
    for (const [name, database] of this.databases) {
      const copied = withoutUnfinished(database, () => copyOf(database, rename(name)))
      copy.databases.set(copied.name, copied)
    }
    return copy
  }

  restore(backup: StrictDisk): void {
    this.#crashAll()
    this.databases.clear()
    for (const [name, database] of (backup as Disk).clone().databases) this.databases.set(name, database)
    this.#journal = []
  }

  losePower(commits = Number.POSITIVE_INFINITY): void {
    this.#crashAll()
    this.#undo(Math.min(commits, this.unflushed))
  }

  rollBack(commits: number): void {
    this.#crashAll()
    this.#undo(Math.min(commits, this.#journal.length))
  }

  evict(): void {
    for (const process of this.processes) process.closeByForce()
    this.databases.clear()
    this.#journal = []
  }

  tables(name: string): readonly string[] {
    return [...(this.databases.get(name)?.rawObjectStores.keys() ?? [])]
  }

  rows(name: string, table: string): Iterable<{ readonly key: unknown; readonly value: unknown }> {
    return this.databases.get(name)?.rawObjectStores.get(table)?.records.values() ?? []
  }

  dump(name: string): string {
    const database = this.databases.get(name)
    if (!database) return '{}'
    const stores = [...database.rawObjectStores.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
    const rows = () => stores.map((store) => [store.name, Array.from(store.records.values(), ({ value }) => value)] as const)
    return JSON.stringify(Object.fromEntries(withoutUnfinished(database, rows).filter(([, { length }]) => length > 0)))
  }

  #crashAll(): void {
    for (const process of [...this.processes]) process.crash()
  }

  #undo(commits: number): void {
    const undone = this.#journal.splice(this.#journal.length - commits, commits)
    for (const { undo } of undone.reverse()) for (const step of [...undo].reverse()) step()
    this.commits -= commits
  }
}

const FakeFactory = fake.IDBFactory as unknown as new () => Omit<IDBFactory, 'open' | 'deleteDatabase'> & {
  _databases: Map<string, Database>
  _connectionQueues: Map<string, Promise<void>>
  open(name: string, version?: number): Opening
  deleteDatabase(name: string): Opening
}
const FakeOpening = fake.IDBOpenDBRequest as unknown as new () => Opening

class Process extends FakeFactory implements StrictProcess {
  readonly #disk: Disk
  readonly #handles = new Set<Handle>()
  /** They do nothing until they are aborted. */
  readonly #hung = new Set<Transaction>()
  dead = false
  steps = 0
  fail: StrictProcess['fail']

  constructor(disk: Disk) {
    super()
    this.#disk = disk
    this._databases = disk.databases
    this._connectionQueues = disk.openings
  }

  override open(name: string, version?: number): Opening & IDBOpenDBRequest {
    return this.#begin(() => super.open(name, version))
  }

  override deleteDatabase(name: string): Opening & IDBOpenDBRequest {
    return this.#begin(() => super.deleteDatabase(name))
  }

  crash(): void {
    if (this.dead) return
    this.dead = true
    this.#disk.processes.delete(this)
    for (const handle of this.#handles) {
      silence(handle)
      for (const tx of unfinished(handle)) {
        silence(tx)
        for (const { request } of tx._requests) silence(request)
        tx._abort(null)
      }
      closeNow(handle)
    }
  }

  closeByForce(): void {
    for (const handle of this.#handles) {
      this.#lose(handle)
      setImmediate(() => this.dead || handle.dispatchEvent(eventOf('close')))
    }
  }

  /** Stands for fake-indexeddb's `_start`, which does the next thing of a transaction. */
  advance(tx: Transaction, doNext: () => void): void {
    if (this.#hung.has(tx)) return
    const next = tx._requests.find(({ request }) => request.readyState !== 'done')
    if (tx._state === 'finished') doNext()
    else if (next) this.#run(tx, next, doNext)
    else if (tx._rollbackLog.length === 0) doNext()
    else if (!this.#ends(tx, this.#ask('commit', tx))) this.#commit(tx, doNext)
  }

  #run(tx: Transaction, next: Request, doNext: () => void): void {
    const stores = STORES.test(next.operation.name)
    const asked = this.#ask('request', tx, stores)
    // Only what is stored needs room.
    const failure = asked === 'quota' && !stores ? undefined : asked
    const isTold = next.request.source && (failure === undefined || failure === 'lost' || failure === 'quota')
    if (!isTold && this.#ends(tx, failure)) return
    const { operation } = next
    next.operation = () => {
      if (failure && isTold) throw errorOf(failure)
      const result = operation()
      if (WRITES.test(operation.name)) {
        tx.done ??= []
        tx.done.push(operation)
        tx.wrote ??= new Set()
        tx.wrote.add(next.request.source?.name ?? '')
      }
      return result
    }
    doNext()
    if (failure === 'lost') this.#lose(tx.db)
    deactivate(tx)
  }

  #commit(tx: Transaction, doNext: () => void): void {
    this.#disk.committed(tx)
    const asked = this.#ask('complete', tx)
    const failure = asked === 'quota' ? undefined : asked
    if (failure === 'crash' || failure === 'hang') silence(tx)
    if (failure && failure !== 'crash' && failure !== 'hang') {
      tx.error = errorOf(failure)
      tx._markFinished()
      if (failure === 'lost') this.#lose(tx.db)
      tx.dispatchEvent(eventOf('abort'))
    } else doNext()
    if (failure === 'crash') this.crash()
    this.#disk.onCommit?.(tx.wrote ?? NONE)
  }

  /** True where a transaction goes no further. */
  #ends(tx: Transaction, failure: Failure | undefined): boolean {
    if (failure === 'crash') this.crash()
    else if (failure === 'hang') {
      // It holds up those behind it.
      tx._started = true
      this.#hung.add(tx)
    } else if (failure) {
      tx._abort(errorOf(failure).name)
      if (failure === 'lost') this.#lose(tx.db)
    }
    return failure !== undefined
  }

  #lose(handle: Handle): void {
    for (const tx of unfinished(handle)) tx._abort(errorOf('lost').name)
    closeNow(handle)
  }

  #begin(begin: () => Opening): Opening & IDBOpenDBRequest {
    const failure = this.#ask('open')
    if (failure === 'crash') this.crash()
    const unheard = new FakeOpening() as Opening & IDBOpenDBRequest
    if (this.dead || failure === 'crash' || failure === 'hang') return unheard
    if (failure) {
      setImmediate(() => this.dead || fail(unheard, failure))
      return unheard
    }
    const request = begin()
    const tell = request.dispatchEvent
    request.dispatchEvent = (event) => {
      if (event.type === 'upgradeneeded') this.#upgraded(request, () => tell.call(request, event))
      else if (event.type === 'success' && request.result) this.#opened(request, request.result, () => tell.call(request, event))
      else if (!this.dead) tell.call(request, event)
      return true
    }
    return request as Opening & IDBOpenDBRequest
  }

  #upgraded({ result, transaction: tx }: Opening, tell: () => void): void {
    this.#own(result as Handle)
    if (this.dead) tx._abort(null)
    else if (!this.#ends(tx, this.#ask('upgraded', tx))) tell()
    deactivate(tx)
  }

  #opened(request: Opening, handle: Handle, tell: () => void): void {
    this.#own(handle)
    const isThere = this.#disk.databases.get(handle.name) === handle._rawDatabase
    const failure = isThere ? this.#ask('opened') : 'lost'
    if (this.dead || failure) closeNow(handle)
    if (failure === 'crash') this.crash()
    else if (this.dead || failure === 'hang') return
    else if (failure) fail(request, failure)
    else tell()
  }

  #own(handle: Handle): void {
    owners.set(handle, this)
    this.#handles.add(handle)
  }

  #ask(kind: Step['kind'], tx?: Transaction, stores = false): Failure | undefined {
    if (this.dead) return undefined
    this.steps++
    return this.fail?.({ at: this.steps, kind, stores, ...(tx && { mode: tx.mode }) })
  }
}

const NONE: ReadonlySet<string> = new Set()

makeStrict()

/** fake-indexeddb calls these on every transaction; handles that are not ours it treats as before. */
function makeStrict(): void {
  const transactions = fake.IDBTransaction.prototype as unknown as Transaction
  const handles = fake.IDBDatabase.prototype as unknown as Handle
  const { _start: start, _markFinished: markFinished, objectStore } = transactions
  const { transaction, close } = handles
  transactions._start = function (this: Transaction) {
    const process = owners.get(this.db)
    if (process) process.advance(this, () => start.call(this))
    else start.call(this)
  }
  transactions._markFinished = function (this: Transaction) {
    markFinished.call(this)
    if (owners.has(this.db) && this.db._closePending) closeIfIdle(this.db)
  }
  // Browsers give the store of a transaction that is inactive, and refuse what is then asked of it.
  transactions.objectStore = function (this: Transaction, name: string) {
    if (this._state !== 'inactive' || !owners.has(this.db)) return objectStore.call(this, name)
    this._state = 'active'
    try {
      return objectStore.call(this, name)
    } finally {
      this._state = 'inactive' as State
    }
  } as typeof objectStore
  handles.transaction = function (this: Handle, ...args: Parameters<typeof transaction>) {
    const tx = transaction.apply(this, args)
    if (owners.has(this)) deactivate(tx as unknown as Transaction)
    return tx
  } as typeof transaction
  // A handle waits for its own transactions alone.
  handles.close = function (this: Handle) {
    if (!owners.has(this)) return close.call(this)
    this._closePending = true
    closeIfIdle(this)
  }
}

/** The microtasks of this callback may still use it; the next callback may not. Node runs ticks once its microtasks are done. */
function deactivate(tx: Transaction): void {
  queueMicrotask(() =>
    nextTick(() => {
      if (tx._state === 'active') tx._state = 'inactive'
    }),
  )
}

/** Nobody hears of it any more but the engine itself, which goes on to the next transaction. */
function silence(target: Target): void {
  const processTransactions = 'db' in target && (target as Transaction).db._rawDatabase.processTransactions
  target.listeners = target.listeners.filter(
    ({ callback }, at) => 'db' in target && (at < OWN_LISTENERS || callback === processTransactions),
  )
  for (const type of ['abort', 'blocked', 'close', 'complete', 'error', 'success', 'upgradeneeded', 'versionchange'])
    if (`on${type}` in target) (target as unknown as Record<string, unknown>)[`on${type}`] = null
}

function unfinished(handle: Handle): Transaction[] {
  return handle._rawDatabase.transactions.filter((tx) => tx.db === handle && tx._state !== 'finished')
}

function closeIfIdle(handle: Handle): void {
  if (unfinished(handle).length === 0) closeNow(handle)
}

function closeNow(handle: Handle): void {
  handle._closePending = true
  handle._closed = true
  handle._rawDatabase.connections = handle._rawDatabase.connections.filter((other) => other !== handle)
}

function fail(request: Opening, failure: Exclude<Failure, 'crash' | 'hang'>): void {
  request.result = undefined
  request.readyState = 'done'
  request.error = errorOf(failure)
  request.dispatchEvent(eventOf('error'))
}

function errorOf(failure: Exclude<Failure, 'crash' | 'hang'>): DOMException {
  if (failure === 'lost')
    return new DOMException('Connection to Indexed Database server lost. Refresh the page to try again', 'UnknownError')
  if (failure === 'quota') return new DOMException('The current transaction exceeded its quota limitations.', 'QuotaExceededError')
  return new DOMException('The transaction was aborted.', 'AbortError')
}

function eventOf(type: string): Event {
  return Object.assign(new fake.IDBVersionChangeEvent(type), { eventPath: [] })
}

/** What `look` sees is committed: transactions under way are undone for it, and done again. */
function withoutUnfinished<T>(database: Database, look: () => T): T {
  const underWay = database.transactions.filter((tx) => tx._state !== 'finished' && tx.mode === 'readwrite')
  for (const { _rollbackLog: undo } of underWay) for (const step of undo.splice(0).reverse()) step()
  const seen = look()
  for (const { done = [] } of underWay) for (const operation of done) operation()
  return seen
}

function copyOf(database: Database, name: string): Database {
  const like = <T extends object>(original: T, ...args: unknown[]): T =>
    new (original.constructor as new (...args: unknown[]) => T)(...args)
  const copy = like(database, name, database.version)
  for (const store of database.rawObjectStores.values()) {
    const stored = like(store, copy, store.name, store.keyPath, store.autoIncrement)
    copy.rawObjectStores.set(store.name, stored)
    // Rows are never changed in place.
    for (const record of store.records.values()) stored.records.put(record)
    for (const index of store.rawIndexes.values()) {
      const indexed = like(index, stored, index.name, index.keyPath, index.multiEntry, index.unique)
      indexed.initialized = index.initialized
      stored.rawIndexes.set(index.name, indexed)
      for (const record of index.records.values()) indexed.records.put(record)
    }
  }
  return copy
}
