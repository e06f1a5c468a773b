import type { Clock } from '@tidemark/shared'
import { reasonOf } from './connection/connection.ts'
import { isCaughtUp } from './following/following.ts'
import type { Phase } from './replica-api.ts'
import type { Report } from './status.ts'
import type { SyncState } from './sync.ts'

/** The connection's state; an open one catches up until nothing is missing. */
export function phaseOf({ connection, following, stalled }: SyncState): Phase {
  if (stalled && (connection.name === 'open' || reasonOf(connection) === stalled)) return 'stalled'
  if (connection.name !== 'open') return connection.name
  return isCaughtUp(following) ? 'live' : 'catching up'
}

/** What the machines tell. */
export function reportOf(state: SyncState, offsetMs: number, clock: Clock): Report {
  const { connection, following, sending, pace, stalled } = state
  const phase = phaseOf(state)
  const because = phase === 'stalled' ? stalled : reasonOf(connection)
  const spaces: Record<string, Report['spaces'][string]> = {}
  for (const [id, { wanted, stage, head, standing }] of following.spaces) {
    const denied = 'because' in stage ? stage.because : undefined
    if (wanted && (denied || head > standing.version)) spaces[id] = { head, denied }
  }
  // One clock for all tabs.
  const deviceMs = (monotonicMs: number) => Math.round(clock.nowMs() + monotonicMs - clock.monotonicMs())
  return {
    phase,
    offsetMs,
    beatS: Math.round(pace.intervalMs / 1000),
    ...(connection.name === 'offline' && { pauses: connection.pauses.filter((pause) => pause !== 'tab') }),
    ...(connection.name === 'waiting' && {
      retryAtMs: deviceMs(connection.untilMs),
      // The next tab may be one of a newer app.
      ...(connection.because.code !== 'upgrade-required' && { notBeforeMs: deviceMs(connection.notBeforeMs) }),
    }),
    ...(because && { because }),
    ...('because' in sending.stage && sending.stage.because && { blocked: sending.stage.because }),
    ...(sending.attempts.size > 0 && { attempts: [...sending.attempts] }),
    spaces,
  }
}
