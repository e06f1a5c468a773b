import type { SpaceId, Version } from '@tidemark/shared'

/** One followed copy: where it stands after all that was sent to it, and where its space does as far as this gateway knows. */
export interface CopyState {
  readonly space: SpaceId
  readonly version: Version
  readonly head: Version
}

/** A connection that was welcomed, as its operator sees it. No address: whoever moderates has no need of it. */
export interface ConnectionState {
  /** Its number: later connections have greater ones. */
  readonly id: number
  readonly user: string
  readonly client: string
  /** When it was opened, and when a frame of it came last, in ms since the epoch. */
  readonly sinceMs: number
  readonly heardMs: number
  /** Within so many seconds it promised to be heard again [B4]. */
  readonly nextS: number
  /** Bytes that wait for it. */
  readonly bufferedBytes: number
  /** The version that its app told, and what its hello said of the device. */
  readonly app: string
  readonly labels: Readonly<Record<string, string>>
  readonly probe: boolean
  readonly copies: readonly CopyState[]
}
