import { type Clock, UnavailableError, within } from '@tidemark/shared'

/** `work`, or UnavailableError once `ms` have passed: no wait of the gateway's is without an end. */
export function answerWithin<T>(clock: Clock, ms: number, work: Promise<T>): Promise<T> {
  return within(clock, ms, work, () => new UnavailableError(`no answer within ${ms} ms`, { afterMs: 1000 }))
}
