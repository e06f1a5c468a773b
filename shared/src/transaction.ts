import type { CollectionDefinition, Collections, DocumentOf } from './collection.ts'

/** What a patch may do besides setting fields; see the built-in `patch` (protocol §6). */
export interface PatchMore<Doc> {
  readonly unset?: readonly (keyof Doc & string)[]
  readonly inc?: { readonly [F in keyof Doc as Doc[F] extends number | undefined ? F : never]?: number }
  readonly append?: { readonly [F in keyof Doc as Doc[F] extends readonly unknown[] | undefined ? F : never]?: Doc[F] }
  readonly remove?: { readonly [F in keyof Doc as Doc[F] extends readonly unknown[] | undefined ? F : never]?: Doc[F] }
}

/** One collection as a mutator sees it: its reads include its own writes. Documents go through the collection's schema. */
export interface CollectionTransaction<Doc> {
  get(id: string): Promise<Doc | undefined>
  /** Throws RejectedError when the id exists. */
  create(id: string, doc: Doc): Promise<void>
  /** Creates or replaces. */
  put(id: string, doc: Doc): Promise<void>
  /** Throws RejectedError when there is no such document. */
  patch(id: string, set: Partial<Doc>, more?: PatchMore<Doc>): Promise<void>
  /** Nothing happens where there is none. */
  delete(id: string): Promise<void>
}

/** What a mutator has besides its collections; their names are taken. */
export interface TransactionBase {
  /** Who made the mutation, as the token names them. */
  readonly user: string
  /** Whether `access` answers `admin` for them in the space of the mutation; true for a backend's own writes, and on a device, where the server decides. */
  readonly isAdmin: boolean
  /** The server's clock there; on a device its own, corrected by what the server told. In ms since the epoch. */
  readonly nowMs: number
  /** Whether this is the run that decides. On a device it is false, and what is behind it shows when the server's result comes. */
  readonly isServer: boolean
  /** Chance, uniform in [0, 1): drawn once by the server, the same for all. Throws TypeError on a device: ask `isServer` first. */
  random(): number
  /** Another space in the same transaction: each touched space gets its own version, all or none. */
  space(id: string): { readonly [collection: string]: CollectionTransaction<Record<string, unknown>> }
  /** Refuses the mutation with `rejected` and this message, which the person will read. */
  reject(message: string): never
}

/** The space in which a mutator runs. A mutator awaits nothing else than this, so that both ends can run it in one transaction. */
export type Transaction<C extends Collections = Collections> = TransactionBase & {
  readonly [N in keyof C]: C[N] extends CollectionDefinition ? CollectionTransaction<DocumentOf<C[N]>> : never
}

/** Names that a collection cannot have, because a transaction, a space of the replica or a promise answers to them. */
export const TAKEN_NAMES: readonly string[] = [
  'user',
  'isAdmin',
  'isServer',
  'random',
  'nowMs',
  'space',
  'reject',
  'id',
  'mutate',
  'lane',
  'presence$',
  'close',
  'then',
]
