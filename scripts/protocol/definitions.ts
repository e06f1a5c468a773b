import { anonymousAnswer } from '../../shared/src/anonymous.ts'
import { deleteArgs, increments, lists, patchArgs, putArgs } from '../../shared/src/builtin.ts'
import { change, delChange, putChange, setChange } from '../../shared/src/change.ts'
import { commit, commitEnd, commitsAnswer, commitsBody, idempotencyKey, userId, write } from '../../shared/src/commits.ts'
import { errorBody, REFUSALS, wireError } from '../../shared/src/errors.ts'
import { clientFrames, clientId, labels, mutationBatch } from '../../shared/src/frames/client-frame.ts'
import { heads } from '../../shared/src/frames/heads.ts'
import { laneNames, lanesStated } from '../../shared/src/frames/lanes-stated.ts'
import { pollBody } from '../../shared/src/frames/poll.ts'
import { ack, limits, mutationAnswer, serverFrames, twoTimes } from '../../shared/src/frames/server-frame.ts'
import { standings } from '../../shared/src/frames/standings.ts'
import { STATUSES } from '../../shared/src/http-status.ts'
import { jsonObject } from '../../shared/src/json-object.ts'
import { COMMITS_MUTATIONS_MAX, LIMITS } from '../../shared/src/limits.ts'
import { mutation, numbered, voidMutation } from '../../shared/src/mutation.ts'
import { mutationNumber } from '../../shared/src/mutation-number.ts'
import { collectionName, documentId, nonce } from '../../shared/src/names.ts'
import { olderPage } from '../../shared/src/older-page.ts'
import { acked, floors, range, resetReason } from '../../shared/src/range.ts'
import { seal } from '../../shared/src/seal.ts'
import { spaceId } from '../../shared/src/space-id.ts'
import { itemId, laneItem, laneName, lanePage, laneRing, laneState, presence, saidAnswer, sayBody, tick } from '../../shared/src/tick.ts'
import { version } from '../../shared/src/version.ts'
import { any, yes } from '../../shared/src/yes.ts'
import type { AnySchema, JsonSchema } from './to-json-schema.ts'

/** One entry of `$defs`. */
export interface Definition {
  readonly name: string
  /** What it is, with the sections and rules of the protocol's page that say it. */
  readonly says: string
  /** The schema that our code reads with; what has none, such as the list of codes, is written in `json`. */
  readonly schema?: AnySchema
  /** In place of what the schema's code would give: what a custom schema checks cannot be read from its code. */
  readonly json?: JsonSchema
  /** Of some fields, what their names do not say. */
  readonly fields?: Readonly<Record<string, string>>
}

const ref = (name: string): JsonSchema => ({ $ref: `#/$defs/${name}` })
const RESERVED = ['__proto__', 'constructor', 'prototype']
/** An object from names of one sort to values of one sort. */
const mapOf = (name: string, value: JsonSchema): JsonSchema => ({ type: 'object', propertyNames: ref(name), additionalProperties: value })

