import { openReplica } from '@tidemark/client'
import { app } from '../../app.ts'
import { prefersOffline } from '../network/offline-choice.ts'
import { fetchToken } from '../session/fetch-token.ts'
import type { DemoReplica } from './demo.ts'

/** The replica of this user on this device; it needs no network to open. */
export async function openDemoReplica(user: string): Promise<DemoReplica> {
  const replica = await openReplica({ app, url: location.origin, user, token: () => fetchToken(user) })
  if (prefersOffline()) replica.goOffline()
  return replica
}
