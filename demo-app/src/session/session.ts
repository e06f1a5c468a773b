import { useSyncExternalStore } from 'react'

const KEY = 'tidemark:user'
/** Names that signed in here before, newest first: their copies are on this device. */
const KNOWN_KEY = 'tidemark:known'
const KNOWN_USERS_MAX = 20
const listeners = new Set<() => void>()

/** Who is signed in on this device; remembered across reloads, and the same in all tabs. */
export function useSignedInUser(): string | undefined {
  return useSyncExternalStore(subscribe, () => localStorage.getItem(KEY) ?? undefined)
}

export function rememberUser(user: string): void {
  localStorage.setItem(KEY, user)
  const known = [user, ...knownUsers().filter((other) => other !== user)].slice(0, KNOWN_USERS_MAX)
  localStorage.setItem(KNOWN_KEY, known.join(' '))
  for (const changed of listeners) changed()
}

/** Whether a name signed in here before, so that it can do so again without a network. */
export function isKnownUser(user: string): boolean {
  return knownUsers().includes(user)
}

/** Ends the session; the copy and the name stay on the device. */
export function forgetUser(): void {
  localStorage.removeItem(KEY)
  for (const changed of listeners) changed()
}

function knownUsers(): string[] {
  return (localStorage.getItem(KNOWN_KEY) ?? '').split(' ')
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
