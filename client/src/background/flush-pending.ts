import type { App, Clock, SyncError } from '@tidemark/shared'
import { createTokens } from '../connection/tokens.ts'
import type { OpenReplicaOptions } from '../open-replica.ts'
import { browserLocks, mayExist } from '../platform/background-sync.ts'
import { browserTurn } from '../platform/browser-turn.ts'
import { systemClock } from '../platform/system-clock.ts'
import { systemRandom } from '../platform/system-random.ts'
import { firstAnswer } from '../platform/web-request.ts'
import { dexieStorage } from '../replica/dexie-storage.ts'
import { createReplicaCore } from '../replica/replica-core.ts'
import { SELF } from '../replica/rows.ts'
import type { ReplicaStorage } from '../replica/storage.ts'
import { StorageError } from '../replica/storage-error.ts'
import { present } from '../replica/unit.ts'
import type { Locks } from '../tabs/locks.ts'
import { flushOutbox } from './flush-outbox.ts'

/** How long a worker leaves it to the tab that is connected, in ms. Then it sends as well, for a frozen tab never does. */
export const LEFT_TO_TAB_MS = 10_000

type World = 'app' | 'url' | 'tenant' | 'indexedDB' | 'IDBKeyRange' | 'transport' | 'clock' | 'random'

/** What a worker has to know: the same as the page's `openReplica`, but for whichever user has something pending. */
export interface FlushOptions<A extends App> extends Pick<OpenReplicaOptions<A>, World> {
  /** Gives a token of this user. Where it rejects, what is pending stays, and the browser wakes the worker again, later. */
  readonly token: (user: string, because?: SyncError) => string | Promise<string>
  /** The database of a user. Default: `tidemark:{tenant}:{user}`. */
  readonly name?: ((user: string) => string) | undefined
  /** What the tabs of a device share; the browser's. */
  readonly locks?: Locks | undefined
}

/**
 * Sends what this user has pending on this device, without a page; for other occasions to wake, such as a push. Does nothing where
 * there is nothing, and leaves it to a tab that is connected. Rejects with the SyncError that held it up; what was not sent stays.
 */
export async function flushPending<A extends App>(options: FlushOptions<A>, user: string): Promise<void> {
  const { app, url, tenant = 'default', clock = systemClock, random = systemRandom, indexedDB, IDBKeyRange } = options
  const name = options.name?.(user) ?? `tidemark:${tenant}:${user}`
  if (!(await mayExist(name, indexedDB))) return
  const storage = begunStorage(dexieStorage({ name, app, clock, indexedDB, IDBKeyRange }))
  try {
    const outbox = await createReplicaCore({ app, storage, clock, random, user })
    const tokens = createTokens((because) => options.token(user, because), clock, browserTurn(`${name} token`))
    const transport = options.transport ?? { request: firstAnswer(url) }
    if (!(await outbox.batch({ mutationsMax: 1, bytesMax: 1 }))) return
    await afterTabs(options.locks ?? browserLocks, name, clock, () => flushOutbox({ outbox, tokens, transport, clock, random }))
  } catch (error) {
    if (!(error instanceof StorageError && error.trouble === 'cleared')) throw error
  } finally {
    await storage.close()
  }
}

/** Runs `work` once no tab leads, or has not brought it to an end in time. Rejects as that does. */
async function afterTabs(locks: Locks | undefined, name: string, clock: Clock, work: () => Promise<void>): Promise<void> {
  let begun: Promise<void> | undefined
  const begin = () => (begun ??= work())
  const waiting = new AbortController()
  const cancel = clock.after(LEFT_TO_TAB_MS, () => waiting.abort())
  try {
    // A tab in front may take the lock meanwhile; what both send takes effect once [M1].
    await locks?.request(name, { signal: waiting.signal }, begin)
  } catch {
    // Of the lock, or of the work itself.
  }
  cancel()
  await begin()
}

/** Storage in which no replica is begun: where there is none any more, the page has to find that out. Then writes are rejected as `cleared`. */
function begunStorage(storage: ReplicaStorage): ReplicaStorage {
  return {
    ...storage,
    write: (tables, durability, work) =>
      storage.write(tables, durability, async (tx) => {
        present(await tx.get('self', SELF))
        return work(tx)
      }),
  }
}
