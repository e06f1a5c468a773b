import {
  type Ack,
  type App,
  type Heads,
  type JsonObject,
  kindOf,
  type Mutation,
  type Seal,
  type SpaceId,
  type Standing,
  type Version,
  type WireError,
} from '@tidemark/shared'
import type { HistoryReset } from '../replica-api.ts'
import { type KeyRange, REPLICA_TABLES, type Row } from './storage.ts'

/** The form of these rows. A build that changes it so that older ones would do harm counts one up, and writes it as `minWriter`. */
export const FORMAT = 2

/** What the replica knows of itself; one row. */
export type SelfRow = {
  readonly id: typeof SELF
  /** The present client id. */
  readonly client: string
  /** The client id that it began with: a page that knew another one is not this replica's. */
  readonly born?: string | undefined
  /** The last local number given out. They are the keys of outbox, refused and tail; they only grow, whatever becomes of client ids. */
  readonly n: number
  /** Number 1 of the present client id is the local number after this one. */
  readonly after: number
  readonly proven?: number | undefined
  /** Earlier client ids of which something is pending or in the tail, oldest first; at most FORMER_MAX. */
  readonly former: readonly Identity[]
  /** Client ids of which the server may have lost what it had acknowledged [M5]. */
  readonly doubts: readonly string[]
  /** Grows with each doubt and each healing: answers to what was sent before are about another state. */
  readonly epoch: number
  /** The number of the tab that leads: it grows with each. */
  readonly lead?: number | undefined
  /** What healing came to, until the app is told. */
  readonly untold?: HistoryReset | undefined
  /** The last `$s` given out. */
  readonly s: number
  /** Counts for the audit: mutations made here, done by the server, and dismissed by the app. */
  readonly created: number
  readonly confirmed: number
  readonly discarded: number
  /** The tables of all builds of the app that ran here. */
  readonly tables: readonly string[]
  /** Those of the build that began last; all of `tables` where it is missing. */
  readonly build?: readonly string[] | undefined
  /** The form that a build must know to write here; 1 where it is missing. Older ones only read. */
  readonly minWriter?: number | undefined
  /** `$s` of copies that are shown no longer, and whose documents are still to be deleted. */
  readonly garbage: readonly number[]
}
export const SELF = 'self'

/** A client id, and the local numbers that were given out under it: above `after`, up to `upTo`. */
export interface Identity {
  readonly client: string
  readonly after: number
  readonly upTo: number
  /** The last `$s` given out when all that had been settled under it was found to be in the server's history. */
  readonly proven?: number | undefined
}

/** One copy: what is shown of a space. */
export type CopyRow = {
  readonly version: Version
  readonly seal: Seal
  readonly space: SpaceId
  readonly $s: number
  /** How far the server was when it last said so. */
  readonly head: number
  /** False before the first page with `to == head`, and inside a compacted run [C2]. */
  readonly whole: boolean
  /** True once it was whole: from then on a new beginning is built beside it [R6]. */
  readonly settled: boolean
  readonly floors?: Floors | undefined
  readonly next?: Unfinished | undefined
  /** `$s` of the last copy that began because the history had changed: what was settled before that was given out may not be here. */
  readonly renewed?: number | undefined
}
/** A new beginning, built beside the copy that is shown until it is whole [R6]. */
export interface Unfinished extends Standing {
  readonly $s: number
  /** True when the old history no longer holds, and versions of acks with it. */
  readonly history: boolean
  /** Nonces of the pending mutations whose commits it already holds. */
  readonly arrived: readonly string[]
  readonly floors?: Floors | undefined
}
/** By windowed collection: documents that were created at or before that version, and not changed since, may not be here [W1]. */
export type Floors = Readonly<Record<string, Version>>

/** A mutation that is not settled, or still shown. */
export type OutboxRow = Mutation & {
  /** Set by its ack: the versions that it made. Undefined while it is pending. */
  readonly in?: Heads | undefined
  /** The spaces that it reads or writes here. */
  readonly touched: readonly SpaceId[]
  /** Those of them whose copies already hold what the server made of it, or where there is nothing to wait for. */
  readonly arrived: readonly SpaceId[]
  /** It had been settled before, and is offered again [M5]; true: the server is known to have lost it. */
  readonly again?: boolean | undefined
  /** Only its number is offered: it had been refused before, or, where it is not offered `again`, the app has taken it back. */
  readonly void?: true | undefined
  /** The nonce of the one before it, where the tail may not have that any more. */
  readonly on?: string | undefined
}
export type RefusedRow = Mutation & { readonly error: WireError }
export type TailRow = (Mutation | { readonly n: number; readonly nonce: string; readonly void: true }) & {
  readonly in?: Ack['in']
  readonly settledMs: number
  readonly touched?: readonly SpaceId[]
  /** The nonce of the one before it. */
  readonly on?: string | undefined
  /** The last `$s` given out when it was settled. */
  readonly s?: number
}

/** A document as a copy holds it. `v`: version of its last change; `b`: of its creation. */
export interface Stored {
  readonly doc: JsonObject
  readonly v: number
  readonly b: number
}
/** The place of a document, and what is there. */
export type Slot = {
  readonly key: string
  readonly s: number
  readonly table: string
  readonly id: string
  readonly at: Stored | undefined
}
export type BaseRow = Slot

/** Of the outbox, what the server has not answered for. */
export function pendingOf(outbox: readonly Row[]): readonly OutboxRow[] {
  return (outbox as readonly OutboxRow[]).filter((row) => !row.in && !row.void)
}

/** What the app has taken back while it was pending, before the server has said what came of it. */
export function isDismissed({ in: done, void: isVoid, again }: Partial<OutboxRow>): boolean {
  return !done && !!isVoid && again === undefined
}

export function tableOf(space: SpaceId, collection: string): string {
  return `${kindOf(space)}_${collection}`
}

/** The tables of the app's collections. */
function documentTables(app: App): readonly string[] {
  return Object.entries(app.spaces).flatMap(([kind, { collections }]) => Object.keys(collections).map((c) => `${kind}_${c}`))
}

/** Every table of a replica of this app. */
export function allTables(app: App): readonly string[] {
  return [...Object.keys(REPLICA_TABLES), ...documentTables(app)]
}

/** The key of a document in `base`, and in the maps of a unit. */
export function baseKey(s: number, table: string, id: string): string {
  return `${s} ${table} ${id}`
}

/** The primary key of a document in its table. */
export function documentKey(s: number, id: string): string {
  return `${s} ${id}`
}

/** All keys of one copy; `!` follows the blank after `$s`. */
export function keysOf(s: number): KeyRange {
  return { from: `${s} `, to: `${s}!` }
}

/** A document's row: its fields, and what the replica knows of it beside them. */
export function documentRow(s: number, id: string, { doc, v, b }: Stored, pending: 0 | 1): Row {
  return { ...doc, $k: documentKey(s, id), $s: s, $id: id, $v: v, $b: b, $p: pending }
}

export function storedOf(row: Row | undefined): Stored | undefined {
  if (row === undefined) return undefined
  const { $k, $s, $id, $v, $b, $p, ...doc } = row
  return { doc: doc as JsonObject, v: $v as number, b: $b as number }
}
