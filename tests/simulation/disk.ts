import type { Key, ReplicaStorage, ReplicaWorld, Row } from '@tidemark/client/testing'
import type { App, Clock } from '@tidemark/shared'
import type { Scheduler } from './scheduler.ts'

/** What strikes one unit of a device's storage. */
export interface DiskFault {
  /**
   * `crash`: the browser dies. `lost`: the handle is lost and the unit runs again. `gone`: it is lost again and again, until the
   * storage gives up. `hang`: nothing comes, until the deadline of the unit. `quota`: the disk is full.
   */
  readonly kind: 'crash' | 'lost' | 'gone' | 'hang' | 'quota'
  /** Units that still run before the one that it strikes. */
  readonly afterUnits: number
  /** True where what the unit wrote is on the disk when it strikes. */
  readonly written: boolean
}

/** The storage of one tab. */
export interface DiskHandle {
  readonly storage: ReplicaStorage
  /** What reads documents for the app; where there is none, only the disk is looked at. */
  readonly tables?: ReplicaWorld<App>['tables']
  /** What its live queries told last and is not so; asked when nothing is under way. */
  stale?(): string[]
  /** The tab dies: units under way write nothing, and nothing of it is told any more. */
  crash(): void
}

/** Which rows a commit changed. */
export type Changed = ReadonlyMap<string, ReadonlySet<Key>>

/** What one user has on one device: the rows of a replica, and all that can happen to them. */
export interface Disk {
  /** `clock`: of the tab. `crashed` is called when the browser dies in the middle of a unit. */
  open(clock: Clock, crashed: () => void): DiskHandle
  /** The rows of a table as they are now, by key. */
  rows(table: string): ReadonlyMap<Key, Row>
  /** Tables that have, or had, rows. */
  tables(): readonly string[]
  /** Called within each commit, when the rows are there and nobody was told of them. One listener. */
  onCommit(listener: (changed: Changed) => void): void
  strike(fault: DiskFault): void
  /** Faults that have not struck yet are called off, those of units under way too. */
  calm(): void
  /** How long each unit takes, in ms, by chance; undefined: no time. */
  slowness: (() => number) | undefined
  /** Listeners of tabs that live. */
  readonly listeners: number
  /** Units that wait or run. */
  readonly units: number
  /** The rows as they are now, on a disk of their own. */
  clone(): Disk
  /** Takes the last commits back. All tabs are closed. */
  rollBack(commits: number): void
  /** Takes back what no later flush has brought to the disk: the relaxed commits after the last strict one. All tabs are closed. */
  losePower(): void
  /** The browser clears it, perhaps under open tabs. */
  evict(): void
}

/** An empty disk of that name; what the engine behind it does in its own time runs on the scheduler. */
export type OpenDisk = (name: string, scheduler: Scheduler) => Disk
