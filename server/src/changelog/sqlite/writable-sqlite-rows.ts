import type { SQLInputValue } from 'node:sqlite'
import { type SpaceId, TAIL_MS, type Version } from '@tidemark/shared'
import type { ClientRecord, FailureRecord, KeyedRecord, MutationRecord, StoredDocument } from '../changelog.ts'
import { type Cell, checksumOf } from '../checksum.ts'
import { KEYED_PRUNED_AT_ONCE } from '../keyed-retention.ts'
import { PRUNED_AT_ONCE, RECORDS_KEPT_MAX, RECORDS_KEPT_MIN } from '../mutation-retention.ts'
import type { CommitRow, SpaceRow, WritableRows } from '../rows.ts'
import { HeldRows } from './held-rows.ts'
import { SqliteRows } from './sqlite-rows.ts'

const PUT_SPACE = 'insert or replace into spaces (tenant, space, version, seal, log_start, horizon, checksum) values (?, ?, ?, ?, ?, ?, ?)'
const ADD_COMMIT =
  'insert into commits (tenant, space, version, seal, at_ms, body_checksum, checksum, body) values (?, ?, ?, ?, ?, ?, ?, ?)'
const PUT_DOCUMENT = `insert into documents (tenant, space, collection, id, version, created, creator, origin, doc, checksum)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  on conflict (tenant, space, collection, id) do update set version = excluded.version, created = excluded.created,
    creator = excluded.creator, origin = excluded.origin, doc = excluded.doc, checksum = excluded.checksum`
const PUT_CLIENT = 'insert or replace into clients (tenant, client, user, n, nonce, seen_ms, checksum) values (?, ?, ?, ?, ?, ?, ?)'
const ADD_MUTATION = 'insert into mutations (tenant, client, n, nonce, at_ms, outcome, checksum) values (?, ?, ?, ?, ?, ?, ?)'
const PUT_FAILURE = 'insert or replace into failures (tenant, client, n, nonce, times, since_ms, checksum) values (?, ?, ?, ?, ?, ?, ?)'
// The condition of isForgettable, asked of the oldest few only, and in one walk: most often none of them is.
const PRUNE_MUTATIONS = `delete from mutations where tenant = ?1 and client = ?2 and n in (
    select n from (select n, at_ms from mutations where tenant = ?1 and client = ?2 and n <= ?3 order by n limit ${PRUNED_AT_ONCE})
    where n <= ?4 or at_ms < ?5
  )`
const DROP_MUTATIONS = `delete from mutations where tenant = ?1 and client = ?2
  and n in (select n from mutations where tenant = ?1 and client = ?2 and n < ?3 order by n limit ?5) and at_ms < ?4`
const KEYED_PLACES = `select (select min(place) from keyed where tenant = ?1) as oldest, (select max(place) from keyed where tenant = ?1) as newest`
const ADD_KEYED = 'insert into keyed (tenant, source, key, place, digest, at_ms, outcome, checksum) values (?, ?, ?, ?, ?, ?, ?, ?)'
const PRUNE_KEYED = `delete from keyed where tenant = ?1 and at_ms < ?2
  and place in (select place from keyed where tenant = ?1 order by place limit ${KEYED_PRUNED_AT_ONCE})`
const DROP_LOG = 'update commits set body = null where tenant = ? and space = ? and version > ? and version <= ?'
const DROP_DELETIONS = `delete from documents indexed by documents_deleted
  where tenant = ? and space = ? and version <= ? and doc is null`
const DROP_SEALS = 'delete from commits where tenant = ? and space = ? and version < ?'

/** Statements after which the engine's savepoint is set anew: so many, and those of one mutation, are kept in memory. */
const REPLAYABLE_MAX = 64

/** A statement that was run. */
interface Written {
  readonly sql: string
  readonly table: string
  readonly values: SQLInputValue[]
}

/** A row on its way, by the columns that it will have. */
interface Held<Row> {
  readonly key: Cell[]
  readonly cells: Cell[]
  readonly row: Row
}

/** The rows as the connection that writes sees and changes them. Heads and clients are written by `flush`. */
export class WritableSqliteRows extends SqliteRows implements WritableRows {
  readonly #spaces = new HeldRows<Held<SpaceRow>>()
  readonly #clients = new HeldRows<Held<ClientRecord>>()
  /**
   * What was run since the engine's own savepoint; undefined where none is open. The engine copies every page that is written after
   * one, and hardly any is ever gone back to: so one of its serves many of ours, and who goes back runs again what came between.
   */
  #replayable: Written[] | undefined
  /** How much of that came before our savepoint. */
  #kept = 0

