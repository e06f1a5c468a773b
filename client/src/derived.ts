import { Observable, type Subscribable, Subscription } from 'rxjs'

/**
 * What `present` says now, and again whenever one of `sources` tells something, where that differs from what it said before; undefined is
 * nothing to tell. Completes with the first of them.
 */
export function derived<T>(
  sources: readonly Subscribable<unknown>[],
  present: () => T | undefined,
  isSame: (a: T, b: T) => boolean = Object.is,
): Observable<T> {
  return new Observable((subscriber) => {
    let last: T | undefined
    function next(): void {
      const now = present()
      if (now === undefined || (last !== undefined && isSame(now, last))) return
      last = now
      subscriber.next(now)
    }
    const subscription = new Subscription()
    for (const source of sources) subscription.add(source.subscribe({ next, complete: () => subscriber.complete() }))
    return subscription
  })
}
