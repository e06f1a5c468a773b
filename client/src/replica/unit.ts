import type { SpaceId } from '@tidemark/shared'
import { type CopyRow, keysOf, type OutboxRow, SELF, type SelfRow } from './rows.ts'
import type { Key, KeyRange, Row, StorageRead, Write } from './storage.ts'
import { StorageError } from './storage-error.ts'

/**
 * One unit of work on the replica: reads of one moment, rows as this unit has changed them so far, and the writes that are
 * handed back at its end. Nothing of it outlives the unit, because another tab may write right after it.
 */
export interface Unit {
  readonly tx: StorageRead
  self(): Promise<SelfRow>
  setSelf(change: Partial<SelfRow>): Promise<void>
  copy(space: SpaceId): Promise<CopyRow | undefined>
  /** In order of number. */
  outbox(): Promise<readonly OutboxRow[]>
  /** Writes a row, or deletes it where none is given. */
  set(table: string, key: Key, row?: Row): void
  removeRange(table: string, range: KeyRange): void
  /** Takes a copy, or what is left of one, off the screen; its documents are deleted later, in slices. */
  discard(s: number): Promise<void>
  /** Ranges first, then single rows, table by table. */
  writes(): readonly Write[]
}

/** A row as this unit has read or changed it; `row` is undefined where there is none. */
interface Seen {
  readonly row: Row | undefined
  readonly changed: boolean
}

/** Throws StorageError where the row is missing, or not that of the replica that was opened: what was here has been deleted. */
export function present(self: Row | undefined, opened?: SelfRow): SelfRow {
  if (!self || (opened && self.born !== opened.born)) throw new StorageError('cleared', 'This device was cleared: reload.')
  // What an older build saved has never been healed.
  return ('epoch' in self ? self : { after: 0, former: [], doubts: [], epoch: 0, ...self }) as unknown as SelfRow
}

export function openUnit(tx: StorageRead): Unit {
  const seen = new Map<string, Map<Key, Seen>>()
  const ranges: Write[] = []
  let outboxRead = false

  const seenOf = (table: string) => {
    const rows = seen.get(table) ?? new Map<Key, Seen>()
    seen.set(table, rows)
    return rows
  }
  const get = async (table: string, key: Key): Promise<Row | undefined> => {
    const rows = seenOf(table)
    if (!rows.has(key)) rows.set(key, { row: await tx.get(table, key), changed: false })
    return rows.get(key)?.row
  }

  const unit: Unit = {
    tx,
    async self() {
      return present(await get('self', SELF))
    },
    async setSelf(change) {
      unit.set('self', SELF, { ...(await unit.self()), ...change })
    },
    copy: (space) => get('copies', space) as Promise<CopyRow | undefined>,
    async outbox() {
      const rows = seenOf('outbox')
      for (const row of outboxRead ? [] : await tx.list('outbox')) {
        const n = row.n as number
        if (!rows.has(n)) rows.set(n, { row, changed: false })
      }
      outboxRead = true
      return [...rows.values()].flatMap(({ row }) => (row ? [row as OutboxRow] : [])).sort((a, b) => a.n - b.n)
    },
    set: (table, key, row) => void seenOf(table).set(key, { row, changed: true }),
    removeRange: (table, range) => void ranges.push({ table, deleteRange: range }),
    async discard(s) {
      await unit.setSelf({ garbage: [...(await unit.self()).garbage, s] })
      unit.removeRange('base', keysOf(s))
    },
    writes() {
      const writes = [...ranges]
      for (const [table, rows] of seen) {
        const put: Row[] = []
        const removed: Key[] = []
        for (const [key, { row, changed }] of rows) {
          if (!changed) continue
          if (row) put.push(row)
          else removed.push(key)
        }
        if (removed.length > 0) writes.push({ table, delete: removed })
        if (put.length > 0) writes.push({ table, put })
      }
      return writes
    },
  }
  return unit
}
