import { type Clock, UnavailableError } from '@tidemark/shared'

/** `work`, or UnavailableError once `ms` have passed: no wait without an end. What `work` does later is dropped. */
export function within<T>(clock: Clock, ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => reject(new UnavailableError(`no answer within ${ms} ms`, { afterMs: 1000 })))
    work.then(resolve, reject).finally(cancel)
  })
}
