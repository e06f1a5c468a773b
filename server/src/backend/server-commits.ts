import {
  type App,
  BadRequestError,
  type CollectionDefinition,
  type Collections,
  type CollectionsOf,
  type CollectionTransaction,
  type DocumentOf,
  isIdempotencyKey,
  isUserId,
  type KindOfId,
  type SpaceId,
  type SpaceIdOf,
  type TransactionBase,
  type Version,
} from '@tidemark/shared'
import type { Commits } from './commits.ts'
import { digestOfJson } from './idempotency-key.ts'
import type { CommitAsk, CommitEnded } from './run-commits.ts'
import { runMutator } from './run-mutator.ts'

type CollectionsTransaction<C extends Collections> = {
  readonly [N in keyof C]: C[N] extends CollectionDefinition ? CollectionTransaction<DocumentOf<C[N]>> : never
}

/** What a commit writes with: the collections of its space, those of others by `space`, typed by the app. Await nothing else. */
export type CommitTransaction<A extends App, Id extends string> = Omit<TransactionBase, 'space'> &
  CollectionsTransaction<CollectionsOf<A, KindOfId<A, Id>>> & {
    /** Another space in the same commit: each gets its own version, all or none. */
    space<Other extends SpaceIdOf<A>>(id: Other): CollectionsTransaction<CollectionsOf<A, KindOfId<A, Other>>>
  }

export interface CommitOptions {
  /** Under one key a commit is done once, however often it is asked for: kept for a week at least. 1 to 128 printable characters. */
  readonly key?: string | undefined
  /** On whose behalf: `tx.user`, and who has created what it creates. Default `''`: nobody, whose documents no `creator` preset shows or gives to anyone. */
  readonly user?: string | undefined
}

/** One commit of several in a call. */
export interface CommitRequest<A extends App, Id extends SpaceIdOf<A>> extends CommitOptions {
  readonly space: Id
  readonly run: (tx: CommitTransaction<A, Id>) => unknown
}

/** Where each space that changed stands now. `repeated`: this key was used before, and nothing was done now. */
export interface Committed {
  readonly in: Readonly<Record<SpaceId, Version>>
  readonly repeated?: true
}

/** How one of several commits ended; `error` is what was thrown. */
export type CommitOutcome = (Committed & { readonly error?: undefined }) | { readonly error: unknown; readonly in?: undefined }

export interface ServerCommits<A extends App = App> {
  /**
   * Writes as the app's mutators do, trusted: no access rule is asked. Resolves when it is durable, with nothing but all of it written.
   * Rejects with what `run` threw, and then nothing was written; with UnavailableError where it may be tried again.
   */
  commit<Id extends SpaceIdOf<A>>(
    space: Id,
    run: (tx: CommitTransaction<A, Id>) => unknown,
    options?: CommitOptions & { readonly tenant?: string | undefined },
  ): Promise<Committed>
  /** Several commits, at most 500, in one write transaction: each all or none by itself, how they ended in their order. */
  commitMany<const Ids extends readonly SpaceIdOf<A>[]>(
    commits: { readonly [At in keyof Ids]: CommitRequest<A, Ids[At]> },
    options?: { readonly tenant?: string | undefined },
  ): Promise<readonly CommitOutcome[]>
}

export function serverCommits<A extends App>(commits: Commits): ServerCommits<A> {
  const run = (asks: readonly CommitAsk[], tenant = 'default'): Promise<readonly CommitEnded[]> => {
    if (!isUserId(tenant)) throw new BadRequestError('tenant: 1 to 128 of A-Z a-z 0-9 . _ ~ -')
    return commits.run(tenant, 'server', asks)
  }
  return {
    async commit(space, work, { tenant, ...options } = {}) {
      const [ended] = await run([askOf(commits, { ...options, space, run: work as CommitRequest<App, SpaceId>['run'] })], tenant)
      const outcome = outcomeOf(ended as CommitEnded)
      if (outcome.in === undefined) throw outcome.error
      return outcome
    },
    async commitMany(requests, { tenant } = {}) {
      const asks = (requests as readonly CommitRequest<App, SpaceId>[]).map((request) => askOf(commits, request))
      return (await run(asks, tenant)).map(outcomeOf)
    },
  }
}

function askOf({ world }: Commits, { space, run, key, user = '' }: CommitRequest<App, SpaceId>): CommitAsk {
  if (user !== '' && !isUserId(user)) throw new BadRequestError('user: 1 to 128 of A-Z a-z 0-9 . _ ~ -')
  if (key !== undefined && !isIdempotencyKey(key)) throw new BadRequestError('key: 1 to 128 printable characters, no blanks or quotes')
  return {
    // What a function does cannot be digested; where it does it can.
    key: key === undefined ? undefined : { source: '', key, digest: digestOfJson([space, user]) },
    user,
    size: 1,
    named: [space],
    assertMayWrite() {},
    run: (draft) => runMutator(world, draft, space, { user, isAdmin: true }, (tx) => run(tx as never)),
  }
}

function outcomeOf({ in: versions, error, isRepeated }: CommitEnded): CommitOutcome {
  if (versions === undefined) return { error }
  return { in: Object.fromEntries(versions), ...(isRepeated ? { repeated: true as const } : {}) }
}
