import { useSyncExternalStore } from 'react'
import { fetchDevToken } from './dev-sign-in.ts'

/** Who is at this page: by a token that they brought, or under a name, where the server's development sign-in takes any. */
export type Session = { readonly how: 'token'; readonly token: string } | { readonly how: 'dev'; readonly user: string }

/** Of this tab alone, and gone with it. */
const KEY = 'tidemark-console:session'
/** What another page hands over in the part of an address that no server is sent. */
const HANDED_OVER = /^#token=([A-Za-z0-9._~+/=-]+)$/
const listeners = new Set<() => void>()
let session: Session | undefined
/** Of a development session: fetched when one is needed, and never kept beyond this page. */
let devToken: Promise<string> | undefined

export function useSession(): Session | undefined {
  return useSyncExternalStore(subscribe, () => session)
}

/** Before the first render: takes what was handed over, and leaves nothing of it in the address; then again where that happens to an open page. */
export function beginSession(): void {
  if (!takeHandedOver()) session = kept()
  addEventListener('hashchange', takeHandedOver)
}

function takeHandedOver(): boolean {
  const handed = HANDED_OVER.exec(location.hash)?.[1]
  if (handed === undefined) return false
  history.replaceState(null, '', location.pathname)
  signIn({ how: 'token', token: handed })
  return true
}

export function signIn(as: Session): void {
  sessionStorage.setItem(KEY, JSON.stringify(as))
  set(as)
}

export function signOut(): void {
  sessionStorage.removeItem(KEY)
  set(undefined)
}

/** A token for this session. `fresh`: the last one was refused. Rejects where development sign-in does. */
export function tokenOf(of: Session, fresh = false): Promise<string> {
  if (of.how === 'token') return Promise.resolve(of.token)
  if (fresh) devToken = undefined
  devToken ??= fetchDevToken(of.user).catch((error: unknown) => {
    devToken = undefined
    throw error
  })
  return devToken
}

function set(next: Session | undefined): void {
  session = next
  devToken = undefined
  for (const changed of listeners) changed()
}

function kept(): Session | undefined {
  try {
    const read = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Partial<Record<string, unknown>> | null
    if (read?.how === 'token' && typeof read.token === 'string') return { how: 'token', token: read.token }
    if (read?.how === 'dev' && typeof read.user === 'string') return { how: 'dev', user: read.user }
  } catch {
    // What this page did not write is nothing.
  }
  return undefined
}

function subscribe(changed: () => void): () => void {
  listeners.add(changed)
  return () => listeners.delete(changed)
}
