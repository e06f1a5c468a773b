import { dirname, resolve } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { UnavailableError } from '@tidemark/shared'
import type { Changelog } from '../changelog.ts'
import type { CorruptRowError } from '../corrupt-row-error.ts'
import { RowsRead, RowsWrite } from '../transaction.ts'
import { TransactionLife } from '../transaction-life.ts'
import { WriteQueue } from '../write-queue.ts'
import { openReader, openWriter } from './connection.ts'
import { fromEngine } from './engine-error.ts'
import { lockFile } from './file-lock.ts'
import { makeFolder } from './made-folder.ts'
import { Snapshots } from './snapshots.ts'
import { SqliteRows } from './sqlite-rows.ts'
import { WritableSqliteRows } from './writable-sqlite-rows.ts'

export interface SqliteOptions {
  /** How large the file may grow, in bytes, not counting its write-ahead log. Past it writes are `unavailable`, reads go on. Default: the disk. */
  readonly fileBytesMax?: number
}

/**
 * The changelog in one SQLite file, for one process; its folder is made where it is missing. Throws, saying what to do, where another
 * process has the file, where it is another application's or a later build's, or where the disk cannot promise that what was committed stays.
 */
export function sqliteChangelog(file: string, { fileBytesMax }: SqliteOptions = {}): Changelog {
  if (file === '' || file === ':memory:') throw new TypeError('sqliteChangelog needs a file; memoryChangelog() needs none')
  let corrupt: CorruptRowError | undefined
  /** Why the last write failed, where the engine was the reason. */
  let failed: UnavailableError | undefined
  let closed: Promise<void> | undefined

  makeFolder(dirname(resolve(file)))
  // Before anything is read: what is found now must still be so when it is written to.
  const unlock = lockFile(file)
  const writer = opened(file, fileBytesMax, unlock)
  const begin = writer.prepare('begin immediate')
  const commit = writer.prepare('commit')
  const noteCorrupt = (error: CorruptRowError): void => {
    corrupt ??= error
  }
  /**
   * What the engine said within the write that is under way. SQLite may have ended the transaction by itself then, and whatever came
   * after would be committed alone: so nothing comes after, and nothing is committed.
   */
  let doomed: unknown
  const rows = new WritableSqliteRows(writer, {
    corrupt: noteCorrupt,
    failed(error) {
      doomed ??= error
    },
    assertUsable() {
      if (doomed !== undefined) throw doomed
    },
  })
  const writes = new WriteQueue()
  const snapshots = new Snapshots(() => {
    const db = openReader(file)
    return { db, rows: new SqliteRows(db, { corrupt: noteCorrupt, failed: () => undefined, assertUsable: () => undefined }) }
  })

  async function transact<T>(work: (life: TransactionLife) => Promise<T>): Promise<T> {
    const life = new TransactionLife()
    doomed = undefined
    rows.forget()
    try {
      engine(() => {
        // Left over where the engine could not even go back.
        if (writer.isTransaction) writer.exec('rollback')
        begin.run()
      })
      const result = await work(life)
      life.assertWhole()
      if (doomed !== undefined) throw doomed
      rows.flush()
      engine(() => commit.run())
      snapshots.outdate()
      failed = undefined
      return result
    } catch (error) {
      try {
        if (writer.isTransaction) writer.exec('rollback')
      } catch {
        // The next write tries again; until then nothing of this one can be seen.
      }
      if (doomed instanceof UnavailableError) failed = doomed
      throw doomed ?? error
    } finally {
      life.end()
    }
  }

  function engine(access: () => void): void {
    try {
      access()
    } catch (error) {
      doomed = fromEngine(error, 'transaction')
      throw doomed
    }
  }

  async function shut(): Promise<void> {
    await writes.close()
    await snapshots.close()
    try {
      writer.exec('pragma wal_checkpoint(truncate)')
    } finally {
      writer.close()
      unlock()
    }
  }

  return {
    write: (work) => writes.run(() => transact((life) => work((tenant) => new RowsWrite(tenant, rows, life)))),
    read: (tenant, work) =>
      snapshots.read(async (moment) => {
        const life = new TransactionLife()
        try {
          return await work(new RowsRead(tenant, moment, life))
        } finally {
          life.end()
        }
      }),
    spaces: (after, count) => snapshots.read(async (moment) => moment.spaces(after?.tenant ?? '', after?.space ?? '', count)),
    clients: (after, count) => snapshots.read(async (moment) => moment.clients(after?.tenant ?? '', after?.client ?? '', count)),
    async ready() {
      if (closed !== undefined) throw new UnavailableError('The changelog is closed.')
      if (corrupt !== undefined) throw corrupt
      await snapshots.read(async (moment) => moment.spaces('', '', 0))
      // A disk that was full may have room again, and no write may come to find out.
      if (failed !== undefined) {
        await writes.run(() => transact(async () => engine(() => writer.exec('update probe set at_count = at_count + 1'))))
      }
    },
    close() {
      closed ??= shut()
      return closed
    },
  }
}

function opened(file: string, fileBytesMax: number | undefined, unlock: () => void): DatabaseSync {
  try {
    return openWriter(file, fileBytesMax)
  } catch (error) {
    unlock()
    throw error
  }
}
