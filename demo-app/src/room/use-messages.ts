import { useLiveQuery } from 'dexie-react-hooks'
import { useCallback, useState } from 'react'
import type { MessageRow, Room } from '../replica/demo.ts'

/** Messages shown at first, and added by each "Show earlier": a room of thousands stays fast. */
const PAGE_MESSAGES = 200

export interface Messages {
  /** By creation, oldest first; undefined until they are read. */
  readonly rows: readonly MessageRow[] | undefined
  readonly hasEarlier: boolean
  readonly showEarlier: () => void
}

/** The newest messages of a room, kept up to date. */
export function useMessages(room: Room | undefined): Messages {
  const [limit, setLimit] = useState(PAGE_MESSAGES)
  const newestFirst = useLiveQuery(
    async () =>
      await room?.messages
        .orderBy('$b')
        .reverse()
        .limit(limit + 1)
        .toArray(),
    [room, limit],
  )
  const showEarlier = useCallback(() => setLimit((shown) => shown + PAGE_MESSAGES), [])
  return {
    rows: newestFirst?.slice(0, limit).reverse(),
    hasEarlier: newestFirst !== undefined && newestFirst.length > limit,
    showEarlier,
  }
}
