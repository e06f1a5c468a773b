import { BadRequestError, type CommitsBody, ForbiddenError, InternalError, type SpaceId, SyncError } from '@tidemark/shared'
import type { ApiKeyRecord } from '../api-keys/api-key.ts'
import { allows } from '../api-keys/scope.ts'
import type { Commits } from './commits.ts'
import { digestOfJson } from './idempotency-key.ts'
import { doneText, errorText } from './outcome.ts'
import { runByName } from './run-by-name.ts'
import { type CommitAsk, type CommitEnded, NotRecorded } from './run-commits.ts'

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
    named: mutations.map(({ space }) => space),
    assertMayWrite,
    async run(draft, goOn) {
      for (const item of mutations) {
        await goOn()
        await runByName(world, draft, item, { user, isTrusted: true, isAdmin: true })
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
