export type { ApiKeyRecord } from './api-keys/api-key.ts'
export { newApiKey } from './api-keys/api-key.ts'
export type { ApiKeys } from './api-keys/api-keys.ts'
export type { Access, AccessRule, AccessRules } from './backend/access.ts'
export { ownerOnly } from './backend/access.ts'
export type { Principal } from './backend/backend.ts'
export type { Authenticate, Claim, JwtAlgorithm, JwtOptions, Secret } from './backend/jwt.ts'
export { jwt, signToken } from './backend/jwt.ts'
export type { RetentionOptions } from './backend/retention.ts'
export type { CommitOptions, CommitOutcome, CommitRequest, CommitTransaction, Committed, ServerCommits } from './backend/server-commits.ts'
export type { Bus, Hint, Moved, RightsChanged } from './bus/bus.ts'
export { inProcessBus } from './bus/in-process-bus.ts'
export type { Changelog } from './changelog/changelog.ts'
export type { MemoryChangelog } from './changelog/memory/memory-changelog.ts'
export { memoryChangelog } from './changelog/memory/memory-changelog.ts'
export type { SqliteOptions } from './changelog/sqlite/sqlite-changelog.ts'
export { sqliteChangelog } from './changelog/sqlite/sqlite-changelog.ts'
export type {
  ConsoleChange,
  ConsoleConnections,
  ConsoleKind,
  ConsoleLane,
  ConsoleLimits,
  ConsoleLog,
  ConsoleOverview,
  ConsoleRefused,
  ConsoleReplica,
  ConsoleSample,
  ConsoleSpace,
  ConsoleSpaces,
  ConsoleUser,
  Refusal,
} from './console/answers.ts'
export type { ConnectionState, CopyState } from './gateway/connection-state.ts'
export type { Gateway } from './gateway/gateway.ts'
export type { GatewaySocket, SocketEvents } from './gateway/gateway-socket.ts'
export type { DevSignIn } from './http/dev-sign-in.ts'
export type { Origins } from './http/origins.ts'
export type { HandleUpgrade } from './http/upgrade.ts'
export type { LanePlace } from './lanes/lane-engine.ts'
export type { KeptLane, KeptTicks, LaneStore, LeftSay, MergedTick, StoredSay } from './lanes/lane-store.ts'
export { memoryLaneStore } from './lanes/memory/memory-lane-store.ts'
export { sqliteLaneStore } from './lanes/sqlite/sqlite-lane-store.ts'
export type { CheckAnswer, ContentCheck, ContentCheckOptions, ToCheck } from './moderation/content-check.ts'
export type { ModerationOptions, SayPaces } from './moderation/create-moderation.ts'
export type { Pace } from './moderation/paces.ts'
export type { Log } from './observe/log.ts'
export type { Fetch } from './platform/system-fetch.ts'
export type { Listening } from './serve.ts'
export { serve } from './serve.ts'
export type { AnonymousOptions, LanesOptions, SyncServer, SyncServerOptions } from './sync-server.ts'
export { createSyncServer } from './sync-server.ts'
