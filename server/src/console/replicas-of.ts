import type { Changelog, ClientExtent } from '../changelog/changelog.ts'
import type { ConsoleReplica } from './answers.ts'

/** Devices of a tenant that one question looks at; whoever has more asks on. */
export const CLIENTS_LOOKED_AT = 5000
/** How many are listed by one read of the changelog. */
const CLIENTS_PAGE = 500

/**
 * The devices on which a user has written. Which is whose stands with each of them, and no index leads there from the user: all of
 * the tenant are looked at, CLIENTS_LOOKED_AT a question. `next`: where to go on.
 */
export async function replicasOf(
  changelog: Changelog,
  tenant: string,
  user: string,
  after: string,
): Promise<{ readonly replicas: readonly ConsoleReplica[]; readonly next: string | undefined }> {
  const replicas: ConsoleReplica[] = []
  let at = after
  for (let lookedAt = 0; lookedAt < CLIENTS_LOOKED_AT; ) {
    const page = await changelog.clients({ tenant, client: at }, CLIENTS_PAGE)
    const own = page.filter((extent) => extent.tenant === tenant)
    replicas.push(
      ...(await changelog.read(tenant, async (tx) => await usersOwn(own, async (client) => (await tx.client(client))?.user === user))),
    )
    if (own.length < CLIENTS_PAGE) return { replicas, next: undefined }
    lookedAt += own.length
    at = own.at(-1)?.client ?? at
  }
  return { replicas, next: at }
}

async function usersOwn(extents: readonly ClientExtent[], isTheirs: (client: string) => Promise<boolean>): Promise<ConsoleReplica[]> {
  const found: ConsoleReplica[] = []
  for (const { client, n, seenMs } of extents) if (await isTheirs(client)) found.push({ client, n, seenMs })
  return found
}
