import { UnavailableError } from '@tidemark/shared'
import type { Changelog } from '../changelog.ts'
import { RowsRead, RowsWrite } from '../transaction.ts'
import { TransactionLife } from '../transaction-life.ts'
import { WriteQueue } from '../write-queue.ts'
import { MemoryRows, WritableMemoryRows } from './memory-rows.ts'
import { MemoryStore, type Snapshot } from './memory-store.ts'

export interface MemoryChangelog extends Changelog {
  /** What is committed now: a backup. A changelog made from it is one that started again after a crash. */
  snapshot(): Snapshot
  /** Puts a backup in place of everything, under the feet of whoever is connected. A write that is under way fails. */
  restore(snapshot: Snapshot): void
}

/** A changelog without a disk, for tests, simulations and trying things out. It uses promises only: no clock, no chance. */
export function memoryChangelog(snapshot?: Snapshot): MemoryChangelog {
  const writes = new WriteQueue()
  let store = new MemoryStore(snapshot)
  let closed = false

  function rowsNow(): MemoryRows {
    if (closed) throw new UnavailableError('The changelog is closed.')
    return new MemoryRows(store, store.committed)
  }

  return {
    write(work) {
      return writes.run(async () => {
        const into = store
        const rows = new WritableMemoryRows(into)
        const life = new TransactionLife()
        try {
          const result = await work((tenant) => new RowsWrite(tenant, rows, life))
          life.assertWhole()
          if (into !== store) throw new UnavailableError('The changelog was restored meanwhile.')
          into.commit()
          return result
        } catch (error) {
          into.rollback()
          throw error
        } finally {
          life.end()
        }
      })
    },
    async read(tenant, work) {
      if (closed) throw new UnavailableError('The changelog is closed.')
      const life = new TransactionLife()
      const from = store
      const { at, close } = from.openReader()
      try {
        return await work(new RowsRead(tenant, new MemoryRows(from, at), life))
      } finally {
        life.end()
        close()
      }
    },
    spaces: async (after, count) => rowsNow().spaces(after?.tenant ?? '', after?.space ?? '', count),
    clients: async (after, count) => rowsNow().clients(after?.tenant ?? '', after?.client ?? '', count),
    async ready() {
      if (closed) throw new UnavailableError('The changelog is closed.')
    },
    async close() {
      await writes.close()
      closed = true
    },
    snapshot: () => store.snapshot(),
    restore(backup) {
      store = new MemoryStore(backup)
    },
  }
}
