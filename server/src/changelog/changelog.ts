import type { Seal, SpaceId, Version } from '@tidemark/shared'

/** Where a space stands. A space that nothing was written to stands at version 0 with the seal of version 0. */
export interface Head {
  readonly version: Version
  /** The 8 hex digits only; tags of rights and runs are the backend's. */
  readonly seal: Seal
}

/** A document as the changelog keeps it; a deleted one stays, as a row without `doc`, until the deletion horizon passes it. */
export interface StoredDocument {
  readonly collection: string
  readonly id: string
  /** The version of its last change. */
  readonly version: Version
  /** The version that created it; a document that is created again after a deletion is new. */
  readonly created: Version
  /** Who created it, as the server recorded it. */
  readonly creator: string
  /** Nonce of the mutation behind its last change, if one was. */
  readonly origin: string | undefined
  /** JSON text, exactly as it will leave; undefined when deleted, at `version`. */
  readonly doc: string | undefined
}

/** A change on its way into the log. */
export interface NewChange {
  readonly collection: string
  readonly id: string
  /** Who created the document; of a deletion, who had created what it deletes: rights are judged by it. */
  readonly creator: string
  readonly created: Version | 'now'
  /** The document after the change, as JSON text; undefined deletes it. */
  readonly doc: string | undefined
  /** Top-level fields that changed, where the log should say `set` and `unset` rather than `put`; `set` is JSON text. */
  readonly delta?: { readonly set: string; readonly unset: readonly string[] } | undefined
}

/** One change of the log, as bytes that leave unparsed. */
export interface LoggedChange {
  readonly collection: string
  readonly creator: string
  /** The JSON text of the change as the wire has it (protocol §3), with `v`, without `o`. */
  readonly text: string
}

export interface LoggedCommit {
  readonly version: Version
  readonly seal: Seal
  /** Nonce of the mutation that made it; undefined for a commit of the backend's own. */
  readonly origin: string | undefined
  readonly changes: readonly LoggedChange[]
}

/** How much one read may return. It ends before it would pass a bound, but never before its first row. */
export interface ReadBounds {
  readonly changesMax: number
  readonly bytesMax: number
  readonly commitsMax: number
}

/**
 * What a first sync leaves out, up to and including `began`: deletions, and in the collections of `floors` what was created at or
 * before their floor. Source: protocol [C2], [W1].
 */
export interface LeftOut {
  readonly began: Version
  readonly floors: ReadonlyMap<string, Version>
}

/** Documents by creation, the newest first, and the creation of the newest that is older than all of them; 0 where none is. */
export interface OlderDocuments {
  readonly documents: readonly StoredDocument[]
  readonly floor: Version
}

/** What a client id has done. */
export interface ClientRecord {
  /** The user to whom the id is bound: the first one who used it. */
  readonly user: string
  /** The last mutation done, or 0 and `''`. */
  readonly n: number
  readonly nonce: string
}

/** How often the mutator of the mutation that is next for a client threw. It means nothing any more once that number is done. */
export interface FailureRecord {
  readonly n: number
  readonly nonce: string
  readonly times: number
  /** When it threw first, in ms since the epoch. */
  readonly sinceMs: number
}

/** How one mutation ended. */
export interface MutationRecord {
  readonly n: number
  readonly nonce: string
  /** JSON text of the ack's `in` or `error`, spliced into an ack as it is: `{"in":{...}}` or `{"error":{...}}`. */
  readonly outcome: string
}

/** How a commit that bore an idempotency key ended. */
export interface KeyedRecord {
  /** Whose key it is: two sources may use the same one, and know nothing of each other. */
  readonly source: string
  readonly key: string
  /** A digest of what was asked for, so that one key never stands for two things. */
  readonly digest: string
  /** JSON text, `{"in":{...}}` or `{"error":{...}}`. */
  readonly outcome: string
}

/** How much of a space is kept, and whose it is. */
export interface SpaceExtent {
  readonly tenant: string
  readonly space: SpaceId
  readonly version: Version
  readonly logStart: Version
  readonly horizon: Version
}

/** How much of what a client id did is kept. */
export interface ClientExtent {
  readonly tenant: string
  readonly client: string
  /** The last mutation done, or 0. */
  readonly n: number
  /** The oldest mutation whose record is kept; undefined where none is. */
  readonly oldest: number | undefined
  /** When it did something last, in ms since the epoch. */
  readonly seenMs: number
}

