import { type Clock, type SpaceId, TooLargeError } from '@tidemark/shared'
import type { CopyState } from './replica/replica-core.ts'
import type { Status } from './replica-api.ts'
import type { SyncState } from './sync.ts'

/** What the app is told: the shown copies by the database, everything else by the machines. */
export function statusOf(
  { connection, following, sending, promisedS }: SyncState,
  copies: ReadonlyMap<SpaceId, CopyState>,
  pending: number,
  refused: number,
  clock: Clock,
): Status {
  const spaces: Record<string, Status['spaces'][string]> = {}
  for (const [id, { wanted, stage, standing, whole, head }] of following.spaces) {
    if (!wanted) continue
    const copy = copies.get(id) ?? { ...standing, head, partial: !whole }
    const waits = following.connected && stage.name === 'idle' && new TooLargeError(`more than ${following.spacesMax} spaces are open`)
    const denied = 'because' in stage ? stage.because : waits
    spaces[id] = { ...copy, head: Math.max(copy.head, head), ...(denied && { denied }) }
  }
  return {
    phase: connection.name,
    spaces,
    pending,
    refused,
    beatS: promisedS,
    ...(connection.name === 'waiting' && {
      retryAtMs: Math.round(clock.nowMs() + connection.retryAtMs - clock.monotonicMs()),
      because: connection.because,
    }),
    ...('because' in sending.stage && sending.stage.because && { blocked: sending.stage.because }),
  }
}
