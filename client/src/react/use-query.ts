import { useCallback, useSyncExternalStore } from 'react'
import { queries } from './page.ts'
import { LOADING, type QueryResult, UNASKED } from './query-result.ts'
import type { Asked } from './query-store.ts'
import { useSteady } from './use-steady.ts'

/** In place of a query: nothing is asked yet. */
export type Nothing = undefined | null | false

/**
 * The result of a query or of a whole collection, kept up to date. Make the query in the render: what asks the same is the same
 * question, and all components that ask it share one watch. It renders once for the first result, then at most once a frame, and
 * only where the result differs.
 */
export function useQuery<Doc>(query: Asked<Doc> | Nothing): QueryResult<Doc> {
  const key = query ? query.key : undefined
  useSteady(key)
  const subscribe = useSubscribe(query, key)
  const nothing = query ? LOADING : UNASKED
  return useSyncExternalStore(
    subscribe,
    () => (query ? queries.peek(query) : nothing),
    () => nothing,
  )
}

/** The same function for the same question. */
export function useSubscribe(query: Asked<unknown> | Nothing, key: string | undefined): (changed: () => void) => () => void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: queries of one key ask the same
  return useCallback(
    (changed) => {
      if (!query) return () => {}
      const { value, release } = queries.hold(query)
      const leave = value.result.subscribe(changed)
      return () => {
        leave()
        release()
      }
    },
    [key],
  )
}
