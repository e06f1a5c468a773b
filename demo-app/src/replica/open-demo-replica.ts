import { openReplica } from '@tidemark/client'
import { syncInBackground } from '@tidemark/client/service-worker'
import { UnavailableError } from '@tidemark/shared'
import { app } from '../../app.ts'
import { prefersOffline } from '../network/offline-choice.ts'
import { fetchToken } from '../session/fetch-token.ts'
import type { DemoReplica } from './demo.ts'

/** The browser gives the page no database; a chat that keeps nothing is not this one. */
export class NoStorageError extends Error {}

/** The replica of this user on this device; it needs no network to open. Throws NoStorageError, or UnavailableError when the database does not open. */
export async function openDemoReplica(user: string): Promise<DemoReplica> {
  const replica = await openReplica({ app, url: location.origin, user, token: () => fetchToken(user) })
  try {
    replica.table('room', 'messages')
  } catch (error) {
    await replica.close()
    throw error instanceof UnavailableError ? new NoStorageError(error.message) : error
  }
  if (prefersOffline()) replica.pause()
  syncInBackground(replica)
  return replica
}
