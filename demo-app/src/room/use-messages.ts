import { useLiveQuery } from 'dexie-react-hooks'
import { useCallback, useState } from 'react'
import type { MessageRow, Room } from '../replica/demo.ts'

/** Messages shown to who follows the newest, and added each time the reader comes near the oldest: a room of thousands stays fast. */
const PAGE_MESSAGES = 200
/** Of what was paged in, no more than the newest so many are shown. */
const SHOWN_MESSAGES_MAX = 5000

/** What lies above the oldest message that is shown. */
export type Older = 'more' | 'loading' | 'failed' | 'beginning'

export interface Messages {
  /** By creation, oldest first; undefined until they are read. */
  readonly rows: readonly MessageRow[] | undefined
  readonly older: Older
  readonly showOlder: () => Promise<void>
  /** Whether the reader stands at the newest message. While not, nothing that is shown goes away. */
  readonly follow: (atNewest: boolean) => void
}

/** The newest messages of a room, kept up to date. */
export function useMessages(room: Room | undefined): Messages {
  /** Creation version of the oldest shown; undefined while the newest are followed. */
  const [floor, setFloor] = useState<number>()
  const read = useLiveQuery(async () => room && (await readFrom(room, floor)), [room, floor])
  const oldest = read?.rows[0]?.$b

  const follow = useCallback((atNewest: boolean) => setFloor((held) => (atNewest ? undefined : (held ?? oldest))), [oldest])
  const showOlder = useCallback(async () => {
    if (room === undefined || oldest === undefined) return
    const earlier = await room.messages.where('$b').below(oldest).reverse().limit(PAGE_MESSAGES).toArray()
    setFloor(earlier.at(-1)?.$b ?? oldest)
  }, [room, oldest])

  return { rows: read?.rows, older: read?.hasEarlier ? 'more' : 'beginning', showOlder, follow }
}

async function readFrom(room: Room, floor: number | undefined) {
  const shown = floor === undefined ? room.messages.orderBy('$b') : room.messages.where('$b').aboveOrEqual(floor)
  const newestFirst = await shown
    .reverse()
    .limit(floor === undefined ? PAGE_MESSAGES : SHOWN_MESSAGES_MAX)
    .toArray()
  const rows = newestFirst.reverse()
  const oldest = rows[0]
  const hasEarlier = oldest !== undefined && (await room.messages.where('$b').below(oldest.$b).limit(1).count()) > 0
  return { rows, hasEarlier }
}
