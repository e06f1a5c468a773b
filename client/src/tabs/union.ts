import type { SpaceId } from '@tidemark/shared'
import type { Holding } from './messages.ts'

/** What tabs hold, all of them together. */
export interface Union {
  /** `tab` holds that; nothing where it is gone. */
  set(tab: string, holding?: Holding): void
  has(space: SpaceId): boolean
}

/** `want` is called when a space is held that was not, or opened once more; `release` when no tab holds it any longer. */
export function unionOf(want: (space: SpaceId) => void, release: (space: SpaceId) => void): Union {
  const tabs = new Map<string, Holding>()
  /** By space, the sum of what its holders say: another one when something was opened. */
  let sums = new Map<SpaceId, number>()
  return {
    set(tab, holding) {
      if (holding) tabs.set(tab, holding)
      else tabs.delete(tab)
      const before = sums
      sums = new Map()
      for (const each of tabs.values()) for (const [space, count] of Object.entries(each)) sums.set(space, (sums.get(space) ?? 0) + count)
      for (const [space, sum] of sums) if (before.get(space) !== sum) want(space)
      for (const space of before.keys()) if (!sums.has(space)) release(space)
    },
    has: (space) => sums.has(space),
  }
}
