export { type Connect, connect } from './connected.ts'
export { type BeatPolicy, fixedBeat } from './connection/beat-policy.ts'
export {
  type Connection,
  type ConnectionEvent,
  connectionWakeAtMs,
  NEVER,
  NOT_STARTED,
  stepConnection,
} from './connection/connection.ts'
export { type Lifecycle, type LifecycleEvent, type Network, type NetworkKind, NO_HINTS } from './connection/hints.ts'
export { learnedPace } from './connection/learned-pace.ts'
export type { HttpAnswer, HttpRequest, LiveEvents, LiveSocket, Transport } from './connection/transport.ts'
export { createReplica, type ReplicaWorld, type Tables } from './create-replica.ts'
export { plainTables } from './plain-tables.ts'
export { pollTransport } from './platform/poll-transport.ts'
export { type BeatStore, storedBeats } from './platform/stored-beats.ts'
export type { CopyState } from './replica/copy-state.ts'
export { type DexieStorage, dexieStorage } from './replica/dexie-storage.ts'
export { frozen, keyOf, keysWithin, rangesOf } from './replica/memory-rows.ts'
export { type MemoryStorage, memoryStorage } from './replica/memory-storage.ts'
export { createReplicaCore, type ReplicaCore, type ReplicaPorts } from './replica/replica-core.ts'
export { dexieTables } from './replica/scope.ts'
export { type Key, type KeyRange, type ReplicaStorage, type Row, type StorageRead, UnitEndedError, type Write } from './replica/storage.ts'
export { describeReplicaStorage, type SuiteSubject } from './replica/storage-contract-suite.ts'
export { chatApp } from './testing/chat-app.ts'
export { type DeviceTab, type DeviceTabs, deviceTabs } from './testing/device-tabs.ts'
export { type HandClock, handClock } from './testing/hand-clock.ts'
export { message, rangeOf } from './testing/ranges.ts'
export { seededRandom } from './testing/seeded-random.ts'
export { type VirtualTime, virtualTime } from './testing/virtual-time.ts'
export { watchedScope } from './watch/query.ts'
export { openWatches, type Watches, type WatchPorts } from './watch/watches.ts'
