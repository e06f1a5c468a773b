const KEY = 'tidemark:offline'

/** Whether this device was told to stay offline: a reload keeps the choice. */
export function prefersOffline(): boolean {
  return localStorage.getItem(KEY) !== null
}

export function rememberOffline(offline: boolean): void {
  if (offline) localStorage.setItem(KEY, '1')
  else localStorage.removeItem(KEY)
  void tellWorker(offline).catch(() => {})
}

/** The choice, for a worker, which cannot read it from where the page keeps it. */
const FOR_WORKER = '/chosen-offline'

async function tellWorker(offline: boolean): Promise<void> {
  const cache = await caches.open(KEY)
  if (offline) await cache.put(FOR_WORKER, new Response())
  else await cache.delete(FOR_WORKER)
}

/** As prefersOffline, in a worker. */
export async function prefersOfflineInWorker(): Promise<boolean> {
  return (await (await caches.open(KEY)).match(FOR_WORKER)) !== undefined
}

/** Calls back when another tab makes the choice. The returned function ends it. */
export function onOfflineChoice(chosen: (offline: boolean) => void): () => void {
  const look = ({ key }: StorageEvent) => {
    if (key === KEY) chosen(prefersOffline())
  }
  addEventListener('storage', look)
  return () => removeEventListener('storage', look)
}
