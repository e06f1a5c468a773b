import type { Ack, Mutation, SpaceId, Version } from '@tidemark/shared'

/** A batch as §6 wants it: `on` is the nonce of the mutation before its first, `""` before number 1. */
export interface Batch {
  readonly client: string
  readonly on: string
  readonly mutations: readonly Mutation[]
}

/** What `outbox/` needs of the replica. */
export interface Outbox {
  /** The first mutations that are not settled, in order of `n`, within both bounds (at least one); undefined when nothing is pending. */
  batch(bounds: { readonly mutationsMax: number; readonly bytesMax: number }): Promise<Batch | undefined>
  /**
   * Settles mutations by their acks, in one strict transaction: done ones leave for the tail (their optimistic results stay on
   * screen until their versions arrive), refused ones for the refused. Acks of another nonce or of what is not pending are ignored.
   * Returns the versions that the copies must still reach, by space: for these acks and for earlier ones, also of an earlier start.
   */
  settle(acks: readonly Ack[]): Promise<ReadonlyMap<SpaceId, Version>>
  /** Called when a mutation was appended, in this tab or, as a hint, in another. The returned function ends it. */
  onAppended(listener: () => void): () => void
}
