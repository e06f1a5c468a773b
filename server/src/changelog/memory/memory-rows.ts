import { type Seal, type SpaceId, toVersion, type Version } from '@tidemark/shared'
import type { ClientExtent, ClientRecord, FailureRecord, KeyedRecord, MutationRecord, SpaceExtent, StoredDocument } from '../changelog.ts'
import { CorruptRowError } from '../corrupt-row-error.ts'
import { KEYED_PRUNED_AT_ONCE } from '../keyed-retention.ts'
import { isForgettable, PRUNED_AT_ONCE } from '../mutation-retention.ts'
import type { CommitRow, DocumentPlace, Rows, SpaceRow, WritableRows } from '../rows.ts'
import { keyOf, type MemoryStore } from './memory-store.ts'

/** A memory store as it was at one moment. */
export class MemoryRows implements Rows {
  protected readonly store: MemoryStore
  readonly #at: number

  constructor(store: MemoryStore, at: number) {
    this.store = store
    this.#at = at
  }

  space(tenant: string, space: SpaceId): SpaceRow | undefined {
    return this.store.get('spaces', keyOf(tenant, space), this.#at)
  }

  seal(tenant: string, space: SpaceId, version: Version): Seal | undefined {
    return this.store.get('commits', keyOf(tenant, space, version), this.#at)?.seal
  }

  *commits(tenant: string, space: SpaceId, from: Version): Generator<CommitRow> {
    for (const version of this.#versionsAfter(tenant, space, from)) {
      const row = this.store.get('commits', keyOf(tenant, space, version), this.#at)
      if (row?.body !== undefined) yield { version, seal: row.seal, body: row.body }
    }
  }

  *commitTimes(tenant: string, space: SpaceId, from: Version): Generator<{ readonly version: Version; readonly atMs: number }> {
    for (const version of this.#versionsAfter(tenant, space, from)) {
      const row = this.store.get('commits', keyOf(tenant, space, version), this.#at)
      if (row !== undefined) yield { version, atMs: row.atMs }
    }
  }

  spaces(tenant: string, space: string, count: number): readonly SpaceExtent[] {
    return this.#after('spaces', tenant, space, count).map(([key, { version, logStart, horizon }]) => {
      const [of = '', id = ''] = key.split('\0')
      return { tenant: of, space: id, version, logStart, horizon }
    })
  }

  clients(tenant: string, client: string, count: number): readonly ClientExtent[] {
    return this.#after('clients', tenant, client, count).map(([key, { record, seenMs }]) => {
      const [of = '', id = ''] = key.split('\0')
      return { tenant: of, client: id, n: record.n, oldest: this.store.get('oldestMutations', key, this.#at), seenMs }
    })
  }

  #after<T extends 'spaces' | 'clients'>(table: T, tenant: string, id: string, count: number): ReturnType<typeof this.store.entries<T>> {
    const last = keyOf(tenant, id)
    return this.store
      .entries(table, this.#at)
      .filter(([key]) => key > last)
      .slice(0, count)
  }

  collections(tenant: string, space: SpaceId): readonly string[] {
    return this.store.get('collections', keyOf(tenant, space), this.#at) ?? []
  }

  *livingAfter(tenant: string, space: SpaceId, collection: string, from: Version): Generator<StoredDocument> {
    for (const document of this.#changedAfter(tenant, space, from))
      if (document.collection === collection && document.doc !== undefined) yield document
  }

  *deletedAfter(tenant: string, space: SpaceId, from: Version): Generator<StoredDocument> {
    for (const document of this.#changedAfter(tenant, space, from)) if (document.doc === undefined) yield document
  }

  *createdWithin(tenant: string, space: SpaceId, collection: string, after: Version, upTo: Version): Generator<DocumentPlace> {
    for (const document of this.createdUpTo(tenant, space, collection, upTo)) {
      if (document.created <= after) return
      yield document
    }
  }

  *createdUpTo(tenant: string, space: SpaceId, collection: string, upTo: Version): Generator<StoredDocument> {
    for (let created = Math.min(upTo, this.space(tenant, space)?.version ?? 0); created > 0; created--) {
      for (const key of this.touched(tenant, space, toVersion(created))) {
        const document = this.store.get('documents', key, this.#at)
        if (document?.created === created && document.collection === collection && document.doc !== undefined) yield document
      }
    }
  }

  floor(tenant: string, space: SpaceId, collection: string, upTo: Version, count: number): Version | undefined {
    let above = 0
    let last: Version | undefined
    for (const { created } of this.createdUpTo(tenant, space, collection, upTo)) {
      if (above >= count && created !== last) return created
      above += 1
      last = created
    }
    return undefined
  }

  document(tenant: string, space: SpaceId, collection: string, id: string): StoredDocument | undefined {
    return this.store.get('documents', keyOf(tenant, space, collection, id), this.#at)
  }

  client(tenant: string, client: string): ClientRecord | undefined {
    return this.store.get('clients', keyOf(tenant, client), this.#at)?.record
  }

  mutation(tenant: string, client: string, n: number): MutationRecord | undefined {
    return this.store.get('mutations', keyOf(tenant, client, n), this.#at)?.record
  }

  failure(tenant: string, client: string): FailureRecord | undefined {
    return this.store.get('failures', keyOf(tenant, client), this.#at)
  }

  keyed(tenant: string, source: string, key: string): KeyedRecord | undefined {
    return this.store.get('keyed', keyOf(tenant, source, key), this.#at)?.record
  }

  missing(row: string): CorruptRowError {
    return new CorruptRowError(`${row} (missing)`)
  }

  protected touched(tenant: string, space: SpaceId, version: Version): readonly string[] {
    return this.store.get('touched', keyOf(tenant, space, version), this.#at) ?? []
  }

  *#changedAfter(tenant: string, space: SpaceId, from: Version): Generator<StoredDocument> {
    for (const version of this.#versionsAfter(tenant, space, from)) {
      for (const key of this.touched(tenant, space, version)) {
        const document = this.store.get('documents', key, this.#at)
        if (document?.version === version) yield document
      }
    }
  }

  *#versionsAfter(tenant: string, space: SpaceId, from: Version): Generator<Version> {
    const head = this.space(tenant, space)?.version ?? 0
    for (let version = from + 1; version <= head; version++) yield toVersion(version)
  }
}

/** A memory store as the write transaction under way sees it. */
export class WritableMemoryRows extends MemoryRows implements WritableRows {
  #savepoint = 0

  constructor(store: MemoryStore) {
    super(store, store.writing)
  }

  savepoint(): void {
    this.#savepoint = this.store.mark()
  }

  rollbackToSavepoint(): void {
    this.store.rollback(this.#savepoint)
  }

  releaseSavepoint(): void {}

  putSpace(tenant: string, space: SpaceId, row: SpaceRow): void {
    this.store.set('spaces', keyOf(tenant, space), row)
  }

  addCommit(tenant: string, space: SpaceId, { version, seal, body }: CommitRow, nowMs: number): void {
    this.store.set('commits', keyOf(tenant, space, version), { seal, body, atMs: nowMs })
  }

  putDocument(tenant: string, space: SpaceId, document: StoredDocument): void {
    const key = keyOf(tenant, space, document.collection, document.id)
    this.store.set('documents', key, document)
    this.store.set('touched', keyOf(tenant, space, document.version), [...this.touched(tenant, space, document.version), key])
    const collections = this.collections(tenant, space)
    if (!collections.includes(document.collection))
      this.store.set('collections', keyOf(tenant, space), [...collections, document.collection])
  }

  putClient(tenant: string, client: string, record: ClientRecord, nowMs: number): void {
    this.store.set('clients', keyOf(tenant, client), { record, seenMs: nowMs })
  }

  addMutation(tenant: string, client: string, record: MutationRecord, nowMs: number): void {
    this.store.set('mutations', keyOf(tenant, client, record.n), { record, atMs: nowMs })
    if (record.n === 1) this.store.set('oldestMutations', keyOf(tenant, client), 1)
  }

  putFailure(tenant: string, client: string, record: FailureRecord): void {
    this.store.set('failures', keyOf(tenant, client), record)
  }

  pruneMutations(tenant: string, client: string, lastN: number, nowMs: number): void {
    const clientKey = keyOf(tenant, client)
    const oldest = this.store.get('oldestMutations', clientKey, this.store.writing) ?? 1
    for (let n = oldest; n < oldest + PRUNED_AT_ONCE; n++) {
      const key = keyOf(tenant, client, n)
      const row = this.store.get('mutations', key, this.store.writing)
      if (row === undefined || !isForgettable(n, row.atMs, lastN, nowMs)) return
      this.store.set('mutations', key, undefined)
      this.store.set('oldestMutations', clientKey, n + 1)
    }
  }

  keyedPlaces(tenant: string): { readonly oldest: number; readonly newest: number } | undefined {
    return this.store.get('keyedPlaces', tenant, this.store.writing)
  }

  addKeyed(tenant: string, place: number, record: KeyedRecord, nowMs: number): void {
    const key = keyOf(tenant, record.source, record.key)
    this.store.set('keyed', key, { record, atMs: nowMs })
    this.store.set('keyedAt', keyOf(tenant, place), key)
    this.store.set('keyedPlaces', tenant, { oldest: this.keyedPlaces(tenant)?.oldest ?? place, newest: place })
  }

  pruneKeyed(tenant: string, beforeMs: number): void {
    for (let pruned = 0; pruned < KEYED_PRUNED_AT_ONCE; pruned++) {
      const places = this.keyedPlaces(tenant)
      if (places === undefined || places.oldest > places.newest) return
      const placeKey = keyOf(tenant, places.oldest)
      const key = this.store.get('keyedAt', placeKey, this.store.writing) ?? ''
      if ((this.store.get('keyed', key, this.store.writing)?.atMs ?? beforeMs) >= beforeMs) return
      this.store.set('keyed', key, undefined)
      this.store.set('keyedAt', placeKey, undefined)
      this.store.set('keyedPlaces', tenant, { ...places, oldest: places.oldest + 1 })
    }
  }

  dropMutations(tenant: string, client: string, lastN: number, beforeMs: number, count: number): void {
    const clientKey = keyOf(tenant, client)
    const oldest = this.store.get('oldestMutations', clientKey, this.store.writing) ?? 1
    for (let n = oldest; n < Math.min(lastN, oldest + count); n++) {
      const key = keyOf(tenant, client, n)
      const row = this.store.get('mutations', key, this.store.writing)
      if (row === undefined || row.atMs >= beforeMs) return
      this.store.set('mutations', key, undefined)
      this.store.set('oldestMutations', clientKey, n + 1)
    }
  }

  dropLog(tenant: string, space: SpaceId, from: Version, logStart: Version): void {
    for (let version = from + 1; version <= logStart; version++) {
      const key = keyOf(tenant, space, version)
      const row = this.store.get('commits', key, this.store.writing)
      if (row !== undefined) this.store.set('commits', key, { ...row, body: undefined })
    }
  }

  dropDeletions(tenant: string, space: SpaceId, horizon: Version): void {
    for (let version = this.space(tenant, space)?.horizon ?? 0; version <= horizon; version++) {
      for (const key of this.touched(tenant, space, toVersion(version))) {
        const document = this.store.get('documents', key, this.store.writing)
        if (document?.version === version && document.doc === undefined) this.store.set('documents', key, undefined)
      }
      if (version < horizon) this.store.set('commits', keyOf(tenant, space, version), undefined)
    }
  }
}
