import type { SpaceId, Version } from '@tidemark/shared'
import type { WriteTransaction } from '../changelog/changelog.ts'
import type { CommitSource } from '../observe/metrics.ts'

/** The time of a write transaction, in which nobody else writes, and while nothing rests nobody is served. */
export interface GroupTime {
  /** False when what has not begun should wait for the next one. */
  isLeft(): boolean
  /** Lets the event loop go round where it has not for a while. */
  rest(): Promise<void>
}

/** Work that goes into a write transaction together with others'. */
export interface GroupJob<P extends GroupPart> {
  readonly tenant: string
  readonly source: CommitSource
  /** Mutations in it, as far as the size of a group goes. */
  readonly size: number
  /** Never throws for what concerns this job alone: the others of its group would be undone with it. */
  run(tx: WriteTransaction, time: GroupTime): Promise<P>
}

/** What one write transaction made of a job. It is true only when that transaction has committed. */
export interface GroupPart {
  /** Spaces that this part committed to. */
  readonly committed: ReadonlyMap<SpaceId, Version>
  /** Mutations that this part recorded; the rest had been done before. */
  readonly recorded: number
  /** Commits that it made; several in one space count each. */
  readonly commits: number
}
