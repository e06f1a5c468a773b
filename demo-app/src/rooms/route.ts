import { useSyncExternalStore } from 'react'
import { isNameId } from '../names/name-code.ts'

const ROOM = /^#\/room\/([^/]+)$/

/** The open room's name, as the address says it; undefined on the list. The browser's back leads from a room to the list. */
export function useOpenRoom(): string | undefined {
  return useSyncExternalStore(subscribe, openRoom)
}

/** The address of a room, or of the list. */
export function addressOf(room?: string): string {
  return room === undefined ? '#/' : `#/room/${room}`
}

function openRoom(): string | undefined {
  const name = ROOM.exec(location.hash)?.[1]
  return name !== undefined && isNameId(name) ? name : undefined
}

function subscribe(changed: () => void): () => void {
  addEventListener('hashchange', changed)
  return () => removeEventListener('hashchange', changed)
}