const NAMES: readonly Definition[] = [
  {
    name: 'Version',
    says: 'How far a space has come: 0 for the empty space, then 1, 2, 3 ... without gaps. Source: §2.',
    schema: version,
    json: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
  },
  {
    name: 'Seal',
    says: 'Proves that both ends mean one history by a version; opaque to a client, which stores it and gives it back. Source: §2.',
    schema: seal,
    json: { type: 'string', pattern: '^[!-~]{0,96}$' },
  },
  {
    name: 'SpaceId',
    says: 'kind or kind:name; neither of them reserved. Source: §2.',
    schema: spaceId,
    json: {
      type: 'string',
      pattern: '^[a-z][a-z0-9-]{0,31}(?::[A-Za-z0-9._~-]{1,128})?$',
      not: { pattern: '(?:^|:)(?:__proto__|constructor|prototype)(?::|$)' },
    },
  },
  {
    name: 'CollectionName',
    says: 'Not reserved. Source: §2.',
    schema: collectionName,
    json: { type: 'string', pattern: '^[a-z][A-Za-z0-9_]{0,63}$', not: { enum: RESERVED } },
  },
  {
    name: 'DocumentId',
    says: '1 to 128 characters (UTF-16 units, which this schema cannot count: it counts code points), well-formed Unicode, no control characters, not reserved. Source: §2.',
    schema: documentId,
    json: { type: 'string', pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f\\ud800-\\udfff]{1,128}$', not: { enum: RESERVED } },
  },
  {
    name: 'ClientId',
    says: 'c_ and 22 characters of base64url: 128 random bits, made by the client, one per replica. Source: §2.',
    schema: clientId,
    json: { type: 'string', pattern: '^c_[A-Za-z0-9_-]{22}$' },
  },
  {
    name: 'MutationNumber',
    says: '1, 2, 3 ... per client id, without gaps. Source: §2.',
    schema: mutationNumber,
    json: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
  },
  {
    name: 'Nonce',
    says: '16 random hex digits, one per mutation. Source: §2.',
    schema: nonce,
    json: { type: 'string', pattern: '^[0-9a-f]{16}$' },
  },
  {
    name: 'UserId',
    says: 'A user as a token names one; what may also be the name of a space. Source: §2.',
    schema: userId,
    json: { type: 'string', pattern: '^[A-Za-z0-9._~-]{1,128}$', not: { enum: RESERVED } },
  },
  {
    name: 'JsonObject',
    says: 'A document, or arguments: no reserved key, nested at most 64 deep and at most 256 KiB, both of which this schema cannot say. Source: §2.',
    schema: jsonObject,
    json: { type: 'object', propertyNames: { not: { enum: RESERVED } } },
  },
]

const DATA: readonly Definition[] = [
  {
    name: 'PutChange',
    says: 'A whole document. Source: §3, [C1].',
    schema: putChange,
    fields: {
      v: 'The commit.',
      o: 'The nonce of the mutation behind the commit, on the first change that the range shows of it.',
      b: 'The version that created the document, where an earlier commit did.',
    },
  },
  {
    name: 'SetChange',
    says: 'Some top-level fields of a document that the copy holds; none in a windowed collection. Source: §3, [C3].',
    schema: setChange,
  },
  { name: 'DelChange', says: 'A deletion. Source: §3.', schema: delChange },
  {
    name: 'Change',
    says: 'What one commit did to one document: what has put is a PutChange, else what has set a SetChange, else a DelChange. Source: §3, [C1].',
    schema: change,
    json: {
      anyOf: [ref('PutChange'), ref('SetChange'), ref('DelChange')],
      allOf: [
        { anyOf: [{ not: { required: ['put'] } }, ref('PutChange')] },
        { anyOf: [{ required: ['put'] }, { not: { required: ['set'] } }, ref('SetChange')] },
      ],
    },
  },
  {
    name: 'Heads',
    says: 'Space to version. Source: §5.',
    schema: heads,
    json: mapOf('SpaceId', ref('Version')),
  },
  {
    name: 'Standings',
    says: 'Where each copy stands: space to version and seal; [0,""] where there is nothing yet. Source: §5.',
    schema: standings,
    json: mapOf('SpaceId', { type: 'array', prefixItems: [ref('Version'), ref('Seal')], minItems: 2 }),
  },
  {
    name: 'Acked',
    says: 'Number and nonce of the last mutation done for this client id; [0,""] when none is known. Source: [M4].',
    schema: acked,
    json: { type: 'array', prefixItems: [ref('Version'), { type: 'string' }], minItems: 2 },
  },
  {
    name: 'Floors',
    says: 'Collection to the version at or before which its documents were left out. Source: [W1].',
    schema: floors,
    json: mapOf('CollectionName', ref('Version')),
  },
  {
    name: 'ResetReason',
    says: 'Why a number no longer holds, the first that applies. Source: [N1].',
    schema: resetReason,
    json: { enum: ['history', 'rights', 'horizon'] },
  },
  {
    name: 'Range',
    says: 'Range body: all the changes that the reader may see in the commits after from, up to and including to. Source: §1, §4, [R1] to [R6], [C1], [C2].',
    schema: range,
    fields: {
      on: 'The seal of from; in a reset the seal that it refutes.',
      seal: 'The seal of to.',
      head: 'Below it there is more: ask again from to.',
      compacted: 'Each document once, in its latest form [C2].',
      acked: 'Over HTTP, where client was given.',
    },
  },
  {
    name: 'OlderPage',
    says: 'Answer of older: documents of a windowed collection, newest creation first. Source: §4, [W1], [W2].',
    schema: olderPage,
    fields: {
      floor: 'Ask on before this one; 0: there are no older ones.',
      head: 'Where the space stood when they were read.',
      seal: 'The seal of head.',
    },
  },
]

