import type { Status } from '../replica-api.ts'
import { observedOf } from './page.ts'
import { useReplica } from './replica-context.ts'
import { useSelected } from './use-selected.ts'

/** Where a server renders. */
const UNKNOWN: Status = { phase: 'connecting', spaces: {}, pending: 0, refused: 0, beatS: 0, storage: { durable: true } }

/** What is selected of the replica's status; all of it without `select`. Renders only where that differs, at most once a frame. */
export function useStatus<T = Status>(select?: (status: Status) => T): T {
  return useSelected(observedOf(useReplica().status$), UNKNOWN, select ?? whole<T>)
}

function whole<T>(status: Status): T {
  return status as T
}
