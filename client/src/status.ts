import { type Clock, NOTHING, type SpaceId } from '@tidemark/shared'
import { isCaughtUp } from './following/following.ts'
import type { CopyState } from './replica/replica-core.ts'
import type { Phase, Status } from './replica-api.ts'
import type { SyncState } from './sync.ts'

/** The connection's state; an open one catches up until nothing is missing. */
export function phaseOf({ connection, following }: SyncState): Phase {
  if (connection.name !== 'open') return connection.name
  return isCaughtUp(following) ? 'live' : 'catching up'
}

/** What the app is told: the shown copies by the database, everything else by the machines. */
export function statusOf(
  state: SyncState,
  copies: ReadonlyMap<SpaceId, CopyState>,
  pending: number,
  refused: number,
  clock: Clock,
): Omit<Status, 'storage'> {
  const { connection, following, sending, promisedS } = state
  const spaces: Record<string, Status['spaces'][string]> = {}
  for (const [id, { wanted, stage, head }] of following.spaces) {
    if (!wanted) continue
    const copy = copies.get(id) ?? { ...NOTHING, head, partial: false }
    spaces[id] = { ...copy, head: Math.max(copy.head, head), ...('because' in stage && stage.because && { denied: stage.because }) }
  }
  return {
    phase: phaseOf(state),
    spaces,
    pending,
    refused,
    beatS: promisedS,
    ...(connection.name === 'offline' && { pauses: connection.pauses }),
    ...(connection.name === 'waiting' && { retryAtMs: Math.round(clock.nowMs() + connection.untilMs - clock.monotonicMs()) }),
    ...('because' in connection && connection.because && { because: connection.because }),
    ...('because' in sending.stage && sending.stage.because && { blocked: sending.stage.because }),
  }
}
