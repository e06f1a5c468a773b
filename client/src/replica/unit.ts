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
  setCopy(row: CopyRow): void
  /** Takes a copy, or what is left of one, off the screen; its documents are deleted later, in slices. */
  discard(space: SpaceId, s: number): Promise<void>
  removeCopy(row: CopyRow): Promise<void>
  newS(): Promise<number>
  /** In order of number. */
  outbox(): Promise<readonly OutboxRow[]>
  setOutbox(row: OutboxRow): Promise<void>
  removeOutbox(n: number): Promise<void>
  put(table: string, row: Row): void
  remove(table: string, key: Key): void
  removeRange(table: string, range: KeyRange): void
  /** Ranges first, then single rows, table by table. */
  writes(): readonly Write[]
}

export function openUnit(tx: StorageRead): Unit {
  let self: SelfRow | undefined
  let outbox: Map<number, OutboxRow> | undefined
  const copies = new Map<SpaceId, CopyRow | undefined>()
  const ranges: Write[] = []
  const puts = new Map<string, Row[]>()
  const removals = new Map<string, Key[]>()

  const put = (table: string, row: Row) => void (puts.get(table)?.push(row) ?? puts.set(table, [row]))
  const remove = (table: string, key: Key) => void (removals.get(table)?.push(key) ?? removals.set(table, [key]))
  const removeRange = (table: string, range: KeyRange) => void ranges.push({ table, deleteRange: range })
  const outboxRows = async () => {
    outbox ??= new Map((await tx.list('outbox')).map((row) => [row.n as number, row as OutboxRow]))
    return outbox
  }
  const selfRow = async () => {
    self ??= (await tx.get('self', SELF)) as SelfRow | undefined
    if (self === undefined) throw new UnavailableError('This device has cleared the data of this app: reload it.')
    return self
  }
  const touched = new Set<SpaceId>()
  const touchedRows = new Set<number>()
  let selfTouched = false

  const unit: Unit = {
    tx,
    self: selfRow,
    async setSelf(change) {
      self = { ...(await selfRow()), ...change }
      selfTouched = true
    },
    async copy(space) {
      if (!copies.has(space)) copies.set(space, (await tx.get('copies', space)) as CopyRow | undefined)
      return copies.get(space)
    },
    setCopy(row) {
      copies.set(row.space, row)
      touched.add(row.space)
    },
    async discard(space, s) {
      const { garbage } = await selfRow()
      await unit.setSelf({ garbage: [...garbage, { s, kind: kindOf(space) }] })
      removeRange('base', keysOf(s))
    },
    async removeCopy({ space, $s, next }) {
      await unit.discard(space, $s)
      if (next) await unit.discard(space, next.$s)
      copies.set(space, undefined)
      touched.add(space)
    },
    async newS() {
      const s = (await selfRow()).s + 1
      await unit.setSelf({ s })
      return s
    },
    async outbox() {
      return [...(await outboxRows()).values()]
    },
    async setOutbox(row) {
      ;(await outboxRows()).set(row.n, row)
      touchedRows.add(row.n)
    },
    async removeOutbox(n) {
      ;(await outboxRows()).delete(n)
      touchedRows.add(n)
    },
    put,
    remove,
    removeRange,
    writes() {
      for (const space of touched) {
        const row = copies.get(space)
        if (row) put('copies', row)
        else remove('copies', space)
      }
      for (const n of touchedRows) {
        const row = outbox?.get(n)
        if (row) put('outbox', row)
        else remove('outbox', n)
      }
      if (selfTouched && self) put('self', self)
      return [
        ...ranges,
        ...[...removals].map(([table, keys]) => ({ table, delete: keys })),
        ...[...puts].map(([table, rows]) => ({ table, put: rows })),
      ]
    },
  }
  return unit
}
