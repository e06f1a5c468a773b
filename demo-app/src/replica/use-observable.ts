import { useMemo, useSyncExternalStore } from 'react'

interface Subscribable<T> {
  subscribe(next: (value: T) => void): { unsubscribe(): void }
}

/** The latest value of an observable. `initial` stands until the first one comes; give a constant. */
export function useObservable<T>(source: Subscribable<T>, initial: T): T {
  const store = useMemo(() => {
    let latest = initial
    return {
      read: () => latest,
      subscribe(changed: () => void) {
        const subscription = source.subscribe((value) => {
          latest = value
          changed()
        })
        return () => subscription.unsubscribe()
      },
    }
  }, [source, initial])
  return useSyncExternalStore(store.subscribe, store.read)
}