const MUTATIONS: readonly Definition[] = [
  {
    name: 'Mutation',
    says: 'A write by name and arguments. Source: §6.',
    schema: mutation,
    fields: { name: "A mutator of the space's kind, or put, patch or delete with PutArgs, PatchArgs or DeleteArgs." },
  },
  { name: 'VoidMutation', says: 'A refused one, offered again: recorded as refused, never run. Source: [M5].', schema: voidMutation },
  {
    name: 'Numbered',
    says: 'What an item of a batch must have to be answered at all: send a Mutation or a VoidMutation. A malformed rest is refused as invalid, by itself. Source: [M3].',
    schema: numbered,
    json: { type: 'object', properties: { n: ref('MutationNumber'), nonce: ref('Nonce') }, required: ['n', 'nonce'] },
  },
  { name: 'PutArgs', says: 'Arguments of the built-in put. Source: §6.', schema: putArgs },
  {
    name: 'PatchArgs',
    says: 'Arguments of the built-in patch: set, inc, append, remove, unset, in this order. Source: §6.',
    schema: patchArgs,
  },
  { name: 'DeleteArgs', says: 'Arguments of the built-in delete. Source: §6.', schema: deleteArgs },
  {
    name: 'Lists',
    says: 'Field to items.',
    schema: lists,
    json: { ...mapOf('FieldName', { type: 'array' }) },
  },
  {
    name: 'Increments',
    says: 'Field to what is added to its number.',
    schema: increments,
    json: { ...mapOf('FieldName', { type: 'number' }) },
  },
  { name: 'Labels', says: 'What a device says of itself. Source: §5.', schema: labels, json: mapOf('FieldName', { type: 'string' }) },
  { name: 'FieldName', says: 'A top-level field; not reserved. Source: §2.', json: { type: 'string', not: { enum: RESERVED } } },
  {
    name: 'MutationBatch',
    says: 'Body of POST /v1/mutations, and the mutate frame beside its t. Source: §6.',
    schema: mutationBatch,
    fields: { on: 'The nonce of the mutation before the first one, "" before number 1.' },
  },
  {
    name: 'Ack',
    says: 'How one mutation ended, for good: done at the versions in, or refused with error. Source: [M3].',
    schema: ack,
    fields: { error: `Its code is one of ${REFUSALS.join(', ')}.` },
  },
  {
    name: 'MutationAnswer',
    says: 'Answer to a batch. Source: [M3].',
    schema: mutationAnswer,
    fields: { error: 'Bears the n it stopped at: nothing from that n on was run.' },
  },
]

const COMMITS: readonly Definition[] = [
  {
    name: 'IdempotencyKey',
    says: 'Under one key a commit is run once. Source: [K1].',
    schema: idempotencyKey,
    json: { type: 'string', pattern: '^[!#-\\[\\]-~]{1,128}$' },
  },
  { name: 'Write', says: 'A write by name, of a program that is no client. Source: §6.', schema: write },
  {
    name: 'Commit',
    says: 'All of its mutations or none. Unknown fields are refused here. Source: §6, [K1], [K2].',
    schema: commit,
    fields: { user: 'Who has created what it creates; nobody where it is missing.' },
  },
  {
    name: 'CommitsBody',
    says: `Body of POST /v1/commits, server to server: at most ${COMMITS_MUTATIONS_MAX} mutations in all. Unknown fields are refused here. Source: §6, [K1] to [K4].`,
    schema: commitsBody,
  },
  {
    name: 'CommitEnd',
    says: 'How one commit ended: done at the versions in, or refused with error. Source: [K1], [K3].',
    schema: commitEnd,
    fields: { repeated: 'Its key was known, and it was not run again.' },
  },
  { name: 'CommitsAnswer', says: 'Answer to POST /v1/commits, one end a commit, in their order. Source: §6, [K3].', schema: commitsAnswer },
]

