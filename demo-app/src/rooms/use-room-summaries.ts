import { useQuery } from '@tidemark/client/react'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { DemoReplica, MessageRow, UserSpace } from '../replica/demo.ts'
import { useReplica } from '../replica/hooks.ts'
import { countUnread } from './unread.ts'

export interface RoomSummary {
  readonly name: string
  readonly title: string
  /** Undefined where there is none, and until it is read. */
  readonly last: MessageRow | undefined
  readonly read: boolean
  readonly unread: number
}

const NONE: readonly MessageRow[] = []

/**
 * The rooms that the user has joined on any device, the latest first; undefined until they are read. Each is followed and watched
 * while the list is there.
 */
export function useRoomSummaries(own: UserSpace): readonly RoomSummary[] | undefined {
  const replica = useReplica()
  const { docs: chats, isLoading } = useQuery(own.chats)
  const [messages, setMessages] = useState<ReadonlyMap<string, readonly MessageRow[]>>(new Map())
  const watched = useRef(new Map<string, () => void>())

  useEffect(() => {
    const names = new Set(chats.map(({ $id }) => $id))
    for (const [name, end] of watched.current) {
      if (names.has(name)) continue
      end()
      watched.current.delete(name)
    }
    for (const name of names) {
      if (watched.current.has(name)) continue
      const tell = (rows: readonly MessageRow[]) => setMessages((all) => new Map(all).set(name, rows))
      watched.current.set(name, watchMessages(replica, name, tell))
    }
  }, [replica, chats])
  useEffect(() => {
    const all = watched.current
    return () => {
      for (const end of all.values()) end()
      all.clear()
    }
  }, [])

  return useMemo(() => {
    if (isLoading) return undefined
    const rooms = chats.map(({ $id, title, joinedAtMs = 0, readTo = 0 }) => {
      const rows = messages.get($id) ?? NONE
      const last = rows.at(-1)
      const latestMs = Math.max(last?.sentAtMs ?? 0, joinedAtMs)
      return { name: $id, title, last, read: messages.has($id), unread: countUnread(rows, readTo, replica.user), latestMs }
    })
    return rooms.sort((a, b) => b.latestMs - a.latestMs)
  }, [chats, isLoading, messages, replica])
}

/** Follows one room and tells what it has, now and after each change. The returned function ends it. */
function watchMessages(replica: DemoReplica, name: string, tell: (rows: readonly MessageRow[]) => void): () => void {
  const room = replica.space(`room:${name}`)
  const watch = room.messages.watch({
    onChange: ({ docs }) => tell(docs),
    // A room that was closed to this user has nothing to show; what became of a closed replica is shown elsewhere.
    onError: () => tell(NONE),
  })
  return () => {
    watch.close()
    room.close()
  }
}
