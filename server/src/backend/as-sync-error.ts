import { InternalError, SyncError } from '@tidemark/shared'

/** An error as one of ours; what is none of ours is `internal`, with the cause for the log. */
export function asSyncError(error: unknown): SyncError {
  return error instanceof SyncError ? error : new InternalError(undefined, { cause: error })
}
