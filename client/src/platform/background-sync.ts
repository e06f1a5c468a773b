import type { Locks } from '../tabs/locks.ts'

/** Undefined where the browser has none. */
export const browserLocks: Locks | undefined = globalThis.navigator?.locks

/** Under which name a browser is asked to wake the worker; the user's id follows. */
const TAG = 'tidemark:'

interface SyncEvent extends Event {
  readonly tag: string
  waitUntil(work: Promise<unknown>): void
}
type WithSync = ServiceWorkerRegistration & { readonly sync?: { register(tag: string): Promise<void> } }

/**
 * Returns what asks the browser to wake this page's worker once there is a network, also after the page is gone. It does nothing
 * where there is no worker, or the browser has no such thing (Firefox, Safari), or it was forbidden. Never throws.
 */
export function syncRequests(user: string): () => void {
  // Looked for before it is needed: a page that is left has no time for that.
  const ready = (async () => navigator.serviceWorker?.ready as Promise<WithSync> | undefined)()
  const orNot = () => {}
  ready.catch(orNot)
  return () => void ready.then((worker) => worker?.sync?.register(TAG + user)).catch(orNot)
}

/** In a service worker: calls `work` when the browser wakes it as asked; where that rejects, the browser does so again, later. */
export function onSync(work: (user: string) => Promise<void>): void {
  globalThis.addEventListener('sync', (event) => {
    const { tag } = event as SyncEvent
    if (tag.startsWith(TAG)) (event as SyncEvent).waitUntil(work(tag.slice(TAG.length)))
  })
}

/** False where this device surely has no database of this name. */
export async function mayExist(name: string, factory: IDBFactory = indexedDB): Promise<boolean> {
  const all = await factory.databases?.()
  return !all || all.some((database) => database.name === name)
}
