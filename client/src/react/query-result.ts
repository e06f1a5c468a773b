import type { DocumentRow } from '../replica-api.ts'
import type { Snapshot } from '../watch/watch-api.ts'

/** What a component knows of a query. The same object until something of it changes. */
export interface QueryResult<Doc> {
  /** In the query's order; empty while loading. The same array as long as the result is the same. */
  readonly docs: readonly DocumentRow<Doc>[]
  /** Nothing is known yet: the documents are being read from this device. */
  readonly isLoading: boolean
  /** Why nothing comes any more; `docs` are those that came last. Mounted again, the component asks anew. */
  readonly error: Error | undefined
}

const NO_DOCS: readonly never[] = []
export const LOADING: QueryResult<never> = { docs: NO_DOCS, isLoading: true, error: undefined }
/** Nothing was asked. */
export const UNASKED: QueryResult<never> = { docs: NO_DOCS, isLoading: false, error: undefined }

const results = new WeakMap<object, QueryResult<unknown>>()

/** The same one for the same result. */
export function resultOf<Doc>({ docs }: Snapshot<Doc>): QueryResult<Doc> {
  const known = results.get(docs)
  if (known) return known as QueryResult<Doc>
  const result: QueryResult<Doc> = { docs, isLoading: false, error: undefined }
  results.set(docs, result)
  return result
}
