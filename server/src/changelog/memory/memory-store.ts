import type { Seal } from '@tidemark/shared'
import type { ClientRecord, FailureRecord, KeyedRecord, MutationRecord, StoredDocument } from '../changelog.ts'
import type { SpaceRow } from '../rows.ts'
import { type Contents, VersionedMap } from './versioned-map.ts'

interface StoredCommit {
  readonly seal: Seal
  /** The stored bytes; undefined once trimmed. */
  readonly body: string | undefined
  readonly atMs: number
}

interface StoredClient {
  readonly record: ClientRecord
  readonly seenMs: number
}

interface StoredMutation {
  readonly record: MutationRecord
  readonly atMs: number
}

interface StoredKeyed {
  readonly record: KeyedRecord
  readonly atMs: number
}

interface Tables {
  readonly spaces: SpaceRow
  readonly commits: StoredCommit
  /** Keys of the documents that a commit changed, by the commit. */
  readonly touched: readonly string[]
  readonly documents: StoredDocument
  /** Collections that documents were ever written to, by the space. */
  readonly collections: readonly string[]
  readonly clients: StoredClient
  readonly mutations: StoredMutation
  /** The first mutation of a client whose record is kept. */
  readonly oldestMutations: number
  readonly failures: FailureRecord
  readonly keyed: StoredKeyed
  /** Keys of the keyed records of a tenant by their places. */
  readonly keyedAt: string
  readonly keyedPlaces: { readonly oldest: number; readonly newest: number }
}

type TableName = keyof Tables

/** All that a memory changelog has committed at one moment. Opaque; it never changes. */
export interface Snapshot {
  readonly tables: { readonly [T in TableName]: Contents<Tables[T]> }
}

interface Undo {
  readonly table: TableName
  readonly key: string
  readonly undo: () => void
}

/** Joins the parts of a key; no part contains the separator. */
export function keyOf(...parts: readonly (string | number)[]): string {
  return parts.join('\0')
}

/**
 * The tables of a memory changelog with one writer and any number of readers, each of which sees one moment. A moment is a number
 * that grows by one a commit.
 */
export class MemoryStore {
  readonly #maps: { readonly [T in TableName]: VersionedMap<Tables[T]> }
  readonly #undo: Undo[] = []
  /** Keys whose earlier values are kept for the readers of now. */
  #unsettled: Undo[] = []
  #committed = 0
  #readers = 0

  constructor(snapshot?: Snapshot) {
    const from = snapshot?.tables
    this.#maps = {
      spaces: new VersionedMap(from?.spaces),
      commits: new VersionedMap(from?.commits),
      touched: new VersionedMap(from?.touched),
      documents: new VersionedMap(from?.documents),
      collections: new VersionedMap(from?.collections),
      clients: new VersionedMap(from?.clients),
      mutations: new VersionedMap(from?.mutations),
      oldestMutations: new VersionedMap(from?.oldestMutations),
      failures: new VersionedMap(from?.failures),
      keyed: new VersionedMap(from?.keyed),
      keyedAt: new VersionedMap(from?.keyedAt),
      keyedPlaces: new VersionedMap(from?.keyedPlaces),
    }
  }

  /** The moment of the last commit. */
  get committed(): number {
    return this.#committed
  }

  /** The moment that only the writer sees. */
  get writing(): number {
    return this.#committed + 1
  }

  get<T extends TableName>(table: T, key: string, at: number): Tables[T] | undefined {
    return this.#maps[table].get(key, at)
  }

  /** What a table held at a moment, in order of key. */
  entries<T extends TableName>(table: T, at: number): readonly (readonly [key: string, value: Tables[T]])[] {
    return [...this.#maps[table].contents(at)].sort(([a], [b]) => (a < b ? -1 : 1))
  }

  set<T extends TableName>(table: T, key: string, value: Tables[T] | undefined): void {
    this.#undo.push({ table, key, undo: this.#maps[table].set(key, value, this.writing) })
  }

  /** How much was written in this transaction so far; `rollback` goes back to it. */
  mark(): number {
    return this.#undo.length
  }

  rollback(to = 0): void {
    while (this.#undo.length > to) this.#undo.pop()?.undo()
  }

  commit(): void {
    this.#committed += 1
    this.#unsettled.push(...this.#undo.splice(0))
    this.#settle()
  }

  /** Opens a moment for reading. The returned function closes it. */
  openReader(): { readonly at: number; readonly close: () => void } {
    this.#readers += 1
    return {
      at: this.#committed,
      close: () => {
        this.#readers -= 1
        this.#settle()
      },
    }
  }

  snapshot(): Snapshot {
    const { spaces, commits, touched, documents, collections, clients, mutations, oldestMutations, failures, keyed, keyedAt, keyedPlaces } =
      this.#maps
    const at = this.#committed
    return {
      tables: {
        spaces: spaces.contents(at),
        commits: commits.contents(at),
        touched: touched.contents(at),
        documents: documents.contents(at),
        collections: collections.contents(at),
        clients: clients.contents(at),
        mutations: mutations.contents(at),
        oldestMutations: oldestMutations.contents(at),
        failures: failures.contents(at),
        keyed: keyed.contents(at),
        keyedAt: keyedAt.contents(at),
        keyedPlaces: keyedPlaces.contents(at),
      },
    }
  }

  #settle(): void {
    // What a transaction under way has written is not settled before it commits: it may yet go back.
    if (this.#readers > 0 || this.#undo.length > 0) return
    for (const { table, key } of this.#unsettled) this.#maps[table].settle(key)
    this.#unsettled = []
  }
}
