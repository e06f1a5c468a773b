import {
  errorFromWire,
  KeyConflictError,
  RateLimitedError,
  REFUSALS,
  type SpaceId,
  SyncError,
  TooLargeError,
  UnavailableError,
  type Version,
  type WireError,
} from '@tidemark/shared'
import type { KeyedRecord, NewChange, WriteTransaction } from '../changelog/changelog.ts'
import { COMMITS_WITHIN_MS } from './bounds.ts'
import { commitChanges } from './commit-changes.ts'
import type { GroupPart, GroupTime } from './group-job.ts'
import type { IdempotencyKey } from './idempotency-key.ts'
import { MutationDraft } from './mutation-draft.ts'
import { doneText, errorText, versionsIn } from './outcome.ts'
import type { MutationWorld } from './run-mutation.ts'
import { NotRun } from './run-mutator.ts'

/** One commit that a backend asks for: all that it writes, in however many spaces, or nothing. */
export interface CommitAsk {
  readonly key: IdempotencyKey | undefined
  /** Who has created what it creates; `''`: nobody. */
  readonly user: string
  /** Mutations in it. */
  readonly size: number
  /** The spaces that it names, whatever it writes to. */
  readonly named: readonly SpaceId[]
  /** Throws what is to be told where it may not write to a space. */
  assertMayWrite(space: SpaceId): void
  /** Makes the writes. `goOn` comes before each of several; it throws when nothing further is to be begun. */
  run(draft: MutationDraft, goOn: () => Promise<void>): Promise<void>
}

/** How a commit ended: where its spaces are now, or what was thrown. `isRepeated`: that was told before, and nothing was done now. */
export type CommitEnded = { readonly isRepeated: boolean } & (
  | { readonly in: ReadonlyMap<SpaceId, Version>; readonly error?: undefined }
  | { readonly error: unknown; readonly in?: undefined }
)

export interface CommitsPart extends GroupPart {
  readonly ended: readonly CommitEnded[]
}

/** A refusal that is none of the commit's own: it may pass with the same key once it is allowed. */
export class NotRecorded extends Error {
  readonly because: SyncError

  constructor(because: SyncError) {
    super(because.message)
    this.because = because
  }
}

/**
 * Runs commits one after another, each in a savepoint with the record of its key. Refusals are recorded too: whoever was told no has
 * been told for good, also where what was sent twice comes late. Never throws.
 */
export async function runCommits(
  world: MutationWorld,
  tx: WriteTransaction,
  asks: readonly CommitAsk[],
  time: GroupTime,
): Promise<CommitsPart> {
  const { clock } = world
  const endMs = clock.monotonicMs() + COMMITS_WITHIN_MS
  const goOn = async (): Promise<void> => {
    await time.rest()
    if (clock.monotonicMs() >= endMs)
      throw new NotRun(new UnavailableError(`Not begun: what came before it in the same call took ${COMMITS_WITHIN_MS} ms. Send it again.`))
  }
  const ended: CommitEnded[] = []
  const committed = new Map<SpaceId, Version>()
  let recorded = 0
  let commits = 0
  for (const ask of asks) {
    const end = await runCommit(world, tx, ask, goOn)
    ended.push(end)
    if (end.in === undefined || end.isRepeated) continue
    for (const [space, version] of end.in) committed.set(space, version)
    recorded += 1
    commits += end.in.size
  }
  return { ended, committed, recorded, commits }
}

async function runCommit(world: MutationWorld, tx: WriteTransaction, ask: CommitAsk, goOn: () => Promise<void>): Promise<CommitEnded> {
  const { key } = ask
  try {
    for (const space of ask.named) ask.assertMayWrite(space)
  } catch (error) {
    return refused(error)
  }
  try {
    const before = key && (await tx.keyed(key.source, key.key))
    if (before !== undefined) return before.digest === key?.digest ? repeated(before) : refused(new KeyConflictError(OTHER_COMMIT))
    const written = await writesOf(world, tx, ask, goOn)
    if (written.changes !== undefined) return await store(world, tx, key, written.changes)
    if (key !== undefined && isRefusal(written.error)) await record(world, tx, key, errorText(written.error))
    return refused(written.error)
  } catch (error) {
    if (error instanceof RateLimitedError) return refused(error)
    world.log.error({ err: error }, 'the changelog failed in a commit of a backend')
    return refused(new UnavailableError('The server cannot store this now. Try again.', { cause: error }))
  }
}

type Written =
  | { readonly changes: ReadonlyMap<SpaceId, readonly NewChange[]>; readonly error?: undefined }
  | { readonly error: unknown; readonly changes?: undefined }

/** What a commit would write, or what the one who asks for it threw. Throws what the changelog threw. */
async function writesOf({ app }: MutationWorld, tx: WriteTransaction, ask: CommitAsk, goOn: () => Promise<void>): Promise<Written> {
  const draft = new MutationDraft(tx, app, ask.user)
  try {
    await goOn()
    await ask.run(draft, goOn)
    const changes = draft.changes()
    for (const space of changes.keys()) ask.assertMayWrite(space)
    if (draft.trouble !== undefined) throw draft.trouble
    return { changes }
  } catch (error) {
    if (draft.trouble !== undefined) throw draft.trouble
    return { error }
  } finally {
    draft.close()
  }
}

async function store(
  world: MutationWorld,
  tx: WriteTransaction,
  key: IdempotencyKey | undefined,
  changes: ReadonlyMap<SpaceId, readonly NewChange[]>,
): Promise<CommitEnded> {
  const nowMs = world.clock.nowMs()
  try {
    const versions = await tx.savepoint(async () => {
      const made = await commitChanges(tx, changes, undefined, nowMs)
      if (key !== undefined) await tx.recordKeyed({ ...key, outcome: doneText(made) }, nowMs)
      return made
    })
    return { in: versions, isRepeated: false }
  } catch (error) {
    if (!(error instanceof TooLargeError)) throw error
    if (key !== undefined) await record(world, tx, key, errorText(error))
    return refused(error)
  }
}

async function record({ clock }: MutationWorld, tx: WriteTransaction, key: IdempotencyKey, outcome: string): Promise<void> {
  await tx.savepoint(() => tx.recordKeyed({ ...key, outcome }, clock.nowMs()))
}

const OTHER_COMMIT = 'This idempotency key stands for another commit: give each its own.'

function repeated({ outcome }: KeyedRecord): CommitEnded {
  const { error } = JSON.parse(outcome) as { error?: WireError }
  if (error !== undefined) return { error: errorFromWire(error), isRepeated: true }
  return { in: new Map(versionsIn(outcome)), isRepeated: true }
}

function refused(error: unknown): CommitEnded {
  if (error instanceof NotRun || error instanceof NotRecorded) return { error: error.because, isRepeated: false }
  return { error, isRepeated: false }
}

/** What refuses a commit for good. */
function isRefusal(error: unknown): error is SyncError {
  return error instanceof SyncError && REFUSALS.includes(error.code) && error.code !== 'outcome-unknown'
}
