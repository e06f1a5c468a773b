import type { Clock } from './clock.ts'

/** What `work` comes to, or the error that `late` makes when that has not happened after `ms`. The work itself goes on; what it comes to later is dropped. */
export function within<T>(clock: Clock, ms: number, work: PromiseLike<T>, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => reject(late()))
    work.then(
      (value) => {
        cancel()
        resolve(value)
      },
      (error) => {
        cancel()
        reject(error)
      },
    )
  })
}
