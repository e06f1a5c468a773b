import type {
  App,
  ArgsOf,
  BodyOf,
  BuiltIn,
  CollectionsOf,
  DeleteArgs,
  DocumentOf,
  IndexOf,
  Json,
  KindOf,
  KindOfId,
  LanesOf,
  PatchMore,
  SpaceIdOf,
  Standing,
  SyncError,
} from '@tidemark/shared'
import type { Collection, Table, WhereClause } from 'dexie'
import type { Observable } from 'rxjs'
import type { Pause } from './connection/connection.ts'
import type { Diagnostic } from './diagnostic.ts'
import type { Lane, Presence$ } from './lanes/lane-api.ts'
import type { Loss, Unsent } from './loss-mark.ts'
import type { StorageError } from './replica/storage-error.ts'
import type { FieldOf, Query, Watched, Where } from './watch/watch-api.ts'

/** A document with what the replica knows of it. Read-only: writing goes through `mutate`. */
export type DocumentRow<Doc> = Readonly<Doc> & {
  readonly $id: string
  /** Version of its last change. */
  readonly $v: number
  /** Version of its creation; what is pending sorts behind everything else. Lists are ordered by it, never by time. */
  readonly $b: number
  /** 1 while an optimistic result of this device lies on top, else 0. */
  readonly $p: 0 | 1
  /** The copy that it belongs to; in what is watched, the one in which it changed last. */
  readonly $s: number
}

/** What an app reads of one collection of one space: Dexie's own collections. */
export interface CollectionQueries<Doc, Index extends string = string> {
  get(id: string): Promise<DocumentRow<Doc> | undefined>
  /** By a declared index, or `$b`, `$v`, `$p`. */
  where(
    field: Index | '$b' | '$v' | '$p',
  ): Pick<WhereClause<DocumentRow<Doc>>, 'equals' | 'above' | 'aboveOrEqual' | 'below' | 'belowOrEqual' | 'between'>
  orderBy(field: Index | '$b' | '$v' | '$p'): Collection<DocumentRow<Doc>>
  /** All, ordered by creation. */
  toCollection(): Collection<DocumentRow<Doc>>
  toArray(): Promise<DocumentRow<Doc>[]>
  count(): Promise<number>
}

/** What a page of older documents came to. */
export interface Older {
  /** Documents that were not here before. A page may add none, and there may still be more. */
  readonly added: number
  readonly more: boolean
}

/** How much of a windowed collection is on this device. */
export type WindowState = {
  /** True when `older` can bring more. */
  readonly more: boolean
  /** A page is under way. */
  readonly loading: boolean
  /** Documents created after this version are here; 0: all. */
  readonly floor: number
}

/** One collection of one space: Dexie's collections, and what can be watched. Writing goes through `mutate`. */
export interface CollectionScope<Doc, Index extends string = string>
  extends Omit<CollectionQueries<Doc, Index>, 'where' | 'orderBy'>,
    Omit<Watched<Doc>, 'where' | 'orderBy'> {
  /** Dexie's. */
  where(field: Index | '$b' | '$v' | '$p'): ReturnType<CollectionQueries<Doc, Index>['where']>
  /** To be watched; by any fields. */
  where(conditions: Where<Doc>): Query<Doc>
  where(fieldOrConditions: Index | '$b' | '$v' | '$p' | Where<Doc>): unknown
  /** Dexie's. */
  orderBy(field: Index | '$b' | '$v' | '$p'): ReturnType<CollectionQueries<Doc, Index>['orderBy']>
  /** To be watched; by any field. */
  orderBy(field: FieldOf<Doc> & string, direction: 'asc' | 'desc'): Query<Doc>
  /**
   * Pages older documents in, the newest of them first; `limit`: as many as the window has. Rejects with a SyncError when the server
   * cannot be reached or the space is replaced or closed meanwhile; then nothing has changed: ask again. Without a window, or where
   * nothing is older, it asks nobody.
   */
  older(options?: { readonly limit?: number }): Promise<Older>
  /** The present first, then each change. */
  readonly window$: Observable<WindowState>
}

/**
 * Where a mutation stands. `waiting`: saved here. `sent`: handed to the server, which has not answered. `dismissed`: taken back; the
 * server is still to say that it has not done it. Ends as `confirmed`, `refused` or `dismissed`; as `dismissed`, too, where another tab
 * had dealt with its refusal before this one looked.
 */