const ERRORS: readonly Definition[] = [
  {
    name: 'ErrorCode',
    says: `All codes of this protocol, with their HTTP status: ${Object.entries(STATUSES)
      .map(([code, status]) => `${code} ${status}`)
      .join(', ')}. Source: §9.`,
    json: { enum: Object.keys(STATUSES) },
  },
  {
    name: 'Error',
    says: 'What went wrong; programs branch on code. Source: §9.',
    schema: wireError,
    fields: {
      code: 'One of ErrorCode. A later server may have more: take one that you do not know by its retryable.',
      afterMs: 'Try again no earlier than this.',
      expected: 'With out-of-order: the number that is next.',
      n: 'The mutation at which a batch stopped.',
    },
  },
  {
    name: 'ErrorBody',
    says: 'Body of every answer of HTTP that is an error, but for the answer to a batch [M3]. Source: §9.',
    schema: errorBody,
  },
  {
    name: 'Limits',
    says: `Only where they differ from the defaults ${JSON.stringify(LIMITS)}. Source: §5, §9.`,
    schema: limits,
    fields: {
      spaces: 'Followed spaces of one connection.',
      batch: 'Mutations in a batch.',
      bytes: 'Bytes of a frame or body from a client.',
      nextS: 'The longest promise that counts, in seconds.',
    },
  },
  {
    name: 'TwoTimes',
    says: 'Reconnect at a random moment between the two, in ms. Source: §5.',
    schema: twoTimes,
    json: { type: 'array', prefixItems: [{ type: 'number' }, { type: 'number' }], minItems: 2, maxItems: 2 },
  },
]

const LANES: readonly Definition[] = [
  {
    name: 'LaneName',
    says: "A lane's name: like a collection's. Source: §7.",
    schema: laneName,
    json: { type: 'string', pattern: '^[a-z][A-Za-z0-9_]{0,63}$', not: { enum: RESERVED } },
  },
  {
    name: 'ItemId',
    says: 'Of something said in a lane. Source: [L1].',
    schema: itemId,
    json: { type: 'string', pattern: '^[A-Za-z0-9_-]{1,64}$' },
  },
  {
    name: 'LanesStated',
    says: 'Which lanes are followed: space to lane to the last tick that the client has, 0 for none. Source: [L4].',
    schema: lanesStated,
    json: mapOf('SpaceId', mapOf('LaneName', { type: 'number', minimum: 0 })),
  },
  {
    name: 'LaneNames',
    says: 'Space to some of its lanes. Source: [L4].',
    schema: laneNames,
    json: mapOf('SpaceId', { type: 'array', items: ref('LaneName') }),
  },
  {
    name: 'LaneItem',
    says: 'One thing that was said. Source: §7.',
    schema: laneItem,
    fields: {
      atMs: "By the server's clock, in ms since the epoch.",
      count: 'How often within its tick, where more than once.',
      announcement: 'Said by whoever runs the space.',
    },
  },
  {
    name: 'Tick',
    says: 'What was said within one tick, in the order of the server. Source: §7, [L2].',
    schema: tick,
    fields: {
      tick: 'Its start, in ms since the epoch.',
      cut: 'How many were sampled away.',
      late: 'Merged after its time.',
      cleared: 'What was said before is to go from screens.',
    },
  },
  {
    name: 'LaneState',
    says: 'How a lane runs now. Source: [L4].',
    schema: laneState,
    fields: { tickMs: 'Length of a tick, in ms; 0: sent at once.', cap: 'Items of one tick at most.' },
  },
  { name: 'LaneRing', says: 'Answer to GET of a lane, its oldest tick first. Source: [L5].', schema: laneRing },
  { name: 'SayBody', says: 'Body of POST to a lane. Source: [L5].', schema: sayBody },
  { name: 'SaidAnswer', says: 'Answer to that. Source: [L5].', schema: saidAnswer },
  {
    name: 'LanePage',
    says: 'A minute of the archive of a lane. Source: [L5].',
    schema: lanePage,
    fields: { whole: 'Its time is over: it never changes again.' },
  },
  {
    name: 'Presence',
    says: 'Body of the one item of a tick of the lane presence. Source: [L6].',
    schema: presence,
    fields: { online: 'Users that follow the space.', users: 'Who they are, where the kind tells it and they are few.' },
  },
]

