const KEY = 'tidemark:offline'

/** Whether this device was told to stay offline: a reload keeps the choice. */
export function prefersOffline(): boolean {
  return localStorage.getItem(KEY) !== null
}

export function rememberOffline(offline: boolean): void {
  if (offline) localStorage.setItem(KEY, '1')
  else localStorage.removeItem(KEY)
}
