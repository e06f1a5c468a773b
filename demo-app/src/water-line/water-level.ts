import type { Status } from '@tidemark/client'

/** How the line is drawn; the words beside it say the same. */
export type Tide = 'calm' | 'rising' | 'still' | 'dashed' | 'stalled'

/** Which line fits: calm at the head, rising below it, still while connecting, dashed offline, stalled when attempts fail, or access or sending is (`stuck`). */
export function tideOf(phase: Status['phase'], version: number, head: number, stuck: boolean): Tide {
  if (stuck || phase === 'waiting') return 'stalled'
  if (phase === 'offline') return 'dashed'
  if (phase === 'connecting' || phase === 'greeting') return 'still'
  return head > version ? 'rising' : 'calm'
}

/** How high the water stands, 0 to 1: all that a copy holds of what is known to exist. An unknown head counts as reached. */
export function levelOf(version: number, head: number): number {
  return head <= version ? 1 : version / head
}
