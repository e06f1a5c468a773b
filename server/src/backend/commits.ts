import { TooLargeError, UnavailableError } from '@tidemark/shared'
import type { BackendMetrics, CommitSource } from '../observe/metrics.ts'
import { asSyncError } from './as-sync-error.ts'
import { API_FULL_AFTER_MS, COMMIT_MUTATIONS_AT_ONCE_MAX, COMMITS_AT_ONCE_MAX, QUEUE_COMMIT_MUTATIONS_MAX } from './bounds.ts'
import type { CommitQueue } from './commit-queue.ts'
import { type CommitAsk, type CommitEnded, runCommits } from './run-commits.ts'
import type { MutationWorld } from './run-mutation.ts'

export interface CommitsOptions {
  readonly queue: CommitQueue
  readonly world: MutationWorld
  readonly metrics: BackendMetrics | undefined
}

/** Takes in the commits of backends, within the bounds of what may wait. They share the queue of the mutations: one order, one flush. */
export class Commits {
  readonly #options: CommitsOptions
  #waiting = 0

  constructor(options: CommitsOptions) {
    this.#options = options
  }

  get world(): MutationWorld {
    return this.#options.world
  }

  /**
   * Runs commits in one write transaction, each for itself; how they ended, in their order, once that is durable. Throws TooLargeError
   * for more than one call may bring, UnavailableError when too much waits or nothing can be stored: then none was done.
   */
  async run(tenant: string, source: CommitSource, asks: readonly CommitAsk[]): Promise<readonly CommitEnded[]> {
    const { queue, metrics, world } = this.#options
    if (asks.length === 0) return []
    const size = asks.reduce((sum, ask) => sum + ask.size, 0)
    if (asks.length > COMMITS_AT_ONCE_MAX)
      throw new TooLargeError(`${asks.length} commits at once, ${COMMITS_AT_ONCE_MAX} are allowed: split them.`)
    if (size > COMMIT_MUTATIONS_AT_ONCE_MAX)
      throw new TooLargeError(`${size} mutations at once, ${COMMIT_MUTATIONS_AT_ONCE_MAX} are allowed: split them.`)
    if (this.#waiting + size > QUEUE_COMMIT_MUTATIONS_MAX)
      throw new UnavailableError('Too many commits wait. Try again a little later.', { afterMs: API_FULL_AFTER_MS })
    this.#waiting += size
    try {
      const { ended } = await queue.run({ tenant, source, size, run: (tx, time) => runCommits(world, tx, asks, time) })
      for (const { error, in: versions } of ended) if (versions === undefined) metrics?.refused(asSyncError(error).code)
      return ended
    } finally {
      this.#waiting -= size
    }
  }
}
