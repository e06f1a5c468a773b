import { UnavailableError } from '@tidemark/shared'
import { useEffect, useSyncExternalStore } from 'react'
import { queries, suspendedOnes } from './page.ts'
import type { QueryResult } from './query-result.ts'
import type { Asked } from './query-store.ts'
import { useSubscribe } from './use-query.ts'
import { useSteady } from './use-steady.ts'

/**
 * The documents of a query or of a whole collection, kept up to date; the component suspends until they are there. Errors go to the
 * error boundary around it; rendered again a second later, it asks anew. A server that renders sends the fallback of the `Suspense`
 * around it.
 */
export function useSuspenseQuery<Doc>(query: Asked<Doc>): QueryResult<Doc>['docs'] {
  const { key } = query
  useSteady(key)
  useEffect(() => suspendedOnes.shown(key), [key])
  const isNew = !queries.isOpen(query)
  const { docs, isLoading, error } = useSyncExternalStore(useSubscribe(query, key), () => queries.get(query).result.get(), sayOnlyInPages)
  if (error) throw error
  // Thrown rather than given to `use`, which React 18 has not.
  if (isLoading && isNew) suspendedOnes.suspended(key)
  if (isLoading) throw queries.get(query).loaded
  return docs
}

/** React's own way for what only a page can do: the fallback is sent, and the page renders what is missing. */
function sayOnlyInPages(): never {
  throw new UnavailableError('Documents are read in pages: put <Suspense> around what reads them, and a server sends its fallback.')
}
