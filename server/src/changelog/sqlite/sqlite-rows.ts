import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { type Seal, type SpaceId, toVersion, type Version } from '@tidemark/shared'
import type { ClientExtent, ClientRecord, FailureRecord, KeyedRecord, MutationRecord, SpaceExtent, StoredDocument } from '../changelog.ts'
import { type Cell, checksumOf } from '../checksum.ts'
import { CorruptRowError } from '../corrupt-row-error.ts'
import type { CommitRow, DocumentPlace, Rows, SpaceRow } from '../rows.ts'
import { fromEngine } from './engine-error.ts'
import { believe, type RawRow } from './stored-row.ts'

const SPACE = 'select version, seal, log_start, horizon, checksum from spaces where tenant = ? and space = ?'
const ANY_COMMIT = 'select 1 from commits where tenant = ? and space = ? limit 1'
const SEAL = 'select seal, at_ms, body_checksum, checksum from commits where tenant = ? and space = ? and version = ?'
const COMMITS =
  'select version, seal, at_ms, body_checksum, checksum, body from commits where tenant = ? and space = ? and version > ? order by version'
const COMMIT_TIMES =
  'select version, seal, at_ms, body_checksum, checksum from commits where tenant = ? and space = ? and version > ? order by version'
const SPACES = `select tenant, space, version, seal, log_start, horizon, checksum from spaces
  where (tenant, space) > (?, ?) order by tenant, space limit ?`
const CLIENTS = `select tenant, client, user, n, nonce, seen_ms, checksum,
    (select min(n) from mutations where mutations.tenant = clients.tenant and mutations.client = clients.client) as oldest
  from clients where (tenant, client) > (?, ?) order by tenant, client limit ?`
const DOCUMENT_COLUMNS = 'collection, id, version, created, creator, origin, checksum, doc'
const DOCUMENT = `select ${DOCUMENT_COLUMNS} from documents where tenant = ? and space = ? and collection = ? and id = ?`
// Each of these walks an index from the place where it begins to where the reader stops.
const NEXT_COLLECTION = `select collection from documents indexed by documents_living
  where tenant = ? and space = ? and collection > ? and doc is not null order by collection limit 1`
const LIVING_AFTER = `select ${DOCUMENT_COLUMNS} from documents indexed by documents_living
  where tenant = ? and space = ? and collection = ? and version > ? and doc is not null order by version`
const DELETED_AFTER = `select ${DOCUMENT_COLUMNS} from documents indexed by documents_deleted
  where tenant = ? and space = ? and version > ? and doc is null order by version`
const CREATED_WITHIN = `select id, version from documents indexed by documents_by_creation
  where tenant = ? and space = ? and collection = ? and created > ? and created <= ? and doc is not null`
const CREATED_UP_TO = `select ${DOCUMENT_COLUMNS} from documents indexed by documents_by_creation
  where tenant = ? and space = ? and collection = ? and created <= ? and doc is not null order by created desc`
const FLOOR = `select created as floor from documents indexed by documents_by_creation
  where tenant = ?1 and space = ?2 and collection = ?3 and doc is not null and created < (
    select created from documents indexed by documents_by_creation
    where tenant = ?1 and space = ?2 and collection = ?3 and created <= ?4 and doc is not null order by created desc limit 1 offset ?5 - 1
  ) order by created desc limit 1`
const CLIENT = 'select user, n, nonce, seen_ms, checksum from clients where tenant = ? and client = ?'
const MUTATION = 'select n, nonce, at_ms, outcome, checksum from mutations where tenant = ? and client = ? and n = ?'
const FAILURE = 'select n, nonce, times, since_ms, checksum from failures where tenant = ? and client = ?'
const KEYED = 'select place, digest, at_ms, outcome, checksum from keyed where tenant = ? and source = ? and key = ?'

/** Tables without a second index, by the columns of their keys: nothing to compare a key with. */
const KEYS = {
  spaces: ['tenant', 'space'],
  clients: ['tenant', 'client'],
  mutations: ['tenant', 'client', 'n'],
  failures: ['tenant', 'client'],
  keyed: ['tenant', 'source', 'key'],
} as const satisfies Record<string, readonly string[]>

