import { InternalError, SyncError, UnavailableError } from '@tidemark/shared'
import { CorruptRowError } from '../corrupt-row-error.ts'

/**
 * Primary result codes of SQLite that say the file itself is damaged: SQLITE_CORRUPT, SQLITE_FORMAT, SQLITE_NOTADB; and
 * SQLITE_CONSTRAINT, for every key that we add follows from one that we read.
 */
const DAMAGED = new Set([11, 24, 26, 19])
/** How long a client should wait before it tries a full or failing disk again. */
const AFTER_MS = 1000

/** What an error of the engine means to a caller. `row` says where it was met. */
export function fromEngine(error: unknown, row: string): SyncError {
  if (error instanceof SyncError) return error
  const { code, errcode } = error as { readonly code?: unknown; readonly errcode?: unknown }
  if (code === 'ERR_SQLITE_ERROR' && typeof errcode === 'number') {
    if (DAMAGED.has(errcode & 0xff)) return new CorruptRowError(row, error)
    return new UnavailableError('The changelog cannot do this now.', { cause: error, afterMs: AFTER_MS })
  }
  // An integer past 2^53: no number of ours.
  if (code === 'ERR_OUT_OF_RANGE') return new CorruptRowError(row, error)
  return new InternalError(undefined, { cause: error })
}
