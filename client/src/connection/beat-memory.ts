import type { Learned } from './beat.ts'

/** What the device keeps of its beats, for all replicas and tabs. A `path` is a kind of network and an endpoint. */
export interface BeatMemory {
  /** Undefined, or rejects: nothing is known. */
  recall(path: string): Promise<Learned | undefined>
  /** Never throws; may be lost. */
  keep(path: string, learned: Learned): void
}
