import { NOTHING, type SpaceId, type SyncError } from '@tidemark/shared'
import type { Pause } from './connection/connection.ts'
import type { Attempt } from './outbox/attempts.ts'
import type { CopyState } from './replica/copy-state.ts'
import type { Phase, Status } from './replica-api.ts'

/** What is told of the connection, by the tab that is connected for all. */
export interface Report {
  readonly phase: Phase
  readonly beatS: number
  readonly pauses?: readonly Pause[] | undefined
  readonly retryAtMs?: number | undefined
  /** For the tab that leads next: before then it is not to connect. By the device's clock. */
  readonly notBeforeMs?: number | undefined
  readonly because?: SyncError | undefined
  readonly blocked?: SyncError | undefined
  /** Of what was sent and is pending; missing from a tab of an older build. */
  readonly attempts?: readonly (readonly [n: number, Attempt])[] | undefined
  /** The server's clock minus the device's, in ms. */
  readonly offsetMs: number
  /** Only what the copies do not say themselves: of spaces that are denied, or behind the server. */
  readonly spaces: { readonly [space: string]: { readonly head: number; readonly denied?: SyncError | undefined } }
}

/** Before the tab that is connected was heard. */
export const UNHEARD: Report = { phase: 'connecting', offsetMs: 0, beatS: 0, spaces: {} }

/** What the app is told of the spaces that it holds: the shown copies by the database, everything else by whoever is connected. */
export function statusOf(
  { offsetMs: _, notBeforeMs: __, attempts: ___, ...report }: Report,
  held: Iterable<SpaceId>,
  copies: ReadonlyMap<SpaceId, CopyState>,
  pending: number,
  refused: number,
): Omit<Status, 'storage'> {
  const spaces: Record<string, Status['spaces'][string]> = {}
  for (const id of held) {
    const { head = 0, denied } = report.spaces[id] ?? {}
    const copy = copies.get(id) ?? { ...NOTHING, head, partial: false }
    spaces[id] = { ...copy, head: Math.max(copy.head, head), ...(denied && { denied }) }
  }
  return { ...report, spaces, pending, refused }
}
