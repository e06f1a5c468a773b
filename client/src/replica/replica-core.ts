import type { App, Clock, OlderPage, Random, SpaceId, Standing, Version } from '@tidemark/shared'
import type { Copies } from '../following/copies.ts'
import type { Outbox } from '../outbox/outbox.ts'
import type { HistoryReset } from '../replica-api.ts'
import type { Taken } from './awaited-page.ts'
import type { Confirmations, Enqueued } from './confirmations.ts'
import type { CopyState } from './copy-state.ts'
import { createLocalCore } from './local-core.ts'
import type { Stage } from './replay.ts'
import type { OutboxRow, RefusedRow } from './rows.ts'
import { createServedCore } from './served-core.ts'
import type { ShownCopies } from './shown-copies.ts'
import type { ReplicaStorage } from './storage.ts'
import type { Unit } from './unit.ts'

/** Whom a page of older documents is asked of. */
export interface OlderSource {
  page(before: Version): Promise<OlderPage>
  /** Whether that number and seal are in its history now. */
  holds(standing: Standing): Promise<boolean>
}

/** What a healing came to; `epoch` names it. */
export interface Healed extends HistoryReset {
  readonly epoch: number
}

export interface Audit {
  readonly created: number
  readonly confirmed: number
  readonly refused: number
  readonly pending: number
  readonly discarded: number
}

/** What both halves of a core know. */
export interface Memo {
  clientId: string
  /** False where there is nothing to tell for sure. */
  mayTell: boolean
}

/** What the half that a server speaks to has of the other one. */
export interface CoreInside extends Pick<ReplicaPorts, 'clock' | 'random' | 'storage'> {
  readonly stage: Stage
  /** Those of other builds, too. */
  readonly tables: readonly string[]
  readonly memo: Memo
  readonly read: ReplicaStorage['read']
  unit<T>(durability: 'strict' | 'relaxed', work: (unit: Unit) => Promise<T>): Promise<T>
  /** What `close` ends first. */
  onClose(end: () => void): void
  /** The server's clock, whatever becomes of this device's. */
  settledMs(): number
}

/** The replica without network, browser or Dexie, as far as it needs no server: what an app does to rows happens here, one unit at a time. */
export interface LocalCore extends ShownCopies, Pick<Outbox, 'clientId' | 'onAppended'> {
  readonly inside: CoreInside
  readonly storage: ReplicaStorage
  /** Runs a mutation here and saves it. Throws the SyncError of a refusal by the mutator or a schema; then nothing is saved. */
  mutate(space: SpaceId, name: string, args: unknown): Promise<Enqueued>
  /** Makes a refused mutation again, in the transaction that takes it off the list. */
  retry(n: number): Promise<Enqueued>
  /** Lets a refused mutation go. */
  dismiss(n: number): Promise<void>
  refused(): Promise<readonly RefusedRow[]>
  /** Takes a pending mutation back; nothing happens where the server has answered for it. */
  withdraw(nonce: string): Promise<void>
  /** What is pending, and, with `void`, what was taken back meanwhile. */
  pending(): Promise<readonly OutboxRow[]>
  /** Both at one moment, so that what goes from one to the other is always in one of them. */
  unsettled(): Promise<{ readonly pending: readonly OutboxRow[]; readonly refused: readonly RefusedRow[] }>
  audit(): Promise<Audit>
  /** What the app is to be told of healing, once that is over; undefined where there is nothing. */
  healed(): Promise<Healed | undefined>
  /** The app was told that; what came after it is told later. */
  told(healed: Healed): Promise<void>
  confirmed: Confirmations['confirmed']
  /** Deletes every row, in all tabs. Throws ForbiddenError, with nothing done, where something is pending or refused, unless it is to be discarded. Returns what was. */
  erase(discard: boolean): Promise<Pick<Audit, 'pending' | 'refused'>>
  /** How far each copy has come; spaces without a copy are left out. */
  copies(spaces: readonly SpaceId[]): Promise<ReadonlyMap<SpaceId, CopyState>>
  /** The server's clock minus this device's, in ms, as `welcome` told it. */
  setClockOffset(offsetMs: number): void
  /** After commits of this tab, and of others where the storage tells. The returned function ends it. */
  onChange: ReplicaStorage['onChange']
  close(): Promise<void>
}

/** What a server does to the same rows. */
export interface ServedCore extends Copies, Outbox {
  /**
   * From here on this tab alone says hello, sends and settles: what another one that led before does of that throws, and writes nothing.
   * Where none ever leads nothing is compared. Returns its number, higher than all before.
   */
  lead(): Promise<number>
  /**
   * Takes the page of older documents that the server gives [W2]; undefined, with nothing done, where it has to be asked for again.
   * Nothing is asked for where nothing is older. Throws UnavailableError unless the copy is whole and stays the same meanwhile, and what
   * `server` throws.
   */
  takeOlder(space: SpaceId, collection: string, server: OlderSource): Promise<Taken | undefined>
}

/** Both halves. */
export interface ReplicaCore extends LocalCore, ServedCore {}

export interface ReplicaPorts {
  readonly app: App
  readonly storage: ReplicaStorage
  readonly clock: Clock
  readonly random: Random
  /** Who uses it; mutators see it as `tx.user`. */
  readonly user: string
  /** Whether the app has a space open: its copy stays when the device runs out of room. Default: all are. */
  readonly isHeld?: ((space: SpaceId) => boolean) | undefined
  /** Called when this tab led, and another one does now. */
  readonly deposed?: (() => void) | undefined
}

/** Both halves at once, for whoever needs them at once. */
export async function createReplicaCore(ports: ReplicaPorts): Promise<ReplicaCore> {
  const local = await createLocalCore(ports)
  return Object.defineProperties(local, Object.getOwnPropertyDescriptors(createServedCore(local, ports.deposed))) as ReplicaCore
}
