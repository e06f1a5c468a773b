import { PROTOCOL, type SyncError } from '@tidemark/shared'
import { StorageError } from '../replica/storage-error.ts'
import type { Observed } from './observed.ts'

/** The form of a report: counted up when what stands in it is called otherwise. */
const REPORT_FORMAT = 1
/** Frames and mutations that a report has at most. */
export const REPORT_FRAMES_MAX = 500
export const REPORT_MUTATIONS_MAX = 200

export interface ReportOptions {
  readonly browser: string
  /** With the arguments of what is pending or refused, and the texts of errors. Documents and tokens are in no report. */
  readonly contents: boolean
}

/**
 * What somebody who looks for a fault elsewhere needs to know, as JSON. It names spaces, the user, the device and the mutators; by itself it has
 * nothing that a person wrote: of errors the code alone, for a rule may quote what it refuses.
 */
export function reportOn(observed: Observed, { browser, contents }: ReportOptions): string {
  const { replica, app, status, connection, storage, frames, nowMs, lead, sinceMs } = observed
  const errorOf = (error: SyncError | undefined) =>
    error && {
      code: error.code,
      ...(error instanceof StorageError && { trouble: error.trouble }),
      ...(contents && { message: error.message }),
    }
  const mutation = ({ n, space, name, args, madeMs }: Observed['refused'][number] | Observed['pending'][number]) => ({
    n,
    space,
    name,
    madeMs,
    ...(contents && { args }),
  })
  const { spaces, because, blocked, storage: held, ...told } = status
  const report = {
    tidemark: 'report',
    format: REPORT_FORMAT,
    contents,
    atMs: nowMs,
    browser,
    protocol: PROTOCOL,
    app: app.version,
    client: replica.clientId,
    user: replica.user,
    connected: observed.connected,
    lead,
    status: {
      ...told,
      sinceMs,
      because: errorOf(because),
      blocked: errorOf(blocked),
      spaces: Object.fromEntries(
        Object.entries(spaces).map(([id, { version, seal, head, partial, floors, denied }]) => [
          id,
          { version, seal, head, partial, floors, denied: errorOf(denied) },
        ]),
      ),
    },
    connection: connection?.name,
    beat: observed.beat,
    storage: {
      durable: held.durable,
      persisted: held.persisted,
      error: errorOf(held.error),
      lost: held.lost && { pending: held.lost.pending, refused: held.lost.refused },
      usageBytes: storage?.usageBytes,
      quotaBytes: storage?.quotaBytes,
      rows: storage && Object.fromEntries(storage.counts.map(({ table, rows, more }) => [table, more ? `${rows} or more` : rows])),
    },
    pending: observed.pending
      .slice(0, REPORT_MUTATIONS_MAX)
      .map((row) => ({ ...mutation(row), state: row.state, attempts: row.attempts, lastError: errorOf(row.lastError) })),
    refused: observed.refused.slice(0, REPORT_MUTATIONS_MAX).map((row) => ({ ...mutation(row), error: errorOf(row.error) })),
    events: observed.events.map(({ atMs, kind, space, code }) => ({ atMs, kind, space, code })),
    lastMinute: frames.totals(nowMs),
    frames: frames
      .newest(REPORT_FRAMES_MAX, { in: true, out: true, text: '' })
      .map(({ atMs, way, kind, bytes, spaces, detail }) => ({ atMs, way, kind, bytes, spaces, detail })),
  }
  return JSON.stringify(report, undefined, 2)
}
