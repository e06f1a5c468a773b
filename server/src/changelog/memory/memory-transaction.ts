import {
  ClientConflictError,
  EMPTY_SEAL,
  GoneError,
  InternalError,
  type Seal,
  type SpaceId,
  toVersion,
  type Version,
  ZERO,
} from '@tidemark/shared'
import type {
  ClientRecord,
  Head,
  LoggedCommit,
  MutationRecord,
  NewChange,
  ReadBounds,
  ReadTransaction,
  StoredDocument,
  WriteTransaction,
} from '../changelog.ts'
import { decodeBody } from '../commit-body.ts'
import { documentPage } from '../document-page.ts'
import { isForgettable, PRUNED_AT_ONCE } from '../mutation-retention.ts'
import { PageBudget } from '../page-budget.ts'
import { prepareCommit } from '../prepare-commit.ts'
import type { TransactionLife } from '../transaction-life.ts'
import { keyOf, type MemoryStore, type SpaceRow } from './memory-store.ts'

const EMPTY_SPACE: SpaceRow = { version: ZERO, seal: EMPTY_SEAL, logStart: ZERO, horizon: ZERO }

/** Reads of one tenant at one moment of a store. */
export class MemoryRead implements ReadTransaction {
  protected readonly tenant: string
  protected readonly store: MemoryStore
  protected readonly at: number
  protected readonly life: TransactionLife

  constructor(tenant: string, store: MemoryStore, at: number, life: TransactionLife) {
    this.tenant = tenant
    this.store = store
    this.at = at
    this.life = life
  }

  async head(space: SpaceId): Promise<Head> {
    const { version, seal } = this.space(space)
    return { version, seal }
  }

  async sealAt(space: SpaceId, version: Version): Promise<Seal | undefined> {
    const { horizon } = this.space(space)
    if (version === 0) return EMPTY_SEAL
    return version < horizon ? undefined : this.store.get('commits', keyOf(this.tenant, space, version), this.at)?.seal
  }

  async logStart(space: SpaceId): Promise<Version> {
    return this.space(space).logStart
  }

  async horizon(space: SpaceId): Promise<Version> {
    return this.space(space).horizon
  }

  async log(space: SpaceId, from: Version, bounds: ReadBounds): Promise<readonly LoggedCommit[]> {
    const { version: head, logStart } = this.space(space)
    if (from < logStart) throw new GoneError(`The log before version ${logStart} is not kept any more.`)
    const budget = new PageBudget(bounds)
    const commits: LoggedCommit[] = []
    for (let version = from + 1; version <= head; version++) {
      const row = this.store.get('commits', keyOf(this.tenant, space, version), this.at)
      if (row?.body === undefined) throw new InternalError(`commit ${version} is missing`)
      const commit: LoggedCommit = { version: toVersion(version), seal: row.seal, ...decodeBody(row.body) }
      const bytes = commit.changes.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0)
      if (!budget.takes(commit.changes.length, bytes)) break
      commits.push(commit)
    }
    return commits
  }

  async documentsAfter(space: SpaceId, from: Version, bounds: ReadBounds): Promise<readonly StoredDocument[]> {
    return documentPage(this.#byVersion(space, from), bounds)
  }

  async document(space: SpaceId, collection: string, id: string): Promise<StoredDocument | undefined> {
    this.life.assertOpen()
    return this.store.get('documents', keyOf(this.tenant, space, collection, id), this.at)
  }

  async client(client: string): Promise<ClientRecord | undefined> {
    this.life.assertOpen()
    const row = this.store.get('clients', keyOf(this.tenant, client), this.at)
    return row && { user: row.user, n: row.n, nonce: row.nonce }
  }

  async mutation(client: string, n: number): Promise<MutationRecord | undefined> {
    this.life.assertOpen()
    const row = this.store.get('mutations', keyOf(this.tenant, client, n), this.at)
    return row && { n: row.n, nonce: row.nonce, outcome: row.outcome }
  }

  protected space(space: SpaceId): SpaceRow {
    this.life.assertOpen()
    return this.store.get('spaces', keyOf(this.tenant, space), this.at) ?? EMPTY_SPACE
  }

  *#byVersion(space: SpaceId, from: Version): Generator<StoredDocument> {
    const { version: head } = this.space(space)
    for (let version = from + 1; version <= head; version++) {
      for (const key of this.store.get('touched', keyOf(this.tenant, space, version), this.at) ?? []) {
        const document = this.store.get('documents', key, this.at)
        if (document?.version === version) yield document
      }
    }
  }
}