interface SpaceCells {
  readonly version: Version
  readonly seal: Seal
  readonly log_start: Version
  readonly horizon: Version
}

interface CommitCells {
  readonly version: Version
  readonly seal: Seal
  readonly at_ms: number
  readonly body_checksum: number
  readonly body: string | null
}

/** What is told of the errors that rows meet, beside those who asked. */
export interface RowsWatch {
  /** A row was damaged. */
  corrupt(error: CorruptRowError): void
  /** The engine failed at something: what came before in this transaction may be undone already. */
  failed(error: unknown): void
  /** Before each access: throws where the transaction must not go on. */
  assertUsable(): void
}

/** The rows that one connection sees. Statements are prepared once, those that are iterated once for each walk under way. */
export class SqliteRows implements Rows {
  protected readonly db: DatabaseSync
  protected readonly watch: RowsWatch
  readonly #statements = new Map<string, StatementSync>()
  readonly #idle = new Map<string, StatementSync[]>()

  constructor(db: DatabaseSync, watch: RowsWatch) {
    this.db = db
    this.watch = watch
  }

  space(tenant: string, space: SpaceId): SpaceRow | undefined {
    const key = [tenant, space]
    return this.guard('spaces', key, () => {
      const raw = this.one(SPACE, key)
      if (raw === undefined) {
        this.#assertNone('spaces', key, SPACE_CELLS)
        // Without its row a space would start again at 1, under everybody's feet.
        if (this.one(ANY_COMMIT, key) !== undefined) throw this.missing(['spaces', ...key].join(' '))
        return undefined
      }
      const row = believe<SpaceCells>('spaces', key, raw, SPACE_CELLS)
      return { version: row.version, seal: row.seal, logStart: row.log_start, horizon: row.horizon }
    })
  }

  seal(tenant: string, space: SpaceId, version: Version): Seal | undefined {
    const key = [tenant, space, version]
    return this.guard('commits', key, () => {
      const raw = this.one(SEAL, key)
      return raw && believe<CommitCells>('commits', key, raw, COMMIT_CELLS).seal
    })
  }

