export type { AnonymousAnswer } from './anonymous.ts'
export { anonymousAnswer } from './anonymous.ts'
export type {
  App,
  ArgsOf,
  CollectionsOf,
  KindOf,
  KindOfId,
  LanesOf,
  Mutator,
  PresenceOption,
  SpaceDefinition,
  SpaceIdOf,
  Spaces,
} from './app.ts'
export { defineApp, MODERATION, space } from './app.ts'
export type { BuiltIn, DeleteArgs, PatchArgs, PutArgs } from './builtin.ts'
export { BUILT_IN, isBuiltIn } from './builtin.ts'
export type { Change } from './change.ts'
export type { Clock } from './clock.ts'
export type { CollectionDefinition, CollectionOptions, Collections, DocumentOf, IndexOf, Preset } from './collection.ts'
export { collection } from './collection.ts'
export type { CommitsBody } from './commits.ts'
export { commitsBody, idempotencyKey, isIdempotencyKey } from './commits.ts'
export { within } from './deadline.ts'
export type { ErrorCode, ErrorDetail, WireError } from './errors.ts'
export {
  BadRequestError,
  ClientConflictError,
  errorBody,
  errorFromWire,
  ForbiddenError,
  GoneError,
  InternalError,
  InvalidError,
  isAboutToken,
  KeyConflictError,
  NotFoundError,
  OutcomeUnknownError,
  OutOfOrderError,
  RateLimitedError,
  REFUSALS,
  RejectedError,
  SyncError,
  TokenExpiredError,
  TooLargeError,
  UnauthenticatedError,
  UnavailableError,
  UpgradeRequiredError,
  wireError,
} from './errors.ts'
export { foldCharacter, foldWord } from './fold-text.ts'
export type { ClientFrame, Hello, MutationBatch } from './frames/client-frame.ts'
export { mutationBatch } from './frames/client-frame.ts'
export type { Heads } from './frames/heads.ts'
export { heads } from './frames/heads.ts'
export type { LanesStated } from './frames/lanes-stated.ts'
export type { PollBody } from './frames/poll.ts'
export { pollBody } from './frames/poll.ts'
export type { Ack, MutationAnswer, RangeFrame, ServerFrame } from './frames/server-frame.ts'
export { mutationAnswer } from './frames/server-frame.ts'
export type { Standings } from './frames/standings.ts'
export { standings } from './frames/standings.ts'
export { httpStatus } from './http-status.ts'
export { sameJson, toJson, toJsonObject } from './json.ts'
export type { Json, JsonObject } from './json-object.ts'
export { isJsonObject } from './json-object.ts'
export type { BodyOf, LaneDefinition, LaneOptions, Lanes, Sampling } from './lane.ts'
export { faultOfLane, LANE_BOUNDS, lane, PRESENCE_LANE } from './lane.ts'
export * from './limits.ts'
export type { Measure } from './measure.ts'
export { measure, utf8Bytes } from './measure.ts'
export type {
  AuditLine,
  HeldItem,
  LaneSetting,
  ListedWord,
  ModerationActs,
  ModerationCollections,
  OutgoingItem,
  Restricted,
  WordAction,
} from './moderation-space.ts'
export { ANNOUNCEMENT_LENGTH_MAX, laneSettingId, moderationSpace, WORD_LENGTH_MAX, WORDS_AT_ONCE_MAX } from './moderation-space.ts'
export type { Mutation, Numbered, VoidMutation } from './mutation.ts'
export { mutation, voidMutation } from './mutation.ts'
export { isClientId, isCollectionName, isDocumentId, isNonce, isUserId } from './names.ts'
export type { OlderPage } from './older-page.ts'
export { olderPage } from './older-page.ts'
export { conform, FROM_CLIENT, parseAnswer, parseBody, parseClientFrame, parseServerFrame } from './parse.ts'
export type { Delta, Patch } from './patch.ts'
export { deltaOf, withDelta } from './patch.ts'
export { PROTOCOL, PROTOCOL_SERVED_FROM, SUBPROTOCOL } from './protocol-version.ts'
export type { Random } from './random.ts'
export { newClientId, newDocumentId, newNonce, nextClientId } from './random.ts'
export type { Acked, Range, ResetReason } from './range.ts'
export { range } from './range.ts'
export type { RangeEnds, Verdict } from './range-rule.ts'
export { judge, standingAfter } from './range-rule.ts'
export type { Seal } from './seal.ts'
export { EMPTY_SEAL, isRunSeal, sameSeal, seal, sealDigits } from './seal.ts'
export type { SpaceId } from './space-id.ts'
export { isReserved, isSpaceId, kindOf, nameOf } from './space-id.ts'
export type { Standing } from './standing.ts'
export { NOTHING } from './standing.ts'
export { sumOf } from './sum.ts'
export type { LaneItem, LanePage, LaneRing, LaneState, Presence, Tick } from './tick.ts'
export { isItemId, LANE_PAGE_MS, lanePage, laneRing, presence, saidAnswer, sayBody } from './tick.ts'
export { toWire } from './to-wire.ts'
export type { CollectionTransaction, PatchMore, Transaction, TransactionBase } from './transaction.ts'
export { validate, validateJson } from './validate.ts'
export type { Version } from './version.ts'
export { next, toVersion, version, ZERO } from './version.ts'