export interface SentState {
  readonly state: 'waiting' | 'sent' | 'confirmed' | 'refused' | 'dismissed'
  /** How often it was sent since this replica is open in some tab. */
  readonly attempts: number
  /** Why the last attempt led nowhere, or the refusal. */
  readonly error?: SyncError | undefined
}

/** A mutation that is saved on this device. */
export interface Sent {
  readonly n: number
  /** False when the storage keeps nothing across a reload. */
  readonly durable: boolean
  /** Resolves once the server has done it; rejects with the SyncError of a refusal. Never settles while offline. */
  readonly confirmed: Promise<void>
  /** The present first, then each change; completes with its end, or with the replica. Never fails. */
  readonly state$: Observable<SentState>
}

/** A mutation that the server refused. The same object as before while it is on the list. */
export interface Refused {
  readonly n: number
  readonly space: string
  readonly name: string
  readonly args: { readonly [key: string]: Json }
  readonly madeMs: number
  readonly error: SyncError
  /** Makes it again as a new mutation and takes this one off the list. */
  retry(): Promise<Sent>
  /** Discards it: the only way in which something that a person wrote goes. */
  dismiss(): Promise<void>
}

/** A mutation that the server has not answered for. The same object as before while nothing of it changes. */
export interface Pending {
  readonly n: number
  readonly space: string
  readonly name: string
  readonly args: { readonly [key: string]: Json }
  /** In ms since the epoch, by the server's clock as far as it is known. */
  readonly madeMs: number
  /** `sent`: handed to the server, which has not answered; after a reload it is `waiting` again. */
  readonly state: 'waiting' | 'sent'
  /** How often it was sent since this replica is open in some tab. */
  readonly attempts: number
  /** Why the last attempt led nowhere; it may be about one before it in the same batch. */
  readonly lastError: SyncError | undefined
  /** Tries now whatever is pending, not sooner than the server asked for. */
  retry(): void
  /**
   * Takes it back: what it shows goes, and the server, once it can be reached, does it no more. Where it was done already it turns out
   * to be confirmed. Rejects with TooLargeError where 10,000 that were taken back wait for the server's word, and with StorageErrors.
   */
  dismiss(): Promise<void>
}

/** What became of what is on this device when a server had lost some of its history, such as one that was restored from a backup. */
export interface HistoryReset {
  /** Mutations that were pending then and had never been confirmed: nothing happened to them. */
  readonly kept: number
  /** Confirmed ones that the server had lost, and that were offered to it again. */
  readonly offeredAgain: number
  /** Confirmed ones that it may have lost and that are too old to be still here, at most so many. */
  readonly lost: number
}

export type Phase = 'offline' | 'connecting' | 'greeting' | 'catching up' | 'live' | 'stalled' | 'waiting'

/** What an app may have to say about the storage of this device. */
export interface StorageStatus {
  /** False when nothing that is saved here outlives a reload. */
  readonly durable: boolean
  /** Whether the browser promised not to clear it to make room; undefined where it does not say. */
  readonly persisted?: boolean | undefined
  /** Why something could not be saved or read just now; gone once it works again. Nothing that was saved is lost by it. */
  readonly error?: StorageError | undefined
  /** This device has cleared what was here before, and with it so much that the server had not got. Told until it is dismissed. May be too high by what was under way just then. */
  readonly lost?: Loss | undefined
}

export interface Status {
  readonly phase: Phase
  /** Where each followed copy stands, and how far the server is known to be. */
  readonly spaces: {
    readonly [space: string]: Standing & {
      readonly head: number
      /** What is shown is not all that it is to be: it came in part, or is being replaced. */
      readonly partial: boolean
      /** How far back windowed collections go. */
      readonly floors?: { readonly [collection: string]: number } | undefined
      readonly denied?: SyncError
    }
  }
  readonly pending: number
  readonly refused: number
  /** From one beat to the next, in s: as seldom as the network in hand lets it, and more often in front. */
  readonly beatS: number
  /** What keeps it `offline`. */
  readonly pauses?: readonly Pause[] | undefined
  /** When the next attempt to connect comes, in ms since the epoch; while `waiting`. */
  readonly retryAtMs?: number | undefined
  /** Why the last connection or attempt ended, until the next is there. */
  readonly because?: SyncError | undefined
  /** Why nothing is sent although something is pending and the server can be reached; nothing of it is lost. */
  readonly blocked?: SyncError | undefined
  readonly storage: StorageStatus
}