  commits(tenant: string, space: SpaceId, from: Version): Iterable<CommitRow> {
    return this.#each('commits', COMMITS, [tenant, space, from], (raw) => {
      const key = [tenant, space, raw.version as number]
      const { version, seal, body, body_checksum } = believe<CommitCells>('commits', key, raw, COMMIT_CELLS)
      if (body === null || checksumOf([body]) !== body_checksum) throw new CorruptRowError(['commits', ...key, 'body'].join(' '))
      return { version, seal, body }
    })
  }

  commitTimes(tenant: string, space: SpaceId, from: Version): Iterable<{ readonly version: Version; readonly atMs: number }> {
    return this.#each('commits', COMMIT_TIMES, [tenant, space, from], (raw) => {
      const { version, at_ms: atMs } = believe<CommitCells>('commits', [tenant, space, raw.version as number], raw, COMMIT_CELLS)
      return { version, atMs }
    })
  }

  spaces(tenant: string, space: string, count: number): readonly SpaceExtent[] {
    return this.#list('spaces', SPACES, [tenant, space, count], (raw) => {
      const key = [raw.tenant as string, raw.space as string]
      const row = believe<SpaceCells & { tenant: string; space: SpaceId }>('spaces', key, raw, SPACE_CELLS)
      return { tenant: row.tenant, space: row.space, version: row.version, logStart: row.log_start, horizon: row.horizon }
    })
  }

  clients(tenant: string, client: string, count: number): readonly ClientExtent[] {
    return this.#list('clients', CLIENTS, [tenant, client, count], (raw) => {
      const key = [raw.tenant as string, raw.client as string]
      const row = believe<{ tenant: string; client: string; n: number; seen_ms: number }>('clients', key, raw, CLIENT_CELLS)
      return { tenant: row.tenant, client: row.client, n: row.n, seenMs: row.seen_ms, oldest: (raw.oldest as number | null) ?? undefined }
    })
  }

  collections(tenant: string, space: SpaceId): readonly string[] {
    const collections: string[] = []
    this.guard('documents_living', [tenant, space], () => {
      for (let last = ''; ; ) {
        const next = this.one(NEXT_COLLECTION, [tenant, space, last])?.collection as string | undefined
        if (next === undefined) return
        // A damaged index could lead in a circle.
        if (next <= last) throw new CorruptRowError(['documents_living', tenant, space].join(' '))
        collections.push(next)
        last = next
      }
    })
    return collections
  }

  livingAfter(tenant: string, space: SpaceId, collection: string, from: Version): Iterable<StoredDocument> {
    const fits = ({ version, doc }: StoredDocument): boolean => version > from && doc !== undefined
    return this.#documents('documents_living', LIVING_AFTER, [tenant, space, collection, from], fits)
  }

  deletedAfter(tenant: string, space: SpaceId, from: Version): Iterable<StoredDocument> {
    const fits = ({ version, doc }: StoredDocument): boolean => version > from && doc === undefined
    return this.#documents('documents_deleted', DELETED_AFTER, [tenant, space, from], fits)
  }

  createdWithin(tenant: string, space: SpaceId, collection: string, after: Version, upTo: Version): Iterable<DocumentPlace> {
    // Not believed before the document itself was read.
    return this.#each(
      'documents_by_creation',
      CREATED_WITHIN,
      [tenant, space, collection, after, upTo],
      (raw) => raw as unknown as DocumentPlace,
    )
  }

  createdUpTo(tenant: string, space: SpaceId, collection: string, upTo: Version): Iterable<StoredDocument> {
    const fits = ({ created, doc }: StoredDocument): boolean => created <= upTo && doc !== undefined
    return this.#documents('documents_by_creation', CREATED_UP_TO, [tenant, space, collection, upTo], fits)
  }

  floor(tenant: string, space: SpaceId, collection: string, upTo: Version, count: number): Version | undefined {
    const key = [tenant, space, collection, upTo, count]
    return this.guard('documents_by_creation', key, () => this.one(FLOOR, key)?.floor as Version | undefined)
  }

  document(tenant: string, space: SpaceId, collection: string, id: string): StoredDocument | undefined {
    const key = [tenant, space, collection, id]
    return this.guard('documents', key, () => {
      const raw = this.one(DOCUMENT, key)
      return raw && documentOf(tenant, space, raw)
    })
  }

  client(tenant: string, client: string): ClientRecord | undefined {
    const key = [tenant, client]
    return this.guard('clients', key, () => {
      const raw = this.one(CLIENT, key)
      if (raw === undefined) return this.#assertNone('clients', key, CLIENT_CELLS)
      const { user, n, nonce } = believe<ClientRecord>('clients', key, raw, CLIENT_CELLS)
      return { user, n, nonce }
    })
  }

  mutation(tenant: string, client: string, n: number): MutationRecord | undefined {
    const key = [tenant, client, n]
    return this.guard('mutations', key, () => {
      const raw = this.one(MUTATION, key)
      if (raw === undefined) return this.#assertNone('mutations', key, MUTATION_CELLS)
      const { nonce, outcome } = believe<MutationRecord>('mutations', key, raw, MUTATION_CELLS)
      return { n, nonce, outcome }
    })
  }

  failure(tenant: string, client: string): FailureRecord | undefined {
    const key = [tenant, client]
    return this.guard('failures', key, () => {
      const raw = this.one(FAILURE, key)
      if (raw === undefined) return this.#assertNone('failures', key, FAILURE_CELLS)
      const { n, nonce, times, since_ms } = believe<FailureRecord & { since_ms: number }>('failures', key, raw, FAILURE_CELLS)
      return { n, nonce, times, sinceMs: since_ms }
    })
  }

  keyed(tenant: string, source: string, key: string): KeyedRecord | undefined {
    const row = [tenant, source, key]
    return this.guard('keyed', row, () => {
      const raw = this.one(KEYED, row)
      if (raw === undefined) return this.#assertNone('keyed', row, KEYED_CELLS)
      const { digest, outcome } = believe<KeyedRecord>('keyed', row, raw, KEYED_CELLS)
      return { source, key, digest, outcome }
    })
  }

  missing(row: string): CorruptRowError {
    const error = new CorruptRowError(`${row} (missing)`)
    this.watch.corrupt(error)
    return error
  }

  protected one(sql: string, values: SQLInputValue[]): RawRow | undefined {
    return this.prepared(sql).get(...values)
  }

  protected prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.db.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }

  /** Runs one access, and makes its errors ours. */
  protected guard<T>(table: string, key: readonly Cell[], access: () => T): T {
    this.watch.assertUsable()
    try {
      return access()
    } catch (error) {
      const known = fromEngine(error, [table, ...key].join(' '))
      if (known instanceof CorruptRowError) this.watch.corrupt(known)
      else this.watch.failed(known)
      throw known
    }
  }

  /** Documents by an index; `fits` holds for each that a sound index hands out. */
  #documents(
    index: string,
    sql: string,
    key: [string, SpaceId, ...Cell[]],
    fits: (document: StoredDocument) => boolean,
  ): Iterable<StoredDocument> {
    return this.#each('documents', sql, key, (raw) => {
      const document = documentOf(key[0], key[1], raw)
      if (!fits(document)) throw new CorruptRowError([index, ...key].join(' '))
      return document
    })
  }

  /**
   * A row that was not found is none only where those beside its place are whole: one whose key was damaged stands there still, under
   * a key that nobody asks for. Throws CorruptRowError.
   */
  #assertNone(table: keyof typeof KEYS, key: SQLInputValue[] & Cell[], columns: readonly string[]): undefined {
    const keys: readonly string[] = KEYS[table]
    const places = keys.map(() => '?').join(', ')
    for (const [side, order] of [
      ['<', 'desc'],
      ['>', 'asc'],
    ]) {
      const raw = this.one(
        `select ${[...keys, ...columns].join(', ')}, checksum from ${table}
          where (${keys.join(', ')}) ${side} (${places}) order by ${keys.map((column) => `${column} ${order}`).join(', ')} limit 1`,
        key,
      )
      if (raw !== undefined) believe(table, keys.map((column) => raw[column]) as Cell[], raw, columns)
    }
    return undefined
  }

  #list<T>(table: string, sql: string, key: SQLInputValue[] & Cell[], read: (raw: RawRow) => T): readonly T[] {
    return this.guard(table, key, () =>
      this.prepared(sql)
        .all(...key)
        .map(read),
    )
  }

  *#each<T>(table: string, sql: string, key: SQLInputValue[] & Cell[], read: (raw: RawRow) => T): Generator<T> {
    // One statement walks one way at a time; several are under way where they are merged.
    const idle = this.#idle.get(sql) ?? []
    this.#idle.set(sql, idle)
    const statement = idle.pop() ?? this.guard(table, key, () => this.db.prepare(sql))
    const rows = this.guard(table, key, () => statement.iterate(...key))
    try {
      for (;;) {
        const next = this.guard(table, key, () => {
          const step = rows.next()
          return step.done ? undefined : { value: read(step.value as RawRow) }
        })
        if (next === undefined) return
        yield next.value
      }
    } finally {
      rows.return?.()
      idle.push(statement)
    }
  }
}

