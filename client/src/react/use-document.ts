import { useMemo } from 'react'
import type { DocumentRow } from '../replica-api.ts'
import type { DocumentRef } from '../watch/watch-api.ts'
import { type Nothing, useQuery } from './use-query.ts'

/** What a component knows of a document. The same object until something of it changes. */
export interface DocumentResult<Doc> {
  /** Undefined while loading, and where there is none. */
  readonly doc: DocumentRow<Doc> | undefined
  readonly isLoading: boolean
  /** Why nothing comes any more; `doc` is what came last. Mounted again, the component asks anew. */
  readonly error: Error | undefined
}

/** One document, kept up to date. Make the reference in the render, as with `useQuery`. */
export function useDocument<Doc>(ref: Pick<DocumentRef<Doc>, 'query'> | Nothing): DocumentResult<Doc> {
  const result = useQuery<Doc>(ref ? ref.query : undefined)
  return useMemo(() => ({ doc: result.docs[0], isLoading: result.isLoading, error: result.error }), [result])
}
