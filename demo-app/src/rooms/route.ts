import { useSyncExternalStore } from 'react'
import { isNameId } from '../names/name-code.ts'

/** The address of the live stage. */
export const STAGE_ADDRESS = '#/live'
const ROOM = /^#\/room\/([^/]+)$/

/** The open room's name, as the address says it; undefined on the list. The browser's back leads from a room to the list. */
export function useOpenRoom(): string | undefined {
  return useSyncExternalStore(subscribe, openRoom)
}

/** Whether the address is that of the live stage. */
export function useStageOpen(): boolean {
  return useSyncExternalStore(subscribe, () => location.hash === STAGE_ADDRESS)
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