const SPACE_CELLS: readonly string[] = ['version', 'seal', 'log_start', 'horizon']
const COMMIT_CELLS: readonly string[] = ['seal', 'at_ms', 'body_checksum']
const DOCUMENT_CELLS: readonly string[] = ['version', 'created', 'creator', 'origin', 'doc']
const CLIENT_CELLS: readonly string[] = ['user', 'n', 'nonce', 'seen_ms']
const MUTATION_CELLS: readonly string[] = ['nonce', 'at_ms', 'outcome']
const FAILURE_CELLS: readonly string[] = ['n', 'nonce', 'times', 'since_ms']
const KEYED_CELLS: readonly string[] = ['place', 'digest', 'at_ms', 'outcome']

function documentOf(tenant: string, space: SpaceId, raw: RawRow): StoredDocument {
  const key = [tenant, space, raw.collection as string, raw.id as string]
  const row = believe<Omit<StoredDocument, 'origin' | 'doc'> & { origin: string | null; doc: string | null }>(
    'documents',
    key,
    raw,
    DOCUMENT_CELLS,
  )
  const { collection, id, version, created, creator } = row
  return {
    collection,
    id,
    version: toVersion(version),
    created: toVersion(created),
    creator,
    origin: row.origin ?? undefined,
    doc: row.doc ?? undefined,
  }
}
