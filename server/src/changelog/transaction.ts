import {
  ClientConflictError,
  EMPTY_SEAL,
  GoneError,
  InternalError,
  RateLimitedError,
  type Seal,
  type SpaceId,
  toVersion,
  type Version,
  ZERO,
} from '@tidemark/shared'
import type {
  ClientRecord,
  FailureRecord,
  Head,
  KeyedRecord,
  LeftOut,
  LoggedCommit,
  MutationRecord,
  NewChange,
  OlderDocuments,
  ReadBounds,
  ReadTransaction,
  StoredDocument,
  WriteTransaction,
} from './changelog.ts'
import { decodeBody } from './commit-body.ts'
import type { CorruptRowError } from './corrupt-row-error.ts'
import { documentPage, olderPage } from './document-page.ts'
import { documentsInOrder } from './documents-in-order.ts'
import { KEYED_KEPT_MS, KEYED_RECORDS_MAX } from './keyed-retention.ts'
import { PRUNE_EVERY } from './mutation-retention.ts'
import { PageBudget } from './page-budget.ts'
import { prepareCommit } from './prepare-commit.ts'
import type { Rows, SpaceRow, WritableRows } from './rows.ts'
import type { TransactionLife } from './transaction-life.ts'

const EMPTY_SPACE: SpaceRow = { version: ZERO, seal: EMPTY_SEAL, logStart: ZERO, horizon: ZERO }

/** Reads of one tenant at the moment that `rows` shows. */
export class RowsRead<R extends Rows = Rows> implements ReadTransaction {
  protected readonly tenant: string
  protected readonly rows: R
  protected readonly life: TransactionLife

  constructor(tenant: string, rows: R, life: TransactionLife) {
    this.tenant = tenant
    this.rows = rows
    this.life = life
  }

  async head(space: SpaceId): Promise<Head> {
    const { version, seal } = this.space(space)
    return { version, seal }
  }

  async sealAt(space: SpaceId, version: Version): Promise<Seal | undefined> {
    const { version: head, seal, horizon } = this.space(space)
    if (version === 0) return EMPTY_SEAL
    if (version === head) return seal
    if (version > head || version < horizon) return undefined
    const found = this.rows.seal(this.tenant, space, version)
    if (found === undefined) throw this.missingCommit(space, version)
    return found
  }

  async logStart(space: SpaceId): Promise<Version> {
    return this.space(space).logStart
  }

  async horizon(space: SpaceId): Promise<Version> {
    return this.space(space).horizon
  }

  async log(space: SpaceId, from: Version, bounds: ReadBounds): Promise<readonly LoggedCommit[]> {
    const { version: head, logStart } = this.space(space)
    if (from < logStart) throw new GoneError(`The log up to version ${logStart} is not kept any more.`)
    const budget = new PageBudget(bounds)
    const page: LoggedCommit[] = []
    let reached = from
    for (const { version, seal, body } of from < head ? this.rows.commits(this.tenant, space, from) : []) {
      if (version !== reached + 1) break
      const { origin, changes } = decodeBody(body)
      const bytes = changes.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0)
      if (!budget.takes(changes.length, bytes)) return page
      page.push({ version, seal, origin, changes })
      reached = version
    }
    // A row that is missing is damage too: a copy that skipped it would never find out.
    if (reached < head) throw this.missingCommit(space, toVersion(reached + 1))
    return page
  }

  async documentsAfter(space: SpaceId, from: Version, bounds: ReadBounds, leftOut?: LeftOut): Promise<readonly StoredDocument[]> {
    this.life.assertOpen()
    return documentPage(documentsInOrder(this.rows, this.tenant, space, from, leftOut), bounds)
  }

  async floor(space: SpaceId, collection: string, upTo: Version, count: number): Promise<Version> {
    this.life.assertOpen()
    return this.rows.floor(this.tenant, space, collection, upTo, count) ?? ZERO
  }

  async documentsCreatedUpTo(space: SpaceId, collection: string, upTo: Version, bounds: ReadBounds): Promise<OlderDocuments> {
    this.life.assertOpen()
    return olderPage(this.rows.createdUpTo(this.tenant, space, collection, upTo), bounds)
  }

  async document(space: SpaceId, collection: string, id: string): Promise<StoredDocument | undefined> {
    this.life.assertOpen()
    return this.rows.document(this.tenant, space, collection, id)
  }

  async madeBefore(space: SpaceId, from: Version, beforeMs: number, commitsMax: number): Promise<Version> {
    const { version: head } = this.space(space)
    let reached = from
    for (const { version, atMs } of from < head ? this.rows.commitTimes(this.tenant, space, from) : []) {
      if (version !== reached + 1) throw this.missingCommit(space, toVersion(reached + 1))
      if (atMs >= beforeMs) break
      reached = version
      if (reached - from >= commitsMax) break
    }
    return reached
  }

  async client(client: string): Promise<ClientRecord | undefined> {
    this.life.assertOpen()
    return this.rows.client(this.tenant, client)
  }

  async mutation(client: string, n: number): Promise<MutationRecord | undefined> {
    this.life.assertOpen()
    return this.rows.mutation(this.tenant, client, n)
  }

  async failure(client: string): Promise<FailureRecord | undefined> {
    this.life.assertOpen()
    return this.rows.failure(this.tenant, client)
  }

  async keyed(source: string, key: string): Promise<KeyedRecord | undefined> {
    this.life.assertOpen()
    return this.rows.keyed(this.tenant, source, key)
  }

  protected space(space: SpaceId): SpaceRow {
    this.life.assertOpen()
    return this.rows.space(this.tenant, space) ?? EMPTY_SPACE
  }

  protected missingCommit(space: SpaceId, version: Version): CorruptRowError {
    return this.rows.missing(`commits ${this.tenant} ${space} ${version}`)
  }
}

