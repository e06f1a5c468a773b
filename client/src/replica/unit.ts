import { kindOf, type SpaceId, UnavailableError } from '@tidemark/shared'
import { type CopyRow, keysOf, type OutboxRow, SELF, type SelfRow } from './rows.ts'
import type { Key, KeyRange, Row, StorageRead, Write } from './storage.ts'

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
  discard(space: SpaceId, s: number): Promise<void>
  /** Ranges first, then single rows, table by table. */
  writes(): readonly Write[]
}

/** A row as this unit has read or changed it; `row` is undefined where there is none. */
interface Seen {
  readonly row: Row | undefined
  readonly changed: boolean
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
  const see = (table: string, key: Key, row: Row | undefined, changed: boolean) => void seenOf(table).set(key, { row, changed })
  const get = async (table: string, key: Key): Promise<Row | undefined> => {
    if (!seenOf(table).has(key)) see(table, key, await tx.get(table, key), false)
    return seenOf(table).get(key)?.row
  }

  const unit: Unit = {
    tx,
    async self() {
      const row = await get('self', SELF)
      if (row === undefined) throw new UnavailableError('This device has cleared the data of this app: reload it.')
      return row as SelfRow
    },
    async setSelf(change) {
      unit.set('self', SELF, { ...(await unit.self()), ...change })
    },
    copy: (space) => get('copies', space) as Promise<CopyRow | undefined>,
    async outbox() {
      if (!outboxRead)
        for (const row of await tx.list('outbox')) if (!seenOf('outbox').has(row.n as number)) see('outbox', row.n as number, row, false)
      outboxRead = true
      return [...seenOf('outbox').values()].flatMap(({ row }) => (row ? [row as OutboxRow] : []))
    },
    set: (table, key, row) => see(table, key, row, true),
    removeRange: (table, range) => void ranges.push({ table, deleteRange: range }),
    async discard(space, s) {
      await unit.setSelf({ garbage: [...(await unit.self()).garbage, { s, kind: kindOf(space) }] })
      unit.removeRange('base', keysOf(s))
    },
    writes() {
      const writes = [...ranges]
      for (const [table, rows] of seen) {
        const changed = [...rows].filter(([, { changed }]) => changed)
        const put = changed.flatMap(([, { row }]) => (row ? [row] : []))
        const removed = changed.flatMap(([key, { row }]) => (row ? [] : [key]))
        if (removed.length > 0) writes.push({ table, delete: removed })
        if (put.length > 0) writes.push({ table, put })
      }
      return writes
    },
  }
  return unit
}
