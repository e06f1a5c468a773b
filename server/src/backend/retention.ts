import { type Clock, TAIL_MS, toVersion, type Version, within } from '@tidemark/shared'
import type { Changelog, ClientExtent, SpaceExtent } from '../changelog/changelog.ts'
import type { Log } from '../observe/log.ts'
import {
  KEEP_DELETIONS_MS,
  KEEP_LOG_COMMITS,
  KEEP_LOG_COMMITS_MIN,
  KEEP_LOG_MS,
  KEEP_LOG_MS_MIN,
  RETENTION_COMMITS_AT_ONCE,
  RETENTION_EVERY_MS,
  RETENTION_PAUSE_MS,
  RETENTION_PLACES_AT_ONCE,
  RETENTION_RECORDS_AT_ONCE,
  RETENTION_REST,
  RETENTION_WITHIN_MS,
} from './bounds.ts'

/** How long what is past is kept, by the time of its commit. `Infinity` keeps it for ever. */
export interface RetentionOptions {
  /** How long commits stay in the log, in ms: a copy that was away for less takes what it lacks change by change. Default 30 days, at least an hour. */
  readonly keepLogMs?: number
  /** Commits of one space that stay in the log at most, however young. Default 10,000, the longest stretch that is read; at least 1,000. */
  readonly keepLogCommits?: number
  /**
   * How long deletions and seals stay, in ms, and how each mutation ended: a copy that was away for longer begins anew. Default 90 days;
   * at least keepLogMs, and the 7 days for which clients keep their tail [M6].
   */
  readonly keepDeletionsMs?: number
}

export type Retention = Required<RetentionOptions>

/** Fills in the defaults. Throws TypeError, naming the setting and what it may be. */
export function retentionOf(options: RetentionOptions = {}): Retention {
  const { keepLogCommits = KEEP_LOG_COMMITS, keepDeletionsMs = KEEP_DELETIONS_MS } = options
  // Shorter deletions alone are no fault: the log follows.
  const keepLogMs = options.keepLogMs ?? Math.min(KEEP_LOG_MS, keepDeletionsMs)
  const least = (name: string, value: number, min: number, unit: string): void => {
    if (!(value >= min)) throw new TypeError(`retention.${name}: ${value} is too short, ${min}${unit} is the least`)
  }
  least('keepLogMs', keepLogMs, KEEP_LOG_MS_MIN, ' ms (an hour)')
  least('keepLogCommits', keepLogCommits, KEEP_LOG_COMMITS_MIN, ' commits')
  least('keepDeletionsMs', keepDeletionsMs, TAIL_MS, ' ms (7 days, the tail that clients keep)')
  least('keepDeletionsMs', keepDeletionsMs, keepLogMs, ' ms (keepLogMs)')
  return { keepLogMs, keepLogCommits, keepDeletionsMs }
}

interface Trim {
  readonly extent: SpaceExtent
  readonly logStart: Version
  readonly horizon: Version
}

/**
 * Forgets, space by space, what is no longer kept: in write transactions of a bounded number of commits, with a rest after each, so that
 * no writer waits for long. What one round leaves, the next one finds.
 */
export class RetentionRounds {
  readonly #changelog: Changelog
  readonly #clock: Clock
  readonly #log: Log
  readonly #retention: Retention
  #cancel: (() => void) | undefined
  #isStopped = false
  #wake: (() => void) | undefined
  #round: Promise<void> = Promise.resolve()

  constructor({ changelog, clock, log, retention }: { changelog: Changelog; clock: Clock; log: Log; retention: Retention }) {
    this.#changelog = changelog
    this.#clock = clock
    this.#log = log
    this.#retention = retention
  }