/** How far the spaces that are held open are behind the server, as far as this device knows. */
export interface Progress {
  /** Versions that are lacking, over all of them. */
  readonly behind: number
  /** How many of them lack something, or are here in part. */
  readonly spaces: number
  /**
   * How much has come of what has been lacking since all was here last: 0 to 1, and never less than before within one catch-up. It
   * reaches 1 with the last version, just before the phase is `live`. Undefined until something is known.
   */
  readonly fraction: number | undefined
}

type Mutators<Args> = {
  readonly [N in keyof Args]: (args: Args[N]) => Promise<Sent>
}
interface BuiltIns<C> {
  put<N extends keyof C & string>(args: { readonly c: N; readonly id: string; readonly doc: DocumentOf<C[N]> }): Promise<Sent>
  patch<N extends keyof C & string>(
    args: PatchMore<DocumentOf<C[N]>> & { readonly c: N; readonly id: string; readonly set?: Partial<DocumentOf<C[N]>> },
  ): Promise<Sent>
  delete<N extends keyof C & string>(args: Omit<DeleteArgs, 'c'> & { readonly c: N }): Promise<Sent>
}

/** Who is there, where the kind tells it: the present first, then each change. */
type PresenceIn<A extends App, K extends KindOf<A>> = A['spaces'][K]['presence'] extends undefined
  ? object
  : { readonly presence$: Presence$ }

/** One space, followed until closed. */
export type Space<A extends App, K extends KindOf<A>> = {
  readonly id: string
  /** Each mutator: saved on this device when it resolves, and visible. */
  readonly mutate: Mutators<ArgsOf<A, K>> & BuiltIns<CollectionsOf<A, K>>
  /** Ends the follow once the last holder of the space has closed it; the copy stays. */
  close(): void
  /** What many say and a few may miss. The same object for the same name. Throws NotFoundError where the kind has no such lane. */
  lane<L extends keyof LanesOf<A, K> & string>(name: L): Lane<BodyOf<LanesOf<A, K>[L]>>
} & PresenceIn<A, K> & {
    readonly [C in keyof CollectionsOf<A, K>]: CollectionScope<DocumentOf<CollectionsOf<A, K>[C]>, IndexOf<CollectionsOf<A, K>[C]>>
  }

/** All that one user has on one device. */
export interface Replica<A extends App> {
  /** The present one; a device that was copied or set back goes on under another. */
  readonly clientId: string
  readonly user: string
  space<Id extends SpaceIdOf<A> & string>(id: Id): Space<A, KindOfId<A, Id>>
  /** The Dexie table of a collection over all spaces, for reading. */
  table<K extends KindOf<A> & string, C extends keyof CollectionsOf<A, K> & string>(
    kind: K,
    collection: C,
  ): Table<DocumentRow<DocumentOf<CollectionsOf<A, K>[C]>>>
  /**
   * The present status first, then each change. So do all streams of a replica: one source for all subscribers, nothing left of one that
   * has unsubscribed, no errors, and completed by `close()`; after it they complete at once.
   */
  readonly status$: Observable<Status>
  readonly pending$: Observable<readonly Pending[]>
  readonly rejected$: Observable<readonly Refused[]>
  /** For a progress bar. */
  readonly progress$: Observable<Progress>
  /** Each time the server's history turned out to be another one, once it is known what became of it; kept over reloads until somebody subscribes. */
  readonly historyReset$: Observable<HistoryReset>
  /** What happened to the connection of late, the newest at the end; then again with each that is added. */
  readonly diagnostics$: Observable<readonly Diagnostic[]>
  /** Resolves when nothing is pending any more. */
  settled(): Promise<void>
  /** An app's own offline switch, of this tab alone: it sends and receives nothing until `resume`. Other tabs go on, and send what was written here. */
  pause(): void
  resume(): void
  /** Ends the present wait or connection for a new one, as a person's "try now" asks; not before the time that the server asked for. */
  reconnectNow(): void
  /** created = confirmed + refused + pending + discarded, counted on this device. */
  audit(): Promise<{
    readonly created: number
    readonly confirmed: number
    readonly refused: number
    readonly pending: number
    readonly discarded: number
  }>
  /** Asks the browser not to clear what is here to make room; some ask the person. False where it does not promise that. Never rejects. */
  persist(): Promise<boolean>
  /** Ends the connection and the database's handle; everything stays on the device. */
  close(): Promise<void>
  /**
   * Closes it and deletes all that this user has on this device, in every tab. Rejects with ForbiddenError, and nothing is done, where
   * something is pending or refused, unless `discardPending` says that it may go. Resolves with what went.
   */
  clear(options?: { readonly discardPending?: boolean }): Promise<Unsent>
}

export type { BuiltIn }
