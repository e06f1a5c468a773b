import { newDocumentId } from '@tidemark/shared'
import { systemRandom } from './platform/system-random.ts'

export type { BeatPolicy } from './connection/beat-policy.ts'
export type { Pause } from './connection/connection.ts'
export type { Lifecycle, LifecycleEvent, Network, NetworkKind } from './connection/hints.ts'
export type { TokenSource } from './connection/tokens.ts'
export type { HttpAnswer, HttpRequest, LiveEvents, LiveSocket, Transport } from './connection/transport.ts'
export type { Device } from './device.ts'
export type { Diagnostic } from './diagnostic.ts'
export type { Lane, LaneBatch, Presence$, Said } from './lanes/lane-api.ts'
export type { Loss, Unsent } from './loss-mark.ts'
export type { OpenReplicaOptions } from './open-replica.ts'
export { openReplica } from './open-replica.ts'
export type { ServerUrl } from './platform/server-url.ts'
export { webTransport } from './platform/web-transport.ts'
export type { ReplicaStorage } from './replica/storage.ts'
export { StorageError, type StorageTrouble } from './replica/storage-error.ts'
export type {
  BuiltIn,
  CollectionQueries,
  CollectionScope,
  DocumentRow,
  HistoryReset,
  Older,
  Pending,
  Phase,
  Progress,
  Refused,
  Replica,
  Sent,
  SentState,
  Space,
  Status,
  StorageStatus,
  WindowState,
} from './replica-api.ts'
export type { Condition } from './watch/condition.ts'
export {
  above,
  aboveOrEqual,
  anyOf,
  below,
  belowOrEqual,
  between,
  exists,
  includes,
  noneOf,
  not,
  startsWith,
} from './watch/conditions.ts'
export type {
  DocChange,
  DocumentRef,
  FieldOf,
  Query,
  QueueType,
  Snapshot,
  Watch,
  Watchable,
  Watched,
  WatchListener,
  Where,
} from './watch/watch-api.ts'

/** An id for a new document: 126 random bits. */
export function newId(): string {
  return newDocumentId(systemRandom)
}
