import { type Following, isCaughtUp } from './following/following.ts'
import type { Sending } from './outbox/sending.ts'

/** Something is under way and nothing came of it: a new connection, in ms. */
export const STUCK_AFTER_MS = 60_000

/** True while something is under way that the server should move forward. A wait that it asked for is none. */
export function isBusy(following: Following, { stage }: Sending): boolean {
  const sends = stage.name === 'in hand' || (stage.name === 'waiting' && stage.because?.code !== 'rate-limited')
  return following.connected && (sends || !isCaughtUp(following))
}