const SIGN_IN: readonly Definition[] = [
  {
    name: 'AnonymousAnswer',
    says: 'Answer to POST /v1/anonymous. Source: §4.',
    schema: anonymousAnswer,
    fields: { user: 'A name made by chance.', expiresAtMs: 'When the token ends, in ms since the epoch.' },
  },
]

const POLLS: readonly Definition[] = [
  {
    name: 'PollBody',
    says: 'Body of POST /v1/poll: a hello, its token in the header. Source: §4, [B10].',
    schema: pollBody,
    fields: { waitS: 'How long an answer may take that brings nothing new, in seconds; counts up to 55.' },
  },
  {
    name: 'PollAnswer',
    says: 'Answer of POST /v1/poll. Source: §4, [B10].',
    json: { type: 'array', items: ref('ServerFrame') },
  },
]

export const DEFINITIONS: readonly Definition[] = [...NAMES, ...DATA, ...MUTATIONS, ...COMMITS, ...ERRORS, ...LANES, ...SIGN_IN, ...POLLS]

/** Custom schemas that stand in one place and have no name of their own. */
export const UNNAMED: ReadonlyMap<AnySchema, JsonSchema> = new Map<AnySchema, JsonSchema>([
  [yes, { const: true }],
  [any, {}],
])

/** What the frames of each direction say, by `t`; a frame without a line here, and a line without a frame, is an error. */
export const FRAMES = {
  ClientFrame: {
    schemas: clientFrames as Readonly<Record<string, AnySchema>>,
    says: 'All that a client can say, one JSON object per text frame; an unknown t is an error. Source: §5.',
    frames: {
      hello: 'First frame, within 10 s: where each copy stands. Source: §5, [B2].',
      follow: 'Follow more spaces, or state again where a copy stands. Source: §5, [R4], [B2].',
      unfollow: 'Source: §5, [B2].',
      mutate: 'A batch of mutations. Source: §6.',
      beat: 'Expect my next frame within nextS seconds, and tell me your sum. Source: §5, [B1], [B4].',
      auth: 'A fresh token, in place. Source: §5.',
      say: 'Something for a lane. Source: §7, [L1].',
    },
  },
  ServerFrame: {
    schemas: serverFrames as Readonly<Record<string, AnySchema>>,
    says: 'All that a server of this build says; a client ignores a frame of another t. Source: §5.',
    frames: {
      welcome: 'Answer to hello: from here on the spaces in heads are followed. Source: §5, [B2], [M4].',
      heads: 'Answer to follow, before its ranges. Source: §5, [B2], [M4].',
      range: 'Source: §4, §5, [R1] to [R6].',
      behind: 'Too much to push: this ends the follow of that space; pull it, then follow it again. Source: [B5].',
      ack: 'Answer to mutate. Source: §6, [M3], [M4].',
      beat: 'After whatever ranges this connection lacks. Source: [B1].',
      denied: 'Not, or no longer, allowed, or not now; this ends the follow. Source: [B2], [B3], [B8].',
      goaway: 'Reconnect at a random moment between the two times. Source: §5.',
      error:
        'A frame that could not be read or served; with token-expired and afterMs the notice that the token ends soon. Source: §5, §9.',
      said: 'Answer to say. Source: §7, [L1].',
      lane: 'How a followed lane runs: before its first tick, and when that changes. Source: [L4].',
      tick: 'What was said in a followed lane. Source: §7, [L2].',
    },
  },
} as const
