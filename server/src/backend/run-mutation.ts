import {
  type App,
  conform,
  ForbiddenError,
  InternalError,
  InvalidError,
  type Json,
  type Mutation,
  mutation as mutationSchema,
  type Numbered,
  REFUSALS,
  RejectedError,
  type SpaceId,
  SyncError,
  UnavailableError,
} from '@tidemark/shared'
import type { NewChange, ReadTransaction } from '../changelog/changelog.ts'
import type { Log } from '../observe/log.ts'
import { type Access, mayWrite } from './access.ts'
import { MutationDraft } from './mutation-draft.ts'
import { runByName } from './run-by-name.ts'
import { type MutatorWorld, NotRun } from './run-mutator.ts'

/** What a mutation came to: what it writes, or why it is refused for good. */
export type Ended =
  | { readonly changes: ReadonlyMap<SpaceId, readonly NewChange[]>; readonly refusal?: undefined }
  | { readonly refusal: SyncError; readonly changes?: undefined }

/** Its mutator threw: it has come to nothing yet. */
export interface Failed {
  readonly failure: InternalError
}

export interface MutationWorld extends MutatorWorld {
  readonly app: App
  readonly log: Log
}

/** The user's access to the space of a mutation, or why it could not be decided; undefined where its kind is unknown. */
export type AccessOf = (space: SpaceId) => Access | SyncError | undefined

/**
 * Runs one mutation against a transaction and writes nothing yet. Throws a SyncError of a code that is no refusal where it could
 * not be run: `unavailable` for a mutator that takes too long and for a changelog in trouble, and what kept access from being asked.
 */
export async function runMutation(
  world: MutationWorld,
  tx: ReadTransaction,
  item: Numbered,
  user: string,
  access: AccessOf,
): Promise<Ended | Failed> {
  const draft = new MutationDraft(tx, world.app, user)
  try {
    if (item.void === true) throw new RejectedError('It had been refused before, and stays refused.')
    const { space, name } = readMutation(item)
    draft.definition(space)
    const may = access(space)
    if (may instanceof SyncError) throw new NotRun(may)
    if (may === undefined || !mayWrite(may)) throw new ForbiddenError('You may not write to this space.')
    await runByName(world, draft, { space, name, args: item.args as Json }, { user, isTrusted: false, isAdmin: may === 'admin' })
    if (draft.trouble !== undefined) throw draft.trouble
    return { changes: draft.changes() }
  } catch (error) {
    return endedBy(world.log, draft, item, error)
  } finally {
    draft.close()
  }
}

/** Throws InvalidError for a malformed mutation: one bad item of a batch is refused, and the batch goes on [M3]. */
function readMutation(item: Numbered): Mutation {
  try {
    return conform(mutationSchema, item)
  } catch (error) {
    throw new InvalidError(error instanceof Error ? error.message : 'malformed')
  }
}

function endedBy(log: Log, draft: MutationDraft, item: Numbered, error: unknown): Ended | Failed {
  // Of an item that is malformed the name may be anything, also what no text can be made of.
  const what = { n: item.n, name: typeof item.name === 'string' ? item.name.slice(0, 64) : typeof item.name }
  if (draft.trouble !== undefined) {
    log.error({ err: draft.trouble, ...what }, 'the changelog failed while a mutation was run')
    throw new UnavailableError('The server cannot store this now. Try again.', { cause: draft.trouble })
  }
  if (error instanceof NotRun) {
    log.error(what, `a mutation was not run: ${error.message}`)
    throw error.because
  }
  if (error instanceof SyncError && REFUSALS.includes(error.code) && error.code !== 'outcome-unknown') return { refusal: error }
  log.error({ err: error, ...what }, 'a mutator threw')
  return { failure: new InternalError('The mutator failed. The log of the server tells more.', { cause: error }) }
}