  /** A round every RETENTION_EVERY_MS, counted from the end of the one before. */
  start(): void {
    this.#cancel = this.#clock.after(RETENTION_EVERY_MS, () => {
      this.#round = this.round().then(() => {
        if (!this.#isStopped) this.start()
      })
    })
  }

  /** Resolves when nothing of it touches the changelog any more. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancel?.()
    this.#wake?.()
    await this.#round
  }

  /** All spaces and client ids once. What fails is logged, and left to the next round. */
  async round(): Promise<void> {
    const changelog = this.#changelog
    await this.#each<SpaceExtent>(
      (after, count) => changelog.spaces(after, count),
      (extents) => this.#trim(extents),
    )
    await this.#each<ClientExtent>(
      (after, count) => changelog.clients(after, count),
      (extents) => this.#forget(extents),
    )
  }

  async #each<Extent>(
    list: (after: Extent | undefined, count: number) => Promise<readonly Extent[]>,
    work: (extents: readonly Extent[]) => Promise<boolean>,
  ): Promise<void> {
    let extents: readonly Extent[] | undefined
    do {
      const last = extents?.at(-1)
      extents = await this.#guarded(() => list(last, RETENTION_PLACES_AT_ONCE))
      const places = extents ?? []
      while (!this.#isStopped && places.length > 0 && (await this.#rested(() => work(places))));
    } while (!this.#isStopped && extents !== undefined && extents.length > 0)
  }

  /** undefined where the changelog failed; the log was told. */
  async #guarded<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await within(this.#clock, RETENTION_WITHIN_MS, work(), () => new Error(`no end within ${RETENTION_WITHIN_MS} ms`))
    } catch (error) {
      this.#log.error({ err: error }, 'retention met a fault: what it concerns is kept for now')
      return undefined
    }
  }

  /** One slice; true where there is more to do at the same places. */
  async #trim(extents: readonly SpaceExtent[]): Promise<boolean> {
    const due: Trim[] = []
    for (const extent of extents) {
      const { tenant, space } = extent
      // Nothing is left of most spaces but their documents.
      if (extent.horizon === extent.version) continue
      const trim = await this.#changelog.read(tenant, async (tx): Promise<Trim | undefined> => {
        const now = { ...(await tx.head(space)), logStart: await tx.logStart(space), horizon: await tx.horizon(space) }
        const nowMs = this.#clock.nowMs()
        const { keepLogMs, keepLogCommits, keepDeletionsMs } = this.#retention
        const old = (from: Version, keepMs: number) => tx.madeBefore(space, from, nowMs - keepMs, RETENTION_COMMITS_AT_ONCE)
        const surplus = Math.min(now.version - keepLogCommits, now.logStart + RETENTION_COMMITS_AT_ONCE)
        const logStart = toVersion(Math.max(now.logStart, surplus, await old(now.logStart, keepLogMs)))
        const horizon = toVersion(Math.min(logStart, await old(now.horizon, keepDeletionsMs)))
        return logStart > now.logStart || horizon > now.horizon ? { extent, logStart, horizon } : undefined
      })
      if (trim !== undefined) due.push(trim)
    }
    if (due.length === 0) return false
    await this.#changelog.write(async (of) => {
      for (const { extent, logStart, horizon } of due) await of(extent.tenant).trim(extent.space, logStart, horizon)
    })
    return true
  }

  /** Clients that did nothing for long keep their last record; who is still there forgets with each mutation it makes. */
  async #forget(extents: readonly ClientExtent[]): Promise<boolean> {
    const beforeMs = this.#clock.nowMs() - this.#retention.keepDeletionsMs
    const due = extents.filter(({ n, oldest, seenMs }) => seenMs < beforeMs && oldest !== undefined && oldest < n)
    if (due.length === 0) return false
    await this.#changelog.write(async (of) => {
      for (const { tenant, client } of due) await of(tenant).forgetMutations(client, beforeMs, RETENTION_RECORDS_AT_ONCE)
    })
    return false
  }

  /** Rests after a slice as long as RETENTION_REST times the slice took, so that the rest of the server has the most of the time. */
  async #rested(slice: () => Promise<boolean>): Promise<boolean> {
    const beganMs = this.#clock.monotonicMs()
    const isMore = (await this.#guarded(slice)) ?? false
    await this.#pause(Math.max(RETENTION_PAUSE_MS, RETENTION_REST * (this.#clock.monotonicMs() - beganMs)))
    return isMore
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(ms, resolve)
      this.#wake = () => {
        cancel()
        resolve()
      }
    })
  }
}
