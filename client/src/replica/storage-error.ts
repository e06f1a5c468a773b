import { SyncError } from '@tidemark/shared'

/**
 * `full`: no room is left. `stalled`: it does not answer, or does not open. `failing`: its handles die again and again.
 * `cleared`: what was here was deleted while this page was open. `outdated`: a newer build of the app has changed its form.
 */
export type StorageTrouble = 'full' | 'stalled' | 'failing' | 'cleared' | 'outdated'

/**
 * This device's own storage did not do something; nothing of it is saved, and nothing that was saved before is lost by it. The
 * message says what helps. Of what is `stalled` or `failing` nobody can tell yet: the engine may have saved it and never said so.
 */
export class StorageError extends SyncError {
  readonly trouble: StorageTrouble
  constructor(trouble: StorageTrouble, message: string, cause?: unknown) {
    super(trouble === 'outdated' ? 'upgrade-required' : 'unavailable', message, { cause })
    this.trouble = trouble
  }
}

/** What this build writes, a newer one that was here would not understand. */
export const outdated = (): StorageError => new StorageError('outdated', 'A newer version of this app was here: reload to write.')
