import { type Clock, UnavailableError } from '@tidemark/shared'

/** What `promise` comes to, or an UnavailableError that names `what` after `ms`. What comes later is ignored. */
export function within<T>(clock: Clock, ms: number, what: string, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => reject(new UnavailableError(`${what}: nothing came within ${ms} ms`)))
    promise.then(resolve, reject).finally(cancel)
  })
}
