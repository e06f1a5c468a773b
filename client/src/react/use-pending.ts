import { useCallback } from 'react'
import type { Pending, Refused } from '../replica-api.ts'
import type { Source } from './observed.ts'
import { observedOf } from './page.ts'
import { useReplica } from './replica-context.ts'
import { useSelected } from './use-selected.ts'

const NONE: readonly never[] = []
const all = () => true

/** What the server has not answered for, oldest first; of all spaces, or what `filter` passes. Renders only where that differs. */
export function usePending(filter: (pending: Pending) => boolean = all): readonly Pending[] {
  return useList(useReplica().pending$, filter)
}

/** What the server refused and nobody has dealt with, oldest first; of all spaces, or what `filter` passes. Renders only where that differs. */
export function useRefused(filter: (refused: Refused) => boolean = all): readonly Refused[] {
  return useList(useReplica().rejected$, filter)
}

function useList<T>(source: Source<readonly T[]>, filter: (item: T) => boolean): readonly T[] {
  const select = useCallback((items: readonly T[]) => items.filter(filter), [filter])
  return useSelected<readonly T[], readonly T[]>(observedOf(source), NONE, select)
}
