import { useSyncExternalStore } from 'react'
import type { Source } from './observed.ts'
import { observedOf } from './page.ts'

/**
 * What an observable said last; `initial` until it says something: give a constant. All components share one subscription to the same
 * observable, so keep one that is made by `pipe` outside of the component, or in useMemo. Its error goes to the error boundary.
 */
export function useObservable<T>(source: Source<T>, initial: T): T {
  const { get, subscribe } = observedOf(source)
  return useSyncExternalStore(
    subscribe,
    () => get(initial),
    () => initial,
  )
}
