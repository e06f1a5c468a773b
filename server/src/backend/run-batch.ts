import {
  BadRequestError,
  ClientConflictError,
  type Numbered,
  OutcomeUnknownError,
  OutOfOrderError,
  type SpaceId,
  SyncError,
  TooLargeError,
  UnavailableError,
  type Version,
} from '@tidemark/shared'
import type { ClientRecord, MutationRecord, WriteTransaction } from '../changelog/changelog.ts'
import { mayWrite } from './access.ts'
import { asSyncError } from './as-sync-error.ts'
import type { Principal } from './backend.ts'
import { commitChanges } from './commit-changes.ts'
import type { GroupPart, GroupTime } from './group-job.ts'
import { doneText, errorText, versionsIn } from './outcome.ts'
import { countFailure } from './poison.ts'
import { type AccessOf, type Ended, type Failed, type MutationWorld, runMutation } from './run-mutation.ts'

/** What is left of a batch on its way through the queue. */
export interface BatchJob {
  readonly principal: Principal
  readonly client: string
  /** The nonce of the mutation before the first item. */
  readonly on: string
  readonly items: readonly Numbered[]
  readonly access: AccessOf
}

/** What one write transaction made of a job. It is true only when that transaction has committed. */
export interface BatchPart extends GroupPart {
  /** JSON texts, one for each item that ended. */
  readonly acks: readonly string[]
  /** Spaces of the acks, those of mutations that had been done before included. */
  readonly touched: ReadonlyMap<SpaceId, Version>
  /** Why it stopped at the item after the last ack. */
  readonly stopped: SyncError | undefined
  /** Access said no before earlier items of this batch were run, which may be what gives it: ask again, then go on. */
  readonly isAccessStale: boolean
  readonly refusals: readonly { readonly item: Numbered; readonly error: SyncError }[]
}

/**
 * Runs a batch in the order of `n`, each mutation in a savepoint with the record that it is done [M1]; at least the first, and the rest
 * as far as there is time. Never throws.
 */
export async function runBatch(world: MutationWorld, tx: WriteTransaction, job: BatchJob, time: GroupTime): Promise<BatchPart> {
  const { principal, client, items } = job
  const acks: string[] = []
  const refusals: { item: Numbered; error: SyncError }[] = []
  const touched = new Map<SpaceId, Version>()
  const committed = new Map<SpaceId, Version>()
  let recorded = 0
  let commits = 0
  const end = (stopped: SyncError | undefined, isAccessStale = false): BatchPart => {
    return { acks, touched, committed, stopped, isAccessStale, recorded, commits, refusals }
  }
  try {
    let done: ClientRecord | undefined = await tx.client(client)
    for (const [at, item] of items.entries()) {
      const { n, nonce } = item
      if (at > 0 && !time.isLeft()) return end(undefined)
      const before = await recordOf(tx, job, done, at)
      if (before !== undefined) {
        acks.push(ackText(item, before.outcome))
        for (const [space, version] of versionsIn(before.outcome)) touched.set(space, version)
        continue
      }
      if (recorded > 0 && !isAllowed(job, item)) return end(undefined, true)
      let ended: Ended | Failed
      try {
        ended = await runMutation(world, tx, item, principal.user, job.access)
      } catch (error) {
        return end(asSyncError(error))
      }
      if ('failure' in ended) {
        const givenUp = await givenUpNow(world, tx, job, item, done === undefined)
        if (givenUp === undefined) return end(ended.failure)
        ended = { refusal: givenUp }
      }
      const outcome = await store(world, tx, job, item, ended, done === undefined)
      acks.push(ackText(item, outcome.text))
      for (const [space, version] of outcome.versions) {
        touched.set(space, version)
        committed.set(space, version)
      }
      if (outcome.refusal !== undefined) refusals.push({ item, error: outcome.refusal })
      commits += outcome.versions.size
      recorded += 1
      done = { user: principal.user, n, nonce }
    }
    return end(undefined)
  } catch (error) {
    return end(asStop(world, error))
  }
}

/** False where access as it was asked before this transaction says no, or could not be asked. */
function isAllowed({ access }: BatchJob, item: Numbered): boolean {
  const answer = typeof item.space === 'string' ? access(item.space) : undefined
  return answer === undefined || (!(answer instanceof SyncError) && mayWrite(answer))
}

