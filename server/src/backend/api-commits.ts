import {
  BadRequestError,
  ForbiddenError,
  InternalError,
  isSpaceId,
  isUserId,
  type JsonObject,
  jsonObject,
  type SpaceId,
  SyncError,
} from '@tidemark/shared'
import * as v from 'valibot'
import type { ApiKeyRecord } from '../api-keys/api-key.ts'
import { allows } from '../api-keys/scope.ts'
import { COMMIT_MUTATIONS_AT_ONCE_MAX, COMMITS_PER_REQUEST_MAX } from './bounds.ts'
import type { Commits } from './commits.ts'
import { digestOfJson, isIdempotencyKey } from './idempotency-key.ts'
import { doneText, errorText } from './outcome.ts'
import { type Named, runByName } from './run-by-name.ts'
import { type CommitAsk, type CommitEnded, NotRecorded } from './run-commits.ts'

export const idempotencyKey: v.GenericSchema<unknown, string> = v.custom<string>(
  isIdempotencyKey,
  '1 to 128 printable characters, no blanks or quotes',
)

// Strict, other than frames: a `key` that is misspelt and ignored would do twice what is to be done once.
const mutation = v.strictObject({
  space: v.custom<SpaceId>(isSpaceId, 'no space id'),
  name: v.string(),
  args: jsonObject,
})
const commit = v.strictObject({
  key: v.optional(idempotencyKey),
  user: v.optional(v.custom<string>(isUserId, '1 to 128 of A-Z a-z 0-9 . _ ~ -')),
  mutations: v.pipe(v.array(mutation), v.minLength(1), v.maxLength(COMMIT_MUTATIONS_AT_ONCE_MAX)),
})
interface Commit {
  readonly key?: string | undefined
  readonly user?: string | undefined
  readonly mutations: readonly (Named & { readonly args: JsonObject })[]
}

/** The body of POST /v1/commits. Source: protocol §6. */
export interface CommitsBody {
  readonly commits: readonly Commit[]
}
export const commitsBody: v.GenericSchema<unknown, CommitsBody> = v.strictObject({
  commits: v.pipe(v.array(commit), v.minLength(1), v.maxLength(COMMITS_PER_REQUEST_MAX)),
})

/** Runs the commits of a request with the rights of its key; the answer as JSON text. Throws where none was done. */
export async function runApiCommits(commits: Commits, by: ApiKeyRecord, body: CommitsBody): Promise<string> {
  const ended = await commits.run(
    by.tenant,
    'api',
    body.commits.map((item) => askOf(commits, by, item)),
  )
  return `{"commits":[${ended.map((end) => textOf(commits, by, end)).join(',')}]}`
}

function askOf(
  { world }: Commits,
  { name, scopes }: ApiKeyRecord,
  { key, user = '', mutations }: CommitsBody['commits'][number],
): CommitAsk {
  const assertMayWrite = (space: SpaceId): void => {
    if (!allows(scopes, 'commit', space)) throw new NotRecorded(new ForbiddenError(`This API key may not write to ${space}.`))
  }
  return {
    key: key === undefined ? undefined : { source: name, key, digest: digestOfJson([user, mutations]) },
    user,
    size: mutations.length,
    assertMayWrite,
    async run(draft, assertInTime) {
      for (const { space } of mutations) assertMayWrite(space)
      for (const item of mutations) {
        assertInTime()
        await runByName(world.clock, draft, item, { user, isTrusted: true })
      }
    },
  }
}

function textOf({ world }: Commits, by: ApiKeyRecord, { in: versions, error, isRepeated }: CommitEnded): string {
  const text = versions === undefined ? errorText(asTold(world.log, by, error)) : doneText(versions)
  return isRepeated ? `${text.slice(0, -1)},"repeated":true}` : text
}

/** What a mutator threw that is no error of ours is for the log alone. */
function asTold(log: Commits['world']['log'], { id }: ApiKeyRecord, error: unknown): SyncError {
  if (error instanceof SyncError && error.code !== 'internal') return error
  log.error({ err: error, apiKey: id }, 'a mutator threw in a commit of a backend')
  return new InternalError('The mutator failed. The log of the server tells more.', { cause: error })
}

/** A body whose one commit bears the key of the Idempotency-Key header. Throws BadRequestError where the two do not fit. */
export function withKey(body: CommitsBody, key: string): CommitsBody {
  const [only] = body.commits
  if (only === undefined || body.commits.length > 1)
    throw new BadRequestError('Idempotency-Key: for one commit only; give each of several a `key` of its own')
  if (only.key !== undefined && only.key !== key) throw new BadRequestError('Idempotency-Key: not the `key` of the commit')
  return { commits: [{ ...only, key }] }
}
