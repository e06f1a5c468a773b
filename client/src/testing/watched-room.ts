import { type App, type SpaceId, UnavailableError } from '@tidemark/shared'
import { createReplicaCore, type ReplicaCore } from '../replica/replica-core.ts'
import type { ReplicaStorage } from '../replica/storage.ts'
import { watchedScope } from '../watch/query.ts'
import type { Snapshot, Watched } from '../watch/watch-api.ts'
import { openWatches, type Watches } from '../watch/watches.ts'
import { chatApp } from './chat-app.ts'
import { type HandClock, handClock } from './hand-clock.ts'
import { seededRandom } from './seeded-random.ts'

/** A replica without network whose collections can be watched. */
export interface WatchedRoom {
  readonly core: ReplicaCore
  readonly watches: Watches
  readonly clock: HandClock
  /** What was told in development. */
  readonly warnings: string[]
  /** Units that read documents, each with how many of them. */
  readonly reads: number[]
  of<Doc = Message>(collection?: string, space?: SpaceId): Watched<Doc>
}
export interface Message {
  readonly text: string
  readonly author: string
  readonly sentAtMs: number
}

/** `read`: in place of the storage's own. */
export async function watchedRoom(
  storage: ReplicaStorage,
  { seed = 1, app = chatApp, read = storage.read }: { seed?: number; app?: App; read?: ReplicaStorage['read'] } = {},
): Promise<WatchedRoom> {
  const clock = handClock()
  const core = await createReplicaCore({ app, storage, clock, random: seededRandom(seed), user: 'alice' })
  const warnings: string[] = []
  const reads: number[] = []
  const counted: ReplicaStorage['read'] = (tables, work) =>
    read(tables, (tx) => {
      const count = (rows: number) => {
        if (tables.every((table) => table.includes('_'))) reads.push(rows)
      }
      return work({
        ...tx,
        async getMany(table, keys) {
          count(keys.length)
          return tx.getMany(table, keys)
        },
        async list(...args) {
          const rows = await tx.list(...args)
          count(rows.length)
          return rows
        },
      })
    })
  const closedError = () => new UnavailableError('closed')
  const watches = openWatches({ ...core, clock, read: counted, closedError, warn: (text) => warnings.push(text) })
  const none = { where: () => 'of Dexie', orderBy: () => 'of Dexie' } as never
  return {
    core,
    watches,
    clock,
    warnings,
    reads,
    of: (collection = 'messages', space = 'room:1') => watchedScope(watches, space, collection, none) as never,
  }
}

/** Remembers what a watch was told. */
export function told<Doc>(): {
  readonly snapshots: Snapshot<Doc>[]
  readonly errors: Error[]
  readonly listener: { onChange(snapshot: Snapshot<Doc>): void; onError(error: Error): void }
} {
  const snapshots: Snapshot<Doc>[] = []
  const errors: Error[] = []
  return {
    snapshots,
    errors,
    listener: { onChange: (snapshot) => void snapshots.push(snapshot), onError: (error) => void errors.push(error) },
  }
}
