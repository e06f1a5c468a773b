/** A row of any table; its primary key is the field that the table names. */
export type Row = Readonly<Record<string, unknown>>
export type Key = string | number

/** The tables that every replica has beside one `{kind}_{collection}` for each collection. Primary keys in brackets. */
export const REPLICA_TABLES = {
  /** One row: client id, the last number given out, counts for the audit. [`id`] */
  self: 'id',
  /** One row a copy: `$s`, version, seal, the unfinished copy beside it [R6]. [`space`] */
  copies: 'space',
  /** Mutations not yet settled, and settled ones that are still shown [M4]. [`n`] */
  outbox: 'n',
  /** Refused ones, kept until the app retries or dismisses them. [`n`] */
  refused: 'n',
  /** Settled ones, so that a server that forgot can be healed [M6]. [`n`] */
  tail: 'n',
  /** Documents as the server last told them, of those on which optimistic results lie. [`key`] */
  base: 'key',
} as const

/** A stretch of primary keys, both ends included where given. */
export interface KeyRange {
  readonly from?: Key | undefined
  readonly to?: Key | undefined
}

export type Write =
  | { readonly table: string; readonly put: readonly Row[] }
  | { readonly table: string; readonly delete: readonly Key[] }
  | { readonly table: string; readonly deleteRange: KeyRange }

/** A unit whose transaction the engine has ended, because its work waited for something else. Nothing of it is written. */
export class UnitEndedError extends Error {
  constructor(cause?: unknown) {
    super('the unit waited for something else than its transaction, which ended meanwhile', { cause })
    this.name = 'UnitEndedError'
  }
}

/** Reads of one moment. They throw UnitEndedError once the engine has ended the transaction. */
export interface StorageRead {
  /** Resolves when the engine ends the transaction, so that nobody waits for work that can no longer be saved. */
  readonly over?: Promise<void>
  get(table: string, key: Key): Promise<Row | undefined>
  getMany(table: string, keys: readonly Key[]): Promise<readonly (Row | undefined)[]>
  /** Rows in order of their primary keys. */
  list(table: string, range?: KeyRange, limit?: number): Promise<readonly Row[]>
}

/** `own`: see `onChange`. `within`: where the primary keys of a table lie that others changed; undefined where nobody can tell. */
export type ChangeListener = (
  tables: readonly string[],
  own?: readonly Write[],
  within?: (table: string) => readonly KeyRange[] | undefined,
) => void

/**
 * The client's store. IndexedDB commits by itself when nothing is asked of a transaction: a unit therefore reads, runs app
 * code, and then hands back all its writes, which are issued in one synchronous burst. A unit that dies has written nothing.
 */
export interface ReplicaStorage {
  read<T>(tables: readonly string[], work: (tx: StorageRead) => Promise<T>): Promise<T>
  /**
   * Runs one unit. `work` awaits nothing but `tx`; what it returns as `writes` is committed whole, or not at all.
   * `strict` asks for a flush to the disk before this resolves (the outbox); `relaxed` does not (ranges, which can be pulled again).
   */
  write<T>(
    tables: readonly string[],
    durability: 'strict' | 'relaxed',
    work: (tx: StorageRead) => Promise<{ readonly result: T; readonly writes: readonly Write[] }>,
  ): Promise<T>
  /**
   * Calls `listener` after commits, of other tabs too where the engine tells; a hint. `own`: the writes, where this handle made
   * them; then it is called before anything else can read them. The returned function ends it.
   */
  onChange(listener: ChangeListener): () => void
  /**
   * The page is about to be frozen, or is back. Frozen pages are still told what others write; a transaction that one of them begins then
   * does not end, and holds up the other tabs.
   */
  aside?(isAside: boolean): void
  close(): Promise<void>
  /** Closes it, and takes it off the device where that is more than deleting its rows. */
  delete?(): Promise<void>
}
