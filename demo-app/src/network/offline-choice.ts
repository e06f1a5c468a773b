const KEY = 'tidemark:offline'

/** Whether this device was told to stay offline: a reload keeps the choice. */
export function prefersOffline(): boolean {
  return localStorage.getItem(KEY) !== null
}

export function rememberOffline(offline: boolean): void {
  if (offline) localStorage.setItem(KEY, '1')
  else localStorage.removeItem(KEY)
}

/** Calls back when another tab makes the choice. The returned function ends it. */
export function onOfflineChoice(chosen: (offline: boolean) => void): () => void {
  const look = ({ key }: StorageEvent) => {
    if (key === KEY) chosen(prefersOffline())
  }
  addEventListener('storage', look)
  return () => removeEventListener('storage', look)
}
