import type { SpaceId, Version } from '@tidemark/shared'

/** A hint between backends and gateways. It may be lost, doubled or late; nothing depends on it but speed. */
export type Hint = Moved | RightsChanged

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

export interface Bus {
  publish(hint: Hint): void
  /** The returned function ends the subscription. */
  subscribe(listener: (hint: Hint) => void): () => void
}