  savepoint(): void {
    if (this.#replayable !== undefined && this.#replayable.length >= REPLAYABLE_MAX) this.#endEngineSavepoint()
    if (this.#replayable === undefined) {
      this.#control('savepoint mutations')
      this.#replayable = []
    }
    this.#kept = this.#replayable.length
    this.#spaces.mark()
    this.#clients.mark()
  }

  rollbackToSavepoint(): void {
    this.#spaces.undo()
    this.#clients.undo()
    const kept = this.#replayable?.slice(0, this.#kept) ?? []
    try {
      this.#control('rollback to mutations')
      // Nothing is run again twice, however many go back.
      this.#endEngineSavepoint()
      for (const { sql, table, values } of kept) this.#run(sql, table, values)
    } catch (error) {
      // Whatever it was: neighbours that count as written are not, so that nothing may be committed.
      this.watch.failed(error)
      throw error
    }
  }

  releaseSavepoint(): void {
    this.#spaces.release()
    this.#clients.release()
  }

  /** Before a commit: writes what is held. */
  flush(): void {
    for (const { key, cells } of this.#spaces.take()) this.#put(PUT_SPACE, 'spaces', key, cells)
    for (const { key, cells } of this.#clients.take()) this.#put(PUT_CLIENT, 'clients', key, cells)
  }

  /** A transaction begins: what an earlier one held was not committed. */
  forget(): void {
    this.#replayable = undefined
    this.#spaces.take()
    this.#clients.take()
  }

  override space(tenant: string, space: SpaceId): SpaceRow | undefined {
    return this.#spaces.get(keyOf(tenant, space))?.row ?? super.space(tenant, space)
  }

  override client(tenant: string, client: string): ClientRecord | undefined {
    return this.#clients.get(keyOf(tenant, client))?.row ?? super.client(tenant, client)
  }

  putSpace(tenant: string, space: SpaceId, row: SpaceRow): void {
    const { version, seal, logStart, horizon } = row
    this.#spaces.set(keyOf(tenant, space), { key: [tenant, space], cells: [version, seal, logStart, horizon], row })
  }

  addCommit(tenant: string, space: SpaceId, { version, seal, body }: CommitRow, nowMs: number): void {
    this.#put(ADD_COMMIT, 'commits', [tenant, space, version], [seal, nowMs, checksumOf([body])], [body])
  }

  putDocument(tenant: string, space: SpaceId, document: StoredDocument): void {
    const { collection, id, version, created, creator, origin, doc } = document
    this.#put(PUT_DOCUMENT, 'documents', [tenant, space, collection, id], [version, created, creator, origin ?? null, doc ?? null])
  }

  putClient(tenant: string, client: string, row: ClientRecord, nowMs: number): void {
    const { user, n, nonce } = row
    this.#clients.set(keyOf(tenant, client), { key: [tenant, client], cells: [user, n, nonce, nowMs], row })
  }

  addMutation(tenant: string, client: string, { n, nonce, outcome }: MutationRecord, nowMs: number): void {
    this.#put(ADD_MUTATION, 'mutations', [tenant, client, n], [nonce, nowMs, outcome])
  }

  putFailure(tenant: string, client: string, { n, nonce, times, sinceMs }: FailureRecord): void {
    this.#put(PUT_FAILURE, 'failures', [tenant, client], [n, nonce, times, sinceMs])
  }

  pruneMutations(tenant: string, client: string, lastN: number, nowMs: number): void {
    if (lastN <= RECORDS_KEPT_MIN) return
    const before = [lastN - RECORDS_KEPT_MIN, lastN - RECORDS_KEPT_MAX, nowMs - TAIL_MS]
    this.#run(PRUNE_MUTATIONS, 'mutations', [tenant, client, ...before])
  }

  keyedPlaces(tenant: string): { readonly oldest: number; readonly newest: number } | undefined {
    return this.guard('keyed', [tenant], () => {
      const { oldest, newest } = this.one(KEYED_PLACES, [tenant]) ?? {}
      return typeof oldest === 'number' && typeof newest === 'number' ? { oldest, newest } : undefined
    })
  }

  addKeyed(tenant: string, place: number, { source, key, digest, outcome }: KeyedRecord, nowMs: number): void {
    this.#put(ADD_KEYED, 'keyed', [tenant, source, key], [place, digest, nowMs, outcome])
  }

  pruneKeyed(tenant: string, beforeMs: number): void {
    this.#run(PRUNE_KEYED, 'keyed', [tenant, beforeMs])
  }

  dropMutations(tenant: string, client: string, lastN: number, beforeMs: number, count: number): void {
    this.#run(DROP_MUTATIONS, 'mutations', [tenant, client, lastN, beforeMs, count])
  }

  dropLog(tenant: string, space: SpaceId, from: Version, logStart: Version): void {
    this.#run(DROP_LOG, 'commits', [tenant, space, from, logStart])
  }

  dropDeletions(tenant: string, space: SpaceId, horizon: Version): void {
    this.#run(DROP_DELETIONS, 'documents', [tenant, space, horizon])
    this.#run(DROP_SEALS, 'commits', [tenant, space, horizon])
  }

  /** Writes key, columns, their checksum, and what has a checksum of its own. */
  #put(sql: string, table: string, key: Cell[], cells: Cell[], more: Cell[] = []): void {
    const values = [...key, ...cells]
    values.push(checksumOf([table, ...values]), ...more)
    this.#run(sql, table, values)
  }

  #run(sql: string, table: string, values: SQLInputValue[]): void {
    this.guard(table, [], () => this.prepared(sql).run(...values))
    this.#replayable?.push({ sql, table, values })
  }

  #endEngineSavepoint(): void {
    this.#control('release mutations')
    this.#replayable = undefined
  }

  #control(sql: string): void {
    this.guard('savepoint', [], () => this.prepared(sql).run())
  }
}

/** No tenant holds a blank. */
function keyOf(tenant: string, name: string): string {
  return `${tenant} ${name}`
}
