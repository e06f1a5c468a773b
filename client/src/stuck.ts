import { type Following, isCaughtUp } from './following/following.ts'
import type { Sending } from './outbox/sending.ts'
import { StorageError } from './replica/storage-error.ts'

/** Something is to be done, and for so long a time of being connected nothing came of it: a new connection, in ms. */
export const STUCK_AFTER_MS = 60_000

/** True while something is under way that the server should move forward. A wait that it asked for is none. */
export function isBusy(following: Following, { stage }: Sending): boolean {
  const sends = stage.name !== 'idle' && !(stage.name === 'waiting' && stage.because?.code === 'rate-limited')
  return following.connected && (sends || !isCaughtUp(following) || lacksWhatIsThere(following))
}

/** A head is known, and asking for what leads to it failed, though neither a server nor this device's storage asks to wait. */
function lacksWhatIsThere({ spaces }: Following): boolean {
  for (const { wanted, stage, standing, head } of spaces.values()) {
    if (!wanted || stage.name !== 'due' || standing.version >= head) continue
    if (stage.because?.code !== 'rate-limited' && !(stage.because instanceof StorageError)) return true
  }
  return false
}
