import { type Clock, isAboutToken, type LaneItem, type Random, RateLimitedError, type SpaceId } from '@tidemark/shared'
import { asSyncError } from '../as-sync-error.ts'
import { askedMs, backoffMs } from '../backoff.ts'
import type { LaneWay } from './lane-wire.ts'

/** For how long something is tried to be said, in ms: later it would answer to what nobody looks at any more. */
export const SAY_WITHIN_MS = 10_000
/** What was not answered by then is said again, another way; in ms. */
export const ANSWER_WITHIN_MS = 4000
/** From one try to the next, at most, in ms, where the server does not say. */
const SAY_AGAIN_MAX_MS = 2000
/** What can be under way at a time. */
export const SAYS_UNDER_WAY_MAX = 32

/** Says something, again under the same id where that fails, until SAY_WITHIN_MS are over. Rejects with the SyncError that says why not. */
export function createSaying({
  clock,
  random,
  way,
}: {
  readonly clock: Clock
  readonly random: Random
  readonly way: Pick<LaneWay, 'say'>
}): (space: SpaceId, lane: string, item: LaneItem) => Promise<void> {
  let underWay = 0

  async function sayUntilTaken(space: SpaceId, lane: string, item: LaneItem): Promise<void> {
    const untilMs = clock.monotonicMs() + SAY_WITHIN_MS
    for (let attempt = 1; ; attempt++) {
      const leftMs = untilMs - clock.monotonicMs()
      try {
        return await way.say(space, lane, item, Math.min(ANSWER_WITHIN_MS, leftMs), attempt > 1)
      } catch (cause) {
        const error = asSyncError(cause)
        const waitMs = askedMs(error) || backoffMs(attempt, random.unit(), SAY_AGAIN_MAX_MS)
        if (!(error.retryable || isAboutToken(error)) || clock.monotonicMs() + waitMs >= untilMs) throw error
        await new Promise<void>((resolve) => clock.after(waitMs, resolve))
      }
    }
  }
  return async (space, lane, item) => {
    if (underWay >= SAYS_UNDER_WAY_MAX) throw new RateLimitedError(`${SAYS_UNDER_WAY_MAX} are under way: wait for one of them`)
    underWay++
    try {
      await sayUntilTaken(space, lane, item)
    } finally {
      underWay--
    }
  }
}
