import type { WindowState } from '@tidemark/client'
import { useObservable, useStatus } from '@tidemark/client/react'
import { useLiveQuery } from 'dexie-react-hooks'
import { useCallback, useEffect, useRef, useState } from 'react'
import type { MessageRow, Room } from '../replica/demo.ts'

/** Messages shown to who follows the newest, and added each time the reader comes near the oldest: a room of thousands stays fast. */
const PAGE_MESSAGES = 200
/** Of what was paged in, no more than the newest so many are shown. */
const SHOWN_MESSAGES_MAX = 5000
const UNKNOWN: WindowState = { more: false, loading: false, floor: 0 }

/** What lies above the oldest message that is shown. */
export type Older = 'more' | 'loading' | 'failed' | 'full' | 'beginning'

export interface Messages {
  /** By creation, oldest first; undefined until they are read. */
  readonly rows: readonly MessageRow[] | undefined
  readonly older: Older
  readonly showOlder: () => Promise<void>
  /** Whether the reader stands at the newest message. While not, nothing that is shown goes away. */
  readonly follow: (atNewest: boolean) => void
}

/** The newest messages of a room, kept up to date; older ones from this device, then from the server. */
export function useMessages(room: Room): Messages {
  /** Creation version of the oldest shown; undefined while the newest are followed. */
  const [from, setFrom] = useState<number>()
  const { floor, more } = useObservable(room.messages.window$, UNKNOWN)
  const read = useLiveQuery(() => readFrom(room, from, floor), [room, from, floor])
  const oldest = read?.rows[0]?.$b
  const full = (read?.rows.length ?? 0) >= SHOWN_MESSAGES_MAX

  /** The floor below which a page has come: until the floor says so too, there is nothing new to ask for. */
  const paged = useRef<number>(undefined)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another floor, another page
  useEffect(() => {
    paged.current = undefined
  }, [floor])
  const [page, setPage] = useState<'none' | 'under way' | 'failed'>('none')
  const phase = useStatus((status) => status.phase)
  // Back again, it is tried again without a word.
  useEffect(() => {
    if (phase === 'live') setPage((last) => (last === 'failed' ? 'none' : last))
  }, [phase])

  const follow = useCallback((atNewest: boolean) => setFrom((held) => (atNewest ? undefined : (held ?? oldest))), [oldest])
  const hasEarlier = read?.hasEarlier ?? false
  const showOlder = useCallback(async () => {
    if (!hasEarlier) {
      if (paged.current === floor) return
      setPage('under way')
      try {
        await room.messages.older({ limit: PAGE_MESSAGES })
        paged.current = floor
        setPage('none')
      } catch {
        setPage('failed')
      }
      return
    }
    if (oldest === undefined) return
    const earlier = await room.messages.where('$b').between(floor, oldest, false).reverse().limit(PAGE_MESSAGES).toArray()
    setFrom(earlier.at(-1)?.$b ?? oldest)
  }, [room, oldest, hasEarlier, floor])

  return { rows: read?.rows, older: olderOf(), showOlder, follow }

  function olderOf(): Older {
    if (full) return 'full'
    // A page has come and is not read yet: what is above is known in a moment.
    if (read?.floor !== floor) return 'loading'
    if (hasEarlier) return 'more'
    if (!more) return 'beginning'
    return page === 'none' ? 'more' : page === 'failed' ? 'failed' : 'loading'
  }
}

/** From this creation version on, and never from the floor of the window down: below it lie only those that were changed lately, with gaps between. */
async function readFrom(room: Room, from: number | undefined, floor: number) {
  const shown =
    from === undefined ? room.messages.where('$b').above(floor) : room.messages.where('$b').aboveOrEqual(Math.max(from, floor + 1))
  const newestFirst = await shown
    .reverse()
    .limit(from === undefined ? PAGE_MESSAGES : SHOWN_MESSAGES_MAX)
    .toArray()
  const rows = newestFirst.reverse()
  const oldest = rows[0]
  const hasEarlier = oldest !== undefined && (await room.messages.where('$b').between(floor, oldest.$b, false).limit(1).count()) > 0
  return { rows, hasEarlier, floor }
}
