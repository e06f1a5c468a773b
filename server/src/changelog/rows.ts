import type { Seal, SpaceId, Version } from '@tidemark/shared'
import type { ClientExtent, ClientRecord, FailureRecord, KeyedRecord, MutationRecord, SpaceExtent, StoredDocument } from './changelog.ts'
import type { CorruptRowError } from './corrupt-row-error.ts'

/** Where a space stands and what of it is kept. */
export interface SpaceRow {
  readonly version: Version
  readonly seal: Seal
  readonly logStart: Version
  readonly horizon: Version
}

/** A commit as it is stored; see commit-body.ts for the bytes. */
export interface CommitRow {
  readonly version: Version
  readonly seal: Seal
  readonly body: string
}

/** Where a document stands, without its content. */
export interface DocumentPlace {
  readonly id: string
  readonly version: Version
}

/**
 * What an engine within this process keeps, row by row; transactions over it are the same for all of them. Each throws
 * CorruptRowError rather than return a damaged row, and iterables read no further than they are drawn.
 */
export interface Rows {
  space(tenant: string, space: SpaceId): SpaceRow | undefined
  seal(tenant: string, space: SpaceId, version: Version): Seal | undefined
  /** Commits after `from` in order of version. */
  commits(tenant: string, space: SpaceId, from: Version): Iterable<CommitRow>
  /** When the commits after `from` were made, in order of version. */
  commitTimes(tenant: string, space: SpaceId, from: Version): Iterable<{ readonly version: Version; readonly atMs: number }>
  /** Collections with living documents, and perhaps some without. */
  collections(tenant: string, space: SpaceId): readonly string[]
  /** Living documents of a collection whose last change came after `from`, in order of version. */
  livingAfter(tenant: string, space: SpaceId, collection: string, from: Version): Iterable<StoredDocument>
  /** Deletions after `from`, in order of version. */
  deletedAfter(tenant: string, space: SpaceId, from: Version): Iterable<StoredDocument>
  /** Where the living documents of a collection stand that were created after `after`, up to and including `upTo`; in any order. */
  createdWithin(tenant: string, space: SpaceId, collection: string, after: Version, upTo: Version): Iterable<DocumentPlace>
  /** Living documents of a collection created at or before `upTo`, newest creation first. */
  createdUpTo(tenant: string, space: SpaceId, collection: string, upTo: Version): Iterable<StoredDocument>
  /** See ReadTransaction.floor; undefined for 0. */
  floor(tenant: string, space: SpaceId, collection: string, upTo: Version, count: number): Version | undefined
  document(tenant: string, space: SpaceId, collection: string, id: string): StoredDocument | undefined
  client(tenant: string, client: string): ClientRecord | undefined
  mutation(tenant: string, client: string, n: number): MutationRecord | undefined
  failure(tenant: string, client: string): FailureRecord | undefined
  keyed(tenant: string, source: string, key: string): KeyedRecord | undefined
  /** The spaces after a key, and the clients, in order of tenant and id. */
  spaces(tenant: string, space: string, count: number): readonly SpaceExtent[]
  clients(tenant: string, client: string, count: number): readonly ClientExtent[]
  /** Takes note that a row which must be there is not, and gives the error to throw. */
  missing(row: string): CorruptRowError
}

export interface WritableRows extends Rows {
  /** Marks the place to which `rollbackToSavepoint` goes back. */
  savepoint(): void
  rollbackToSavepoint(): void
  releaseSavepoint(): void
  putSpace(tenant: string, space: SpaceId, row: SpaceRow): void
  addCommit(tenant: string, space: SpaceId, row: CommitRow, nowMs: number): void
  putDocument(tenant: string, space: SpaceId, document: StoredDocument): void
  putClient(tenant: string, client: string, record: ClientRecord, nowMs: number): void
  addMutation(tenant: string, client: string, record: MutationRecord, nowMs: number): void
  putFailure(tenant: string, client: string, record: FailureRecord): void
  /** Takes out a few of the oldest records that isForgettable names. */
  pruneMutations(tenant: string, client: string, lastN: number, nowMs: number): void
  /** The places of the oldest and the newest keyed record of a tenant; nearly all places between them are taken. */
  keyedPlaces(tenant: string): { readonly oldest: number; readonly newest: number } | undefined
  addKeyed(tenant: string, place: number, record: KeyedRecord, nowMs: number): void
  /** Takes out a few of the oldest keyed records, where they are from before `beforeMs`. */
  pruneKeyed(tenant: string, beforeMs: number): void
  /** Drops the oldest `count` records before `lastN` that are from before `beforeMs`. */
  dropMutations(tenant: string, client: string, lastN: number, beforeMs: number, count: number): void
  /** Drops the bodies of commits after `from` up to and including `logStart`. */
  dropLog(tenant: string, space: SpaceId, from: Version, logStart: Version): void
  /** Drops deletions up to and including `horizon`, and commits (their seals) before it. */
  dropDeletions(tenant: string, space: SpaceId, horizon: Version): void
}
