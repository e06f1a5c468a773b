import type { SyncError } from '@tidemark/shared'

/** How many an app is told of at a time; older ones are forgotten. */
export const DIAGNOSTICS_MAX = 50

/** What happened to the connection of this tab, for whoever looks for a fault. */
export interface Diagnostic {
  /**
   * `open`: greeted by the server. `closed`: a connection or an attempt ended. `slept`: the device did, or its clock was set. `stalled`:
   * connected, and nothing moved for a minute, so a new connection is made. `limited`: a request was not sent, for the same one led nowhere again and again.
   */
  readonly kind: 'open' | 'closed' | 'slept' | 'stalled' | 'limited'
  /** In ms since the epoch, by this device's clock. */
  readonly atMs: number
  readonly because?: SyncError | undefined
}

export type Noted = (kind: Diagnostic['kind'], because?: SyncError) => void