/** Reads of one moment: all of them see the same commits. Everything is inside the tenant the transaction was opened for. */
export interface ReadTransaction {
  head(space: SpaceId): Promise<Head>
  /** The seal of a version; undefined where the space never had it, or it is older than the horizon. Version 0 always has one. */
  sealAt(space: SpaceId, version: Version): Promise<Seal | undefined>
  /** The oldest version from which the log can still be read; 0 while nothing was trimmed. */
  logStart(space: SpaceId): Promise<Version>
  /** The oldest version whose later deletions are all still kept; 0 while nothing was trimmed. */
  horizon(space: SpaceId): Promise<Version>
  /** Whole commits after `from` in order; empty at the head. Throws GoneError before `logStart`, CorruptRowError for a row whose checksum fails. */
  log(space: SpaceId, from: Version, bounds: ReadBounds): Promise<readonly LoggedCommit[]>
  /**
   * Documents whose last change came after `from`, deleted ones too, in order of that version; the documents of one commit are never
   * split. What is left out is not looked at.
   */
  documentsAfter(space: SpaceId, from: Version, bounds: ReadBounds, leftOut?: LeftOut): Promise<readonly StoredDocument[]>
  /**
   * The floor under the newest `count` living documents of a collection, of those created at or before `upTo`: the creation of the
   * newest older one, 0 where there is none. Documents that one commit created stand on one side of it, so that there may be more than `count` above.
   */
  floor(space: SpaceId, collection: string, upTo: Version, count: number): Promise<Version>
  /** Living documents of a collection created at or before `upTo`, newest first, those of one creation by id and never split. */
  documentsCreatedUpTo(space: SpaceId, collection: string, upTo: Version, bounds: ReadBounds): Promise<OlderDocuments>
  document(space: SpaceId, collection: string, id: string): Promise<StoredDocument | undefined>
  /**
   * The last of the commits that follow `from` and were all made before `beforeMs`, looking at `commitsMax` of them; `from` where there is
   * none. A commit that seems young, clocks being what they are, keeps the ones after it.
   */
  madeBefore(space: SpaceId, from: Version, beforeMs: number, commitsMax: number): Promise<Version>
  client(client: string): Promise<ClientRecord | undefined>
  /** undefined where it was never done, or longer ago than the record reaches (at least TAIL_MUTATIONS_MAX and TAIL_MS). */
  mutation(client: string, n: number): Promise<MutationRecord | undefined>
  /** undefined where none was recorded. */
  failure(client: string): Promise<FailureRecord | undefined>
  /** undefined where no commit with this key ended, or longer ago than KEYED_KEPT_MS. */
  keyed(source: string, key: string): Promise<KeyedRecord | undefined>
}

export interface WriteTransaction extends ReadTransaction {
  /** Runs `work`; when it throws, all that it wrote is undone and the error passes on. Not nested. */
  savepoint<T>(work: () => Promise<T>): Promise<T>
  /**
   * Adds one commit to a space: documents, log and head move together. Returns the new head. At least one change, each of another
   * document. Throws TooLargeError past the bounds of a commit; there a document counts as a whole, whatever the log says of its change.
   */
  commit(space: SpaceId, changes: readonly NewChange[], origin: string | undefined, nowMs: number): Promise<Head>
  /** Binds a client id to a user, before its first mutation. Throws ClientConflictError where it is another's. */
  bindClient(client: string, user: string, nowMs: number): Promise<void>
  /** Keeps how a mutation ended, and makes it the last of its client; `n` is the one after the last. */
  recordMutation(client: string, record: MutationRecord, nowMs: number): Promise<void>
  /** Keeps one count for each client, which is bound, in the place of the one before; `n` is the one after the last done. */
  recordFailure(client: string, record: FailureRecord): Promise<void>
  /** Keeps how a commit with a key that is not known ended. Throws RateLimitedError when more than KEYED_RECORDS_MAX would be kept. */
  recordKeyed(record: KeyedRecord, nowMs: number): Promise<void>
  /**
   * Forgets the log up to and including `logStart`, and seals before, and deletions up to and including, `horizon`: at most
   * `logStart`, which is at most the head. Neither ever moves back; documents stay. It takes time for each version: go in steps.
   */
  trim(space: SpaceId, logStart: Version, horizon: Version): Promise<void>
  /** Forgets the oldest `count` records of a client that are from before `beforeMs`, never the last one [M2]. */
  forgetMutations(client: string, beforeMs: number, count: number): Promise<void>
}

/**
 * Commits, documents, heads and what clients have done, for many tenants. Every key begins with the tenant.
 * A write is durable when its promise resolves, and no other end sees any of it before.
 */
export interface Changelog {
  /** One write transaction at a time; calls queue in order. When `work` throws, nothing was written. Throws UnavailableError when the engine cannot. */
  write<T>(work: (tenant: (tenant: string) => WriteTransaction) => Promise<T>): Promise<T>
  /** Many at once; each sees one moment. */
  read<T>(tenant: string, work: (tx: ReadTransaction) => Promise<T>): Promise<T>
  /** Some spaces of all tenants after one, in an order that stays; from the first where `after` is undefined. For who looks after all of them. */
  spaces(after: Pick<SpaceExtent, 'tenant' | 'space'> | undefined, count: number): Promise<readonly SpaceExtent[]>
  /** The same for client ids. */
  clients(after: Pick<ClientExtent, 'tenant' | 'client'> | undefined, count: number): Promise<readonly ClientExtent[]>
  /** Resolves when the changelog can serve; throws what keeps it from that, a corrupt row met earlier included. */
  ready(): Promise<void>
  close(): Promise<void>
}
