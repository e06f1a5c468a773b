import { openReplica } from '@tidemark/client'
import type { ConsoleOverview } from '@tidemark/server'
import { type Session, tokenOf } from '../session/session.ts'
import { consoleApp } from './console-app.ts'
import type { ConsoleReplica } from './hooks.ts'

/** The replica of whoever moderates: a database of its own, beside the one that the app's page has for the same user. */
export async function openConsoleReplica(session: Session, { kinds, tenant, user }: ConsoleOverview): Promise<ConsoleReplica> {
  let asked = 0
  const replica = await openReplica({
    app: consoleApp(kinds),
    url: location.origin,
    tenant,
    user,
    name: `tidemark-console:${tenant}:${user}`,
    // Whoever asks again was told that the last one is over.
    token: () => tokenOf(session, asked++ > 0),
  })
  return replica as unknown as ConsoleReplica
}
