import { type Clock, type SpaceId, UnavailableError, type Version, within } from '@tidemark/shared'
import type { Bus } from '../bus/bus.ts'
import type { Changelog } from '../changelog/changelog.ts'
import type { Log } from '../observe/log.ts'
import type { BackendMetrics } from '../observe/metrics.ts'
import { GROUP_MS_MAX, GROUP_MUTATIONS_MAX, QUEUE_FULL_AFTER_MS, REST_AFTER_MS, WRITE_WITHIN_MS } from './bounds.ts'
import type { GroupJob, GroupPart, GroupTime } from './group-job.ts'

interface Waiting {
  readonly job: GroupJob<GroupPart>
  readonly resolve: (part: GroupPart) => void
  readonly reject: (error: UnavailableError) => void
  /** It was answered that it took too long: it is not begun any more. */
  isOver: boolean
}

export interface CommitQueueOptions {
  readonly changelog: Changelog
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Log
  readonly metrics: BackendMetrics | undefined
  readonly turn: Turn
}

/** Resolves once all that has arrived at this process by now was handed in. */
export type Turn = () => Promise<void>

/**
 * Group commit: whatever waits when the changelog is free goes into one write transaction, so that one flush of the disk pays for
 * all of it. What has arrived and was not read yet waits too: a flush is dearer than a turn. Who waits is bounded by the one who
 * hands jobs in.
 */
export class CommitQueue {
  readonly #options: CommitQueueOptions
  readonly #waiting: Waiting[] = []
  #isWriting = false

  constructor(options: CommitQueueOptions) {
    this.#options = options
  }

  /**
   * What the next write transaction made of the job, once it is durable. Throws UnavailableError where that failed, and nothing was done;
   * and where it took too long: a write that was begun by then may yet be done.
   */
  run<P extends GroupPart>(job: GroupJob<P>): Promise<P> {
    const { promise, resolve, reject } = Promise.withResolvers<P>()
    const waiting: Waiting = { job, resolve: (part) => resolve(part as P), reject, isOver: false }
    this.#waiting.push(waiting)
    if (!this.#isWriting) void this.#drain()
    return within(this.#options.clock, WRITE_WITHIN_MS, promise, () => {
      waiting.isOver = true
      const at = this.#waiting.indexOf(waiting)
      if (at >= 0) this.#waiting.splice(at, 1)
      return new UnavailableError('The server could not store this in time. Try again.', { afterMs: QUEUE_FULL_AFTER_MS })
    })
  }

  async #drain(): Promise<void> {
    this.#isWriting = true
    while (this.#waiting.length > 0) {
      await this.#options.turn()
      await this.#writeGroup(this.#takeGroup())
    }
    this.#isWriting = false
  }

  #takeGroup(): readonly Waiting[] {
    let mutations = 0
    let jobs = 0
    for (const { job } of this.#waiting) {
      mutations += job.size
      if (jobs > 0 && mutations > GROUP_MUTATIONS_MAX) break
      jobs += 1
    }
    return this.#waiting.splice(0, jobs)
  }

  #groupTime(): GroupTime {
    const { clock, turn } = this.#options
    const endMs = clock.monotonicMs() + GROUP_MS_MAX
    let restedAtMs = clock.monotonicMs()
    return {
      isLeft: () => clock.monotonicMs() < endMs,
      async rest() {
        if (clock.monotonicMs() - restedAtMs < REST_AFTER_MS) return
        await turn()
        restedAtMs = clock.monotonicMs()
      },
    }
  }

  async #writeGroup(taken: readonly Waiting[]): Promise<void> {
    const { changelog, clock, log, metrics } = this.#options
    const beganMs = clock.monotonicMs()
    let parts: readonly GroupPart[]
    try {
      parts = await changelog.write(async (tenant) => {
        const run: GroupPart[] = []
        const time = this.#groupTime()
        for (const { job } of taken) {
          if (run.length > 0 && !time.isLeft()) break
          run.push(await job.run(tenant(job.tenant), time))
        }
        return run
      })
    } catch (error) {
      log.error({ err: error, jobs: taken.length }, 'a group of mutations could not be stored')
      const unavailable = error instanceof UnavailableError ? error : unavailableBecause(error)
      for (const { reject } of taken) reject(unavailable)
      return
    }
    const group = taken.slice(0, parts.length)
    // There was no time for them.
    this.#waiting.unshift(...taken.slice(parts.length).filter(({ isOver }) => !isOver))
    const recorded = parts.reduce((sum, part) => sum + part.recorded, 0)
    metrics?.group(recorded, clock.monotonicMs() - beganMs)
    for (const [at, { job }] of group.entries()) metrics?.committed(job.source, parts[at]?.commits ?? 0)
    this.#publish(group, parts)
    for (const [at, { resolve }] of group.entries()) resolve(parts[at] as GroupPart)
  }

  /** One hint a space, after the commit: before it, whoever came to look would find nothing. */
  #publish(group: readonly Waiting[], parts: readonly GroupPart[]): void {
    const { bus, log } = this.#options
    const heads = new Map<string, Map<SpaceId, Version>>()
    for (const [at, { job }] of group.entries()) {
      const { tenant } = job
      const ofTenant = heads.get(tenant) ?? new Map<SpaceId, Version>()
      heads.set(tenant, ofTenant)
      for (const [space, version] of parts[at]?.committed ?? []) if (version > (ofTenant.get(space) ?? 0)) ofTenant.set(space, version)
    }
    for (const [tenant, spaces] of heads) {
      for (const [space, version] of spaces) {
        try {
          bus.publish({ tenant, space, version })
        } catch (error) {
          log.warn({ err: error }, 'the bus took no hint: readers find the commit a little later')
        }
      }
    }
  }
}

function unavailableBecause(cause: unknown): UnavailableError {
  return new UnavailableError('The server cannot store this now. Try again.', { cause })
}
