import { useSyncExternalStore } from 'react'

const KEY = 'tidemark:user'
const listeners = new Set<() => void>()

/** Who is signed in on this device; remembered across reloads, and the same in all tabs. */
export function useSignedInUser(): string | undefined {
  return useSyncExternalStore(subscribe, () => localStorage.getItem(KEY) ?? undefined)
}

export function rememberUser(user: string): void {
  localStorage.setItem(KEY, user)
  for (const changed of listeners) changed()
}

export function forgetUser(): void {
  localStorage.removeItem(KEY)
  for (const changed of listeners) changed()
}

function subscribe(changed: () => void): () => void {
  listeners.add(changed)
  // Comes from other tabs only.
  addEventListener('storage', changed)
  return () => {
    listeners.delete(changed)
    removeEventListener('storage', changed)
  }
}
