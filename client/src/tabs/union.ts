import type { SpaceId } from '@tidemark/shared'
import type { LaneKey } from '../lanes/lane-wire.ts'
import type { Holding } from './messages.ts'

/** What tabs hold, all of them together. */
export interface Union {
  /** `tab` holds that; nothing where it is gone. */
  set(tab: string, holding?: Holding): void
  has(key: SpaceId | LaneKey): boolean
  /** Whether another tab than this one, which is called `''`, holds it. */
  hasElsewhere(key: LaneKey): boolean
}

/** `want` is called when something is held that was not, or opened once more; `release` when no tab holds it any longer. */
export function unionOf(want: (key: SpaceId | LaneKey) => void, release: (key: SpaceId | LaneKey) => void): Union {
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
      // Less is held by somebody who left.
      for (const [space, sum] of sums) if (sum > (before.get(space) ?? 0)) want(space)
      for (const space of before.keys()) if (!sums.has(space)) release(space)
    },
    has: (key) => sums.has(key),
    hasElsewhere: (key) => [...tabs].some(([tab, holding]) => tab !== '' && key in holding),
  }
}
