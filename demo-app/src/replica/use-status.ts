import type { Pending, Refused, Status } from '@tidemark/client'
import { useReplica } from './replica-context.ts'
import { useObservable } from './use-observable.ts'

const UNKNOWN: Status = { phase: 'connecting', spaces: {}, pending: 0, refused: 0, beatS: 0, storage: { durable: true } }
const NONE: readonly never[] = []

export function useStatus(): Status {
  return useObservable(useReplica().status$, UNKNOWN)
}

/** What this device made and the server has not answered for, oldest first. */
export function usePending(): readonly Pending[] {
  return useObservable<readonly Pending[]>(useReplica().pending$, NONE)
}

/** What the server refused and the user has not dealt with yet, oldest first. */
export function useRefused(): readonly Refused[] {
  return useObservable<readonly Refused[]>(useReplica().rejected$, NONE)
}
