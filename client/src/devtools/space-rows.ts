import type { FollowedSpace, Following } from '../following/following.ts'
import type { Status } from '../replica-api.ts'

/** Spaces that are shown; of more, those that need looking at come first. */
export const SPACES_SHOWN_MAX = 200

export interface SpaceRow {
  readonly space: string
  readonly version: number
  readonly head: number
  /** Versions that the server is known to have, and this copy has not. */
  readonly behind: number
  readonly state: 'up to date' | 'behind' | 'denied' | 'being asked' | 'on this device'
  /** What else is to be said, each in a few words. */
  readonly notes: readonly string[]
  readonly code?: string | undefined
}

/** `following`: of the tab that is connected, where this is it. Pure. */
export function spaceRows({ phase, spaces }: Status, following: Following | undefined): readonly SpaceRow[] {
  // Whoever is connected follows what other tabs hold, too.
  const others = [...(following?.spaces ?? [])].filter(([space, { wanted }]) => wanted && !spaces[space])
  const rows = [
    ...Object.entries(spaces).map(([space, told]) => rowOf(space, told, following?.spaces.get(space), phase)),
    ...others.map(([space, followed]) => {
      const told = { ...followed.standing, head: followed.head, partial: false }
      const row = rowOf(space, told, followed, phase)
      return { ...row, notes: [...row.notes, 'held by another tab'] }
    }),
  ]
  const urgency = ({ state }: SpaceRow) => (state === 'denied' ? 0 : state === 'behind' ? 1 : 2)
  return rows.sort((a, b) => urgency(a) - urgency(b) || (a.space < b.space ? -1 : 1))
}

function rowOf(space: string, told: Status['spaces'][string], followed: FollowedSpace | undefined, phase: Status['phase']): SpaceRow {
  const { version, partial, floors = {}, denied } = told
  const head = Math.max(told.head, followed?.head ?? 0, version)
  const behind = head - version
  const stage = followed?.stage.name
  const isConnected = phase === 'live' || phase === 'catching up'
  const state = denied
    ? 'denied'
    : behind > 0
      ? 'behind'
      : !isConnected
        ? 'on this device'
        : stage === 'due' || stage === 'asked' || stage === 'pulling'
          ? 'being asked'
          : 'up to date'
  const notes = [
    ...(partial ? ['shown in part'] : []),
    ...(stage === 'pulling' ? ['being pulled'] : []),
    ...Object.entries(floors).flatMap(([collection, floor]) => (floor > 0 ? [`${collection} after ${floor}`] : [])),
    ...(followed && followed.reach > version ? [`an ack told of ${followed.reach}`] : []),
    ...(followed && followed.failures > 0 ? [`${followed.failures} failed in a row`] : []),
  ]
  return { space, version, head, behind, state, notes, code: denied?.code }
}
