import { useDocument } from '@tidemark/client/react'
import { useEffect, useRef } from 'react'
import type { MessageRow, UserSpace } from '../replica/demo.ts'
import { newlyRead } from './unread.ts'

/** What comes within this time moves the marker once, in ms. */
const ONE_MOVE_WITHIN_MS = 600

interface Props {
  readonly own: UserSpace
  readonly room: string
  readonly rows: readonly MessageRow[] | undefined
  readonly reading: boolean
  readonly user: string
}

/**
 * Moves the read marker of a room while its reader has the newest message in sight (`reading`); offline too, for the user's
 * other devices to learn later. Returns the marker as it was when the room was opened: null where there was none, undefined
 * until it is read.
 */
export function useReadMarker({ own, room, rows, reading, user }: Props): number | null | undefined {
  const { doc: chat, isLoading } = useDocument(own.chats.doc(room))
  const to = reading && rows && chat ? newlyRead(rows, chat.readTo ?? 0, user) : undefined
  const due = useRef<{ readonly timer: number; readonly move: () => void }>(undefined)
  const latest = useRef(to)
  latest.current = to ?? latest.current

  useEffect(() => {
    if (to === undefined || due.current !== undefined) return
    const move = () => {
      due.current = undefined
      // A marker that could not be moved now is moved with the next message; nothing is lost by it.
      if (latest.current !== undefined) void own.mutate.markRead({ room, to: latest.current }).catch(() => undefined)
    }
    due.current = { move, timer: window.setTimeout(move, ONE_MOVE_WITHIN_MS) }
  }, [own, room, to])
  useEffect(
    () => () => {
      // What was in sight was read, also by who leaves at once.
      if (due.current === undefined) return
      clearTimeout(due.current.timer)
      due.current.move()
    },
    [],
  )

  const opened = useRef<number | null>(undefined)
  if (!isLoading && opened.current === undefined) opened.current = chat?.readTo ?? null
  return opened.current
}
