import type { Ack, Acked, Mutation, SpaceId, Version, VoidMutation, WireError } from '@tidemark/shared'

/** A batch as §6 wants it: `on` is the nonce of the mutation before its first, `""` before number 1. */
export interface Batch {
  readonly client: string
  readonly on: string
  readonly mutations: readonly (Mutation | VoidMutation)[]
  /** What the first of them is here, whatever its client id calls it. */
  readonly first: number
  /** Given back with the answer. */
  readonly epoch: number
}

/** Under which client id a connection asks, and the last number settled under it then [M5]. */
export interface Asker {
  readonly client: string
  readonly settled: number
}

/** What an answer says beside its acks. */
export interface Answer {
  readonly client: string
  /** Of the batch that it answers; undefined where none is known. */
  readonly epoch: number | undefined
  readonly error?: WireError | undefined
}

/** What `outbox/` needs of the replica. */
export interface Outbox {
  /** The present client id. */
  readonly clientId: string
  asker(): Promise<Asker>
  /** Heals what `acked` of the `welcome` shows to be wrong [M5]. */
  welcomed(asker: Asker, acked: Acked): Promise<void>
  /** The first mutations of one client id that are not settled, in order, within both bounds (at least one), before them the last settled one where that is in doubt; undefined where there is nothing to send. */
  batch(bounds: { readonly mutationsMax: number; readonly bytesMax: number }): Promise<Batch | undefined>
  /**
   * Settles mutations by their acks, in one strict transaction: done ones leave for the tail (their optimistic results stay on
   * screen until their versions arrive), refused ones for the refused. Acks of another nonce or of what is not pending are ignored.
   * Heals what `answer` shows to be wrong [M5]; without one the acks are about the present client id.
   * Returns the versions that the copies must still reach, by space: for these acks and for earlier ones, also of an earlier start.
   */
  settle(acks: readonly Ack[], answer?: Answer): Promise<ReadonlyMap<SpaceId, Version>>
  /** Called when a mutation was appended, in this tab or, as a hint, in another. The returned function ends it. */
  onAppended(listener: () => void): () => void
}