/** Writes of one tenant in the one write transaction that is under way. */
export class MemoryWrite extends MemoryRead implements WriteTransaction {
  async savepoint<T>(work: () => Promise<T>): Promise<T> {
    this.life.enterSavepoint()
    const mark = this.store.mark()
    try {
      return await work()
    } catch (error) {
      // After the end everything is undone already, and the writes above the mark are another's.
      if (this.life.isOpen) this.store.rollback(mark)
      throw error
    } finally {
      this.life.leaveSavepoint()
    }
  }

  async commit(space: SpaceId, changes: readonly NewChange[], origin: string | undefined, _nowMs: number): Promise<Head> {
    const row = this.space(space)
    const { head, body, documents } = prepareCommit(row, changes, origin)
    const commitKey = keyOf(this.tenant, space, head.version)
    this.store.set('commits', commitKey, { seal: head.seal, body })
    const touched = documents.map((document) => {
      const key = keyOf(this.tenant, space, document.collection, document.id)
      this.store.set('documents', key, document)
      return key
    })
    this.store.set('touched', commitKey, touched)
    this.store.set('spaces', keyOf(this.tenant, space), { ...row, ...head })
    return head
  }

  async bindClient(client: string, user: string, _nowMs: number): Promise<void> {
    this.life.assertOpen()
    const key = keyOf(this.tenant, client)
    const row = this.store.get('clients', key, this.at)
    if (row === undefined) this.store.set('clients', key, { user, n: 0, nonce: '', oldest: 1 })
    else if (row.user !== user) throw new ClientConflictError('This client id belongs to another user.')
  }

  async recordMutation(client: string, { n, nonce, outcome }: MutationRecord, nowMs: number): Promise<void> {
    this.life.assertOpen()
    const key = keyOf(this.tenant, client)
    const row = this.store.get('clients', key, this.at)
    if (n !== (row?.n ?? Number.NaN) + 1) throw new InternalError(`mutation ${n} recorded out of order`)
    this.store.set('mutations', keyOf(this.tenant, client, n), { n, nonce, outcome, atMs: nowMs })
    let oldest = row?.oldest ?? 1
    for (let pruned = 0; pruned < PRUNED_AT_ONCE; pruned++) {
      const oldestKey = keyOf(this.tenant, client, oldest)
      const record = this.store.get('mutations', oldestKey, this.at)
      if (record === undefined || !isForgettable(oldest, record.atMs, n, nowMs)) break
      this.store.set('mutations', oldestKey, undefined)
      oldest += 1
    }
    this.store.set('clients', key, { user: row?.user ?? '', n, nonce, oldest })
  }

  async trim(space: SpaceId, logStart: Version, horizon: Version): Promise<void> {
    const row = this.space(space)
    if (horizon > logStart || logStart > row.version) throw new InternalError('a trim past the log or the head')
    for (let version = row.logStart + 1; version <= logStart; version++) {
      const key = keyOf(this.tenant, space, version)
      const commit = this.store.get('commits', key, this.at)
      if (commit !== undefined) this.store.set('commits', key, { seal: commit.seal, body: undefined })
    }
    for (let version = Math.max(row.horizon, 1); version <= horizon; version++) {
      const commitKey = keyOf(this.tenant, space, version)
      for (const key of this.store.get('touched', commitKey, this.at) ?? []) {
        const document = this.store.get('documents', key, this.at)
        if (document?.version === version && document.doc === undefined) this.store.set('documents', key, undefined)
      }
      if (version < horizon) this.store.set('commits', commitKey, undefined)
    }
    this.store.set('spaces', keyOf(this.tenant, space), {
      ...row,
      logStart: toVersion(Math.max(row.logStart, logStart)),
      horizon: toVersion(Math.max(row.horizon, horizon)),
    })
  }
}