/**
 * The record of an item that was done before, or undefined where it is the next to run. Throws ClientConflictError,
 * OutOfOrderError, and BadRequestError for a batch whose numbers do not follow each other. Source: protocol [M2], [M3].
 */
async function recordOf(
  tx: WriteTransaction,
  { principal, client, on: batchOn, items }: BatchJob,
  done: ClientRecord | undefined,
  at: number,
): Promise<MutationRecord | undefined> {
  const { n, nonce } = items[at] as Numbered
  if (done !== undefined && done.user !== principal.user) throw new ClientConflictError('This client id belongs to another user.', { n })
  const last = done?.n ?? 0
  if (n > last + 1) throw new OutOfOrderError(`mutation ${n} came, ${last + 1} is next`, { n, expected: last + 1 })

  const previous = items[at - 1]
  const on = at === 0 ? batchOn : previous?.n === n - 1 ? previous.nonce : undefined
  if (n === last + 1) {
    if (on === undefined) throw new BadRequestError('The numbers of a batch follow each other.', { n })
    if (on !== (done?.nonce ?? '')) throw conflict(n)
    return undefined
  }
  const record = await tx.mutation(client, n)
  // Nobody knows its nonce any more, nor the one before it.
  if (record === undefined)
    return { n, nonce, outcome: errorText(new OutcomeUnknownError('This was done too long ago to tell how it ended.')) }
  if (record.nonce !== nonce) throw conflict(n)
  const nonceBefore = n === 1 ? '' : (await tx.mutation(client, n - 1))?.nonce
  if (on !== undefined && nonceBefore !== undefined && on !== nonceBefore) throw conflict(n)
  return record
}

function conflict(n: number): ClientConflictError {
  return new ClientConflictError('Another device with this client id made other mutations: go on under a new client id.', { n })
}

/** Counts that a mutator threw; what refuses its mutation where that was once too often [M7]. */
async function givenUpNow(
  { clock, log }: MutationWorld,
  tx: WriteTransaction,
  { client, principal }: BatchJob,
  item: Numbered,
  isFirstOfClient: boolean,
): Promise<SyncError | undefined> {
  const nowMs = clock.nowMs()
  const givenUp = await tx.savepoint(async () => {
    if (isFirstOfClient) await tx.bindClient(client, principal.user, nowMs)
    return countFailure(tx, client, item, nowMs)
  })
  if (givenUp !== undefined)
    log.error({ n: item.n, name: String(item.name).slice(0, 64) }, 'a mutation was given up: its mutator kept throwing')
  return givenUp
}

interface Outcome {
  readonly text: string
  readonly versions: ReadonlyMap<SpaceId, Version>
  readonly refusal: SyncError | undefined
}

/** Writes what a mutation came to, together with the record that it is done. */
async function store(
  { clock }: MutationWorld,
  tx: WriteTransaction,
  { client, principal }: BatchJob,
  { n, nonce }: Numbered,
  ended: Ended,
  isFirstOfClient: boolean,
): Promise<Outcome> {
  const nowMs = clock.nowMs()
  const record = async (outcome: string): Promise<void> => {
    if (isFirstOfClient) await tx.bindClient(client, principal.user, nowMs)
    await tx.recordMutation(client, { n, nonce, outcome }, nowMs)
  }
  const refuse = async (refusal: SyncError): Promise<Outcome> => {
    const text = errorText(refusal)
    await tx.savepoint(() => record(text))
    return { text, versions: new Map(), refusal }
  }
  const { changes } = ended
  if (changes === undefined) return refuse(ended.refusal)
  try {
    return await tx.savepoint(async () => {
      const versions = await commitChanges(tx, changes, nonce, nowMs)
      const text = doneText(versions)
      await record(text)
      return { text, versions, refusal: undefined }
    })
  } catch (error) {
    if (error instanceof TooLargeError) return refuse(error)
    throw error
  }
}

/** What stops a batch beside a mutator: a conflict as it is, and anything that the changelog threw as `unavailable`. */
function asStop({ log }: MutationWorld, error: unknown): SyncError {
  if (error instanceof SyncError && error.code !== 'internal' && error.code !== 'unavailable') return error
  log.error({ err: error }, 'the changelog failed in a batch')
  return error instanceof UnavailableError ? error : new UnavailableError('The server cannot store this now. Try again.', { cause: error })
}

function ackText({ n, nonce }: Numbered, outcome: string): string {
  return `{"n":${n},"nonce":${JSON.stringify(nonce)},${outcome.slice(1)}`
}
