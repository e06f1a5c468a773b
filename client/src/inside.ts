import type { App } from '@tidemark/shared'
import type { Connected } from './connected.ts'
import type { Tap } from './connection/tap.ts'
import type { ReplicaWorld } from './create-replica.ts'
import type { LocalCore } from './replica/replica-core.ts'

/** Where a replica has its inside. One for all builds of the client on a page. */
export const INSIDE: unique symbol = Symbol.for('tidemark') as never

/** What devtools see of a replica. No part of its interface: it changes with any build. */
export interface Inside {
  readonly tap: Tap
  readonly world: Pick<ReplicaWorld<App>, 'app' | 'clock' | 'network' | 'lifecycle'>
  readonly core: Pick<LocalCore, 'storage'>
  readonly connected: Pick<Connected, 'state' | 'isFollowing'>
}
