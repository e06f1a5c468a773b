import type { WindowState } from '@tidemark/client'
import { useObservable, useQuery, useStatus } from '@tidemark/client/react'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
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
  const { docs, isLoading } = useQuery(room.messages)
  const { first, start } = shownOf(docs, from, floor)
  const rows = useMemo(() => docs.slice(start), [docs, start])
  const oldest = rows[0]?.$b
  const hasEarlier = start > first

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
  const showOlder = useCallback(async () => {
    if (hasEarlier) return setFrom(docs[Math.max(first, start - PAGE_MESSAGES)]?.$b)
    if (paged.current === floor) return
    setPage('under way')
    try {
      await room.messages.older({ limit: PAGE_MESSAGES })
      paged.current = floor
      setPage('none')
    } catch {
      setPage('failed')
    }
  }, [room, docs, first, start, hasEarlier, floor])

  return { rows: isLoading ? undefined : rows, older: olderOf(), showOlder, follow }

  function olderOf(): Older {
    if (rows.length >= SHOWN_MESSAGES_MAX) return 'full'
    if (hasEarlier) return 'more'
    if (!more) return 'beginning'
    return page === 'none' ? 'more' : page === 'failed' ? 'failed' : 'loading'
  }
}

/**
 * Where in a room's messages, which come by creation, those begin that may be shown, and those that are. Below the floor of the window
 * lie only such that were changed lately, with gaps between.
 */
export function shownOf(docs: readonly MessageRow[], from: number | undefined, floor: number): { first: number; start: number } {
  const first = indexOf(docs, floor + 1)
  const start = from === undefined ? docs.length - PAGE_MESSAGES : Math.max(indexOf(docs, from), docs.length - SHOWN_MESSAGES_MAX)
  return { first, start: Math.max(first, start) }
}

/** Of the first document that was created at this version or later. */
function indexOf(docs: readonly MessageRow[], version: number): number {
  let low = 0
  let high = docs.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((docs[middle] as MessageRow).$b < version) low = middle + 1
    else high = middle
  }
  return low
}
