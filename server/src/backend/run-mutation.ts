import {
  type App,
  type Clock,
  conform,
  ForbiddenError,
  InternalError,
  InvalidError,
  isBuiltIn,
  type JsonObject,
  kindOf,
  type Mutation,
  mutation as mutationSchema,
  NotFoundError,
  type Numbered,
  REFUSALS,
  RejectedError,
  type SpaceId,
  SyncError,
  type Transaction,
  toJson,
  toJsonObject,
  UnavailableError,
  validate,
  within,
} from '@tidemark/shared'
import type { NewChange, ReadTransaction } from '../changelog/changelog.ts'
import type { Log } from '../observe/log.ts'
import type { Access } from './access.ts'
import { AppTransaction } from './app-transaction.ts'
import { MUTATOR_WITHIN_MS } from './bounds.ts'
import { runBuiltIn } from './built-in.ts'
import { MutationDraft } from './mutation-draft.ts'

/** What a mutation came to: what it writes, or why it is refused for good. */
export type Ended =
  | { readonly changes: ReadonlyMap<SpaceId, readonly NewChange[]>; readonly refusal?: undefined }
  | { readonly refusal: SyncError; readonly changes?: undefined }

export interface MutationWorld {
  readonly app: App
  readonly clock: Clock
  readonly log: Log
}

/** The user's access to the space of a mutation, or why it could not be decided; undefined where its kind is unknown. */
export type AccessOf = (space: SpaceId) => Access | SyncError | undefined

/**
 * Runs one mutation against a transaction and writes nothing yet. Throws a SyncError of a code that is no refusal where it could
 * not be run: `internal` for a mutator that throws, `unavailable` for one that takes too long and for a changelog in trouble.
 */
export async function runMutation(
  world: MutationWorld,
  tx: ReadTransaction,
  item: Numbered,
  user: string,
  access: AccessOf,
): Promise<Ended> {
  const draft = new MutationDraft(tx, world.app, user)
  try {
    if (item.void === true) throw new RejectedError('It had been refused before, and stays refused.')
    const { space, name } = readMutation(item)
    const { mutators, args: schemas } = draft.definition(space)
    const may = access(space)
    if (may instanceof SyncError) throw new NotRun(may)
    if (may !== 'write') throw new ForbiddenError('You may not write to this space.')
    if (isBuiltIn(name)) {
      // One level less deep than it looks: what the arguments wrap may be as deep as a document.
      await runBuiltIn(draft, name, space, toJson(item.args, 'args', -1) as JsonObject, user)
    } else {
      const mutator = Object.hasOwn(mutators, name) ? mutators[name] : undefined
      if (mutator === undefined) throw new NotFoundError(`There is no mutator ${name.slice(0, 64)} in ${kindOf(space)}.`)
      const given = toJsonObject(item.args, 'args')
      const schema = Object.hasOwn(schemas, name) ? schemas[name] : undefined
      const args = schema === undefined ? given : validate(schema, given, 'args')
      await runMutator(world.clock, draft, space, user, (app) => mutator(app as Transaction<never>, args as never))
    }
    if (draft.trouble !== undefined) throw draft.trouble
    return { changes: draft.changes() }
  } catch (error) {
    return { refusal: asRefusal(world.log, draft, item, error) }
  } finally {
    draft.close()
  }
}

/** A mutation that could not be run, as no fault of its own. */
class NotRun extends Error {
  readonly because: SyncError

  constructor(because: SyncError) {
    super(because.message)
    this.because = because
  }
}

async function runMutator(
  clock: Clock,
  draft: MutationDraft,
  space: SpaceId,
  user: string,
  run: (tx: Transaction) => void | Promise<void>,
): Promise<void> {
  const app = new AppTransaction(draft, space, user, clock.nowMs())
  const work = async (): Promise<void> => {
    await run(app.tx)
    await app.settled()
  }
  const late = (): Error => new NotRun(new UnavailableError(`The mutator did not end within ${MUTATOR_WITHIN_MS} ms.`))
  try {
    await within(clock, MUTATOR_WITHIN_MS, work(), late)
  } finally {
    // What the mutator left running comes to its end here, and writes nowhere, before the transaction goes on to another mutation.
    draft.close()
    await app.quiet()
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

function asRefusal(log: Log, draft: MutationDraft, item: Numbered, error: unknown): SyncError {
  const what = { n: item.n, name: String(item.name).slice(0, 64) }
  if (draft.trouble !== undefined) {
    log.error({ err: draft.trouble, ...what }, 'the changelog failed while a mutation was run')
    throw new UnavailableError('The server cannot store this now. Try again.', { cause: draft.trouble })
  }
  if (error instanceof NotRun) {
    log.error(what, `a mutation was not run: ${error.message}`)
    throw error.because
  }
  if (error instanceof SyncError && REFUSALS.includes(error.code) && error.code !== 'outcome-unknown') return error
  log.error({ err: error, ...what }, 'a mutator threw')
  throw new InternalError('The mutator failed. The log of the server tells more.', { cause: error })
}
