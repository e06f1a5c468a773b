import { useEffect } from 'react'
import { UNREAD_COUNTED_MAX } from './unread.ts'
import type { RoomSummary } from './use-room-summaries.ts'

const APP = 'Tidemark'

/** Keeps the number of unread messages in the title of the window, before the name of the open room. */
export function useUnreadTitle(rooms: readonly RoomSummary[] | undefined, open: string | undefined, reading: string | undefined): void {
  const unread = rooms?.reduce((sum, room) => sum + (room.name === reading ? 0 : room.unread), 0) ?? 0
  const title = open === undefined ? APP : `${open} · ${APP}`
  const count = unread > UNREAD_COUNTED_MAX ? `${UNREAD_COUNTED_MAX}+` : unread
  useEffect(() => {
    document.title = unread === 0 ? title : `(${count}) ${title}`
  }, [title, unread, count])
}
