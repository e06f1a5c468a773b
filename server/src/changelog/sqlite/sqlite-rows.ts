import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { type Seal, type SpaceId, toVersion, type Version } from '@tidemark/shared'
import type { ClientRecord, KeyedRecord, MutationRecord, StoredDocument } from '../changelog.ts'
import { type Cell, checksumOf } from '../checksum.ts'
import { CorruptRowError } from '../corrupt-row-error.ts'
import type { CommitRow, Rows, SpaceRow } from '../rows.ts'
import { fromEngine } from './engine-error.ts'
import { believe, type RawRow } from './stored-row.ts'

const SPACE = 'select version, seal, log_start, horizon, checksum from spaces where tenant = ? and space = ?'
const ANY_COMMIT = 'select 1 from commits where tenant = ? and space = ? limit 1'
const SEAL = 'select seal, at_ms, body_checksum, checksum from commits where tenant = ? and space = ? and version = ?'
const COMMITS =
  'select version, seal, at_ms, body_checksum, checksum, body from commits where tenant = ? and space = ? and version > ? order by version'
const DOCUMENT_COLUMNS = 'collection, id, version, created, creator, origin, checksum, doc'
const DOCUMENT = `select ${DOCUMENT_COLUMNS} from documents where tenant = ? and space = ? and collection = ? and id = ?`
const DOCUMENTS_AFTER = `select ${DOCUMENT_COLUMNS} from documents indexed by documents_by_version
  where tenant = ? and space = ? and version > ? order by version`
const CLIENT = 'select user, n, nonce, seen_ms, checksum from clients where tenant = ? and client = ?'
const MUTATION = 'select n, nonce, at_ms, outcome, checksum from mutations where tenant = ? and client = ? and n = ?'
const KEYED = 'select place, digest, at_ms, outcome, checksum from keyed where tenant = ? and source = ? and key = ?'

interface CommitCells {
  readonly version: Version
  readonly seal: Seal
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

/** The rows that one connection sees. Every statement is prepared once. */
export class SqliteRows implements Rows {
  protected readonly db: DatabaseSync
  readonly #watch: RowsWatch
  readonly #statements = new Map<string, StatementSync>()

  constructor(db: DatabaseSync, watch: RowsWatch) {
    this.db = db
    this.#watch = watch
  }

  space(tenant: string, space: SpaceId): SpaceRow | undefined {
    const key = [tenant, space]
    return this.guard('spaces', key, () => {
      const raw = this.one(SPACE, key)
      if (raw === undefined) {
        // Without its row a space would start again at 1, under everybody's feet.
        if (this.one(ANY_COMMIT, key) !== undefined) throw this.missing(['spaces', ...key].join(' '))
        return undefined
      }
      const row = believe<{ version: Version; seal: Seal; log_start: Version; horizon: Version }>('spaces', key, raw, SPACE_CELLS)
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

  documentsAfter(tenant: string, space: SpaceId, from: Version): Iterable<StoredDocument> {
    return this.#each('documents', DOCUMENTS_AFTER, [tenant, space, from], (raw) => {
      const document = documentOf(tenant, space, raw)
      // A damaged index would hand out a row of an earlier version.
      if (document.version <= from) throw new CorruptRowError(['documents_by_version', tenant, space, document.version].join(' '))
      return document
    })
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
      if (raw === undefined) return undefined
      const { user, n, nonce } = believe<ClientRecord>('clients', key, raw, CLIENT_CELLS)
      return { user, n, nonce }
    })
  }

  mutation(tenant: string, client: string, n: number): MutationRecord | undefined {
    const key = [tenant, client, n]
    return this.guard('mutations', key, () => {
      const raw = this.one(MUTATION, key)
      if (raw === undefined) return undefined
      const { nonce, outcome } = believe<MutationRecord>('mutations', key, raw, MUTATION_CELLS)
      return { n, nonce, outcome }
    })
  }

  keyed(tenant: string, source: string, key: string): KeyedRecord | undefined {
    const row = [tenant, source, key]
    return this.guard('keyed', row, () => {
      const raw = this.one(KEYED, row)
      if (raw === undefined) return undefined
      const { digest, outcome } = believe<KeyedRecord>('keyed', row, raw, KEYED_CELLS)
      return { source, key, digest, outcome }
    })
  }

  missing(row: string): CorruptRowError {
    const error = new CorruptRowError(`${row} (missing)`)
    this.#watch.corrupt(error)
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
    this.#watch.assertUsable()
    try {
      return access()
    } catch (error) {
      const known = fromEngine(error, [table, ...key].join(' '))
      if (known instanceof CorruptRowError) this.#watch.corrupt(known)
      else this.#watch.failed(known)
      throw known
    }
  }

  *#each<T>(table: string, sql: string, key: SQLInputValue[] & Cell[], read: (raw: RawRow) => T): Generator<T> {
    const rows = this.guard(table, key, () => this.prepared(sql).iterate(...key))
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
    }
  }
}

const SPACE_CELLS: readonly string[] = ['version', 'seal', 'log_start', 'horizon']
const COMMIT_CELLS: readonly string[] = ['seal', 'at_ms', 'body_checksum']
const DOCUMENT_CELLS: readonly string[] = ['version', 'created', 'creator', 'origin', 'doc']
const CLIENT_CELLS: readonly string[] = ['user', 'n', 'nonce', 'seen_ms']
const MUTATION_CELLS: readonly string[] = ['nonce', 'at_ms', 'outcome']
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