/** Writes of one tenant in the one write transaction that is under way. */
export class RowsWrite extends RowsRead<WritableRows> implements WriteTransaction {
  async savepoint<T>(work: () => Promise<T>): Promise<T> {
    this.life.enterSavepoint()
    try {
      this.rows.savepoint()
      const result = await work()
      this.life.assertOpen()
      this.rows.releaseSavepoint()
      return result
    } catch (error) {
      // After the end all is undone already, and what is written now is another's.
      if (this.life.isOpen) this.rows.rollbackToSavepoint()
      throw error
    } finally {
      this.life.leaveSavepoint()
    }
  }

  async commit(space: SpaceId, changes: readonly NewChange[], origin: string | undefined, nowMs: number): Promise<Head> {
    const row = this.space(space)
    const { head, body, documents } = prepareCommit(row, changes, origin)
    this.rows.addCommit(this.tenant, space, { ...head, body }, nowMs)
    for (const document of documents) this.rows.putDocument(this.tenant, space, document)
    this.rows.putSpace(this.tenant, space, { ...row, ...head })
    return head
  }

  async bindClient(client: string, user: string, nowMs: number): Promise<void> {
    this.life.assertOpen()
    const record = this.rows.client(this.tenant, client)
    if (record === undefined) this.rows.putClient(this.tenant, client, { user, n: 0, nonce: '' }, nowMs)
    else if (record.user !== user) throw new ClientConflictError('This client id belongs to another user.')
  }

  async recordMutation(client: string, record: MutationRecord, nowMs: number): Promise<void> {
    this.life.assertOpen()
    const { n, nonce } = record
    const last = this.rows.client(this.tenant, client)
    if (last === undefined || n !== last.n + 1) throw new InternalError(`mutation ${n} recorded after ${last?.n ?? 'no client'}`)
    this.rows.addMutation(this.tenant, client, record, nowMs)
    this.rows.putClient(this.tenant, client, { user: last.user, n, nonce }, nowMs)
    if (n % PRUNE_EVERY === 0) this.rows.pruneMutations(this.tenant, client, n, nowMs)
  }

  async recordFailure(client: string, record: FailureRecord): Promise<void> {
    this.life.assertOpen()
    const last = this.rows.client(this.tenant, client)
    if (last === undefined || record.n !== last.n + 1)
      throw new InternalError(`a failure of mutation ${record.n} recorded after ${last?.n ?? 'no client'}`)
    this.rows.putFailure(this.tenant, client, record)
  }

  async recordKeyed(record: KeyedRecord, nowMs: number): Promise<void> {
    this.life.assertOpen()
    this.rows.pruneKeyed(this.tenant, nowMs - KEYED_KEPT_MS)
    const { oldest, newest } = this.rows.keyedPlaces(this.tenant) ?? { oldest: 1, newest: 0 }
    if (newest - oldest + 1 >= KEYED_RECORDS_MAX)
      throw new RateLimitedError(
        `${KEYED_RECORDS_MAX} idempotency keys are kept: send without one, or wait until the oldest are forgotten.`,
        {
          afterMs: 60_000,
        },
      )
    this.rows.addKeyed(this.tenant, newest + 1, record, nowMs)
  }

  async trim(space: SpaceId, logStart: Version, horizon: Version): Promise<void> {
    const row = this.space(space)
    if (horizon > logStart || logStart > row.version) throw new InternalError('a trim past the log or the head')
    if (logStart > row.logStart) this.rows.dropLog(this.tenant, space, row.logStart, logStart)
    if (horizon > row.horizon) this.rows.dropDeletions(this.tenant, space, horizon)
    this.rows.putSpace(this.tenant, space, {
      ...row,
      logStart: toVersion(Math.max(row.logStart, logStart)),
      horizon: toVersion(Math.max(row.horizon, horizon)),
    })
  }

  async forgetMutations(client: string, beforeMs: number, count: number): Promise<void> {
    this.life.assertOpen()
    const record = this.rows.client(this.tenant, client)
    if (record !== undefined) this.rows.dropMutations(this.tenant, client, record.n, beforeMs, count)
  }
}
