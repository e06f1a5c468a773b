import type { SpaceId, Version } from '@tidemark/shared'

/** A hint between backends and gateways. It may be lost, doubled or late; nothing depends on it but speed. */
export type Hint = Moved | RightsChanged | Ticked

/** "room:42 is now at 165". */
export interface Moved {
  readonly tenant: string
  readonly space: SpaceId
  readonly version: Version
}

/** What access says of this user, of this space, or of all of a tenant may have changed. */
export interface RightsChanged {
  readonly tenant: string
  readonly user?: string | undefined
  readonly space?: SpaceId | undefined
  readonly version?: undefined
}

/** A tick of a lane was merged, or how the lane runs has changed: a frame for all who follow it, as text. A lost one is lost for who is connected. */
export interface Ticked {
  readonly tenant: string
  readonly space: SpaceId
  readonly lane: string
  readonly frame: string
  /** Its number; undefined where the frame says how the lane runs. */
  readonly tick?: number | undefined
  readonly version?: undefined
}

export interface Bus {
  publish(hint: Hint): void
  /** The returned function ends the subscription. */
  subscribe(listener: (hint: Hint) => void): () => void
}
