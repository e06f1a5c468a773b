import { InternalError, SyncError } from '@tidemark/shared'

/** What was thrown, as an error that can be told; what is none of the protocol's is this device's own fault. */
export function asSyncError(error: unknown): SyncError {
  return error instanceof SyncError ? error : new InternalError('this device failed', { cause: error })
}
