import type { SyncState } from './sync.ts'

/** Something is under way and nothing came of it: a new connection, in ms. */
export const STUCK_AFTER_MS = 60_000

/** When what is under way counts as stuck, if nothing moves it forward; Infinity while nothing is. A wait that the server asked for is none. */
export function stuckAtMs({ connection, following, sending }: Omit<SyncState, 'promisedS'>, progressAtMs: number): number {
  const { stage } = sending
  const sends = stage.name === 'in hand' || (stage.name === 'waiting' && stage.because?.code !== 'rate-limited')
  const busy = following.connected && (sends || connection.name === 'catching up')
  return busy ? progressAtMs + STUCK_AFTER_MS : Number.POSITIVE_INFINITY
}
