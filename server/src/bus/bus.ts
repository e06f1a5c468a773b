import type { SpaceId, Version } from '@tidemark/shared'

/** "room:42 is now at 165": a hint between backends and gateways. It may be lost, doubled or late; nothing depends on it but speed. */
export interface Hint {
  readonly tenant: string
  readonly space: SpaceId
  readonly version: Version
}

export interface Bus {
  publish(hint: Hint): void
  /** The returned function ends the subscription. */
  subscribe(listener: (hint: Hint) => void): () => void
}
