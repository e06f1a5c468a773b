import { type Clock, type Random, type SpaceId, UnavailableError } from '@tidemark/shared'
import { backoffMs } from './backoff.ts'
import type { ReplicaCore } from './replica/replica-core.ts'
import type { Older } from './replica-api.ts'
import type { Sync } from './sync.ts'

/** How often one page is asked for, where a server lags behind, changes could not be kept for it, or the server was set back. */
export const OLDER_ATTEMPTS_MAX = 6

/** Which page, by whoever asks for it. */
export interface OlderAsk {
  readonly space: SpaceId
  readonly collection: string
  /** Documents, at most. */
  readonly limit: number
}

export interface OlderPorts {
  readonly core: Pick<ReplicaCore, 'takeOlder'>
  readonly sync: Pick<Sync, 'older' | 'holds'>
  readonly clock: Clock
  readonly random: Random
}

/** Pages older documents of a collection in [W2]. Throws SyncErrors; then nothing has changed. */
export async function pageIn({ core, sync, clock, random }: OlderPorts, { space, collection, limit }: OlderAsk): Promise<Older> {
  for (let attempt = 1; ; attempt++) {
    const taken = await core.takeOlder(space, collection, {
      page: (before) => sync.older({ space, collection, before, limit }),
      holds: (standing) => sync.holds(space, standing),
    })
    if (taken) return { added: taken.added, more: taken.floor > 0 }
    if (attempt === OLDER_ATTEMPTS_MAX) throw new UnavailableError('the server cannot give this page yet: ask again later')
    await new Promise<void>((resolve) => void clock.after(backoffMs(attempt, random.unit()), resolve))
  }
}
