import type { ErrorCode, ResetReason } from '@tidemark/shared'
import type { RefusedOf } from './refused-of.ts'

/** Who writes: clients with their mutations, the server's own code, or other programs with an API key. */
export type CommitSource = 'client' | 'server' | 'api'

/** What the backend counts. Plain calls, made after the fact and never awaited; an implementation does not throw. */
export interface BackendMetrics {
  /** One write transaction of the changelog: mutations done in it, refused ones included, and its duration in ms. */
  group(mutations: number, durationMs: number): void
  /** Commits that were made, by who wrote them. */
  committed(source: CommitSource, commits: number): void
  /** A mutation was refused for good, with this code; `of`: whose, where a client made it. */
  refused(code: ErrorCode, of?: RefusedOf): void
  /** A batch stopped before its end, with this code. */
  stopped(code: ErrorCode): void
  /** A range was read: `changes` in it and bytes of its text. */
  range(form: 'log' | 'compacted' | 'empty', changes: number, bytes: number): void
  reset(reason: ResetReason): void
}

/** What lanes count; as BackendMetrics. */
export interface LaneMetrics {
  /** One transaction of the store: how much was said in it, repeats left out, and its duration in ms. */
  said(says: number, durationMs: number): void
  /** A tick left: items in it, and how many were sampled away. */
  tick(items: number, cut: number): void
}
