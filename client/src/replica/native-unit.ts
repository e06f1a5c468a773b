import type { Clock } from '@tidemark/shared'
import { type Key, type KeyRange, type StorageRead, UnitEndedError, type Write } from './storage.ts'

/** A unit that has not ended by then is given up, in ms; its transaction is aborted. */
export const UNIT_MS_MAX = 15_000
/** What the engine did not answer in time. */
export const timeout = (): DOMException => new DOMException('no answer in time', 'TimeoutError')

export interface NativeUnit<T> {
  readonly db: IDBDatabase
  readonly tables: readonly string[]
  readonly mode: 'readonly' | 'readwrite'
  readonly durability: 'strict' | 'relaxed'
  readonly clock: Clock
  readonly keyRange: typeof IDBKeyRange
  work(tx: StorageRead): Promise<UnitDone<T>>
}

export interface UnitDone<T> {
  readonly result: T
  readonly writes: readonly Write[]
}

/**
 * One unit in one transaction of IndexedDB: reads, app code, then all writes in one synchronous burst. Resolves once the engine
 * has committed. Rejects with what `work` threw, with UnitEndedError where the transaction ended before the burst, with a
 * TimeoutError where the engine never answers, else with the engine's error; nothing is written then, except that the outcome
 * of a unit that fails in its burst may be unknown to the engine itself.
 */
export function runNative<T>({ db, tables, mode, durability, clock, keyRange, work }: NativeUnit<T>): Promise<UnitDone<T>> {
  const tx = db.transaction([...tables], mode, { durability })
  let end: 'complete' | 'abort' | undefined
  let endOver = () => {}
  const over = new Promise<void>((resolve) => {
    endOver = resolve
  })
  // The engine says in one way that the transaction is about to end by itself, and in another that it has; an abort is a loss.
  const named = (error: unknown) =>
    end === 'complete' || (end === undefined && (error as Error).name === 'TransactionInactiveError') ? new UnitEndedError(error) : error
  return new Promise<UnitDone<T>>((resolve, reject) => {
    let done: UnitDone<T> | undefined
    const fail = (error: unknown) => {
      cancelDeadline()
      try {
        tx.abort()
      } catch {
        // It has ended already.
      }
      reject(error)
    }
    const cancelDeadline = clock.after(UNIT_MS_MAX, () => fail(timeout()))
    /** The transaction may end, and an answer that the work waits for still not come. */
    const succeed = () => {
      if (!done || !end) return
      cancelDeadline()
      resolve(done)
    }
    tx.oncomplete = () => {
      end = 'complete'
      endOver()
      succeed()
    }
    tx.onabort = () => {
      end = 'abort'
      endOver()
      fail(tx.error ?? new DOMException('aborted', 'AbortError'))
    }
    work(reader(tx, keyRange, over, named)).then((result) => {
      done = result
      if (done.writes.length === 0) {
        resolve(done)
        // Its transaction still has to end, or is aborted: others wait for it.
        return succeed()
      }
      try {
        for (const write of done.writes) issue(tx, keyRange, write)
      } catch (error) {
        fail(named(error))
      }
    }, fail)
  })
}

function reader(tx: IDBTransaction, keyRange: typeof IDBKeyRange, over: Promise<void>, named: (error: unknown) => unknown): StorageRead {
  const ask = <T>(request: () => IDBRequest<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      try {
        const asked = request()
        asked.onsuccess = () => resolve(asked.result)
        asked.onerror = () => reject(asked.error)
      } catch (error) {
        reject(named(error))
      }
    })
  const get = (table: string, key: Key) => ask(() => tx.objectStore(table).get(key))
  return {
    over,
    get,
    getMany: (table, keys) => Promise.all(keys.map((key) => get(table, key))),
    list: (table, range = {}, limit) => ask(() => tx.objectStore(table).getAll(bounds(keyRange, range), limit)),
  }
}

function issue(tx: IDBTransaction, keyRange: typeof IDBKeyRange, write: Write): void {
  const store = tx.objectStore(write.table)
  if ('put' in write) for (const row of write.put) store.put(row)
  else if ('delete' in write) for (const key of write.delete) store.delete(key)
  else store.delete(bounds(keyRange, write.deleteRange) ?? keyRange.lowerBound(Number.NEGATIVE_INFINITY))
}

function bounds(keyRange: typeof IDBKeyRange, { from, to }: KeyRange): IDBKeyRange | undefined {
  if (from !== undefined && to !== undefined) return keyRange.bound(from, to)
  if (from !== undefined) return keyRange.lowerBound(from)
  return to === undefined ? undefined : keyRange.upperBound(to)
}
