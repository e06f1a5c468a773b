import { liveQuery } from 'dexie'
import { useLiveQuery } from 'dexie-react-hooks'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { DemoReplica, MessageRow, UserSpace } from '../replica/demo.ts'
import { useReplica } from '../replica/hooks.ts'
import { countUnread } from './unread.ts'

export interface RoomSummary {
  readonly name: string
  readonly title: string
  readonly last: MessageRow | undefined
  readonly unread: number
}

type Found = Pick<RoomSummary, 'last' | 'unread'>

/**
 * The rooms that the user has joined on any device, the latest first; undefined until they are read. Each is followed while
 * the list is there, and read anew only when something in it changes.
 */
export function useRoomSummaries(own: UserSpace): readonly RoomSummary[] | undefined {
  const replica = useReplica()
  const chats = useLiveQuery(() => own.chats.toArray(), [own])
  const [found, setFound] = useState<ReadonlyMap<string, Found>>(new Map())
  const watched = useRef(new Map<string, () => void>())

  useEffect(() => {
    if (chats === undefined) return
    const names = new Set(chats.map(({ $id }) => $id))
    for (const [name, end] of watched.current) {
      if (names.has(name)) continue
      end()
      watched.current.delete(name)
    }
    for (const name of names) {
      if (watched.current.has(name)) continue
      const tell = (one: Found) => setFound((all) => new Map(all).set(name, one))
      watched.current.set(name, watch(replica, own, name, tell))
    }
  }, [replica, own, chats])
  useEffect(() => {
    const all = watched.current
    return () => {
      for (const end of all.values()) end()
      all.clear()
    }
  }, [])

  return useMemo(() => {
    const rooms = chats?.map(({ $id, title, joinedAtMs = 0 }) => {
      const { last, unread } = found.get($id) ?? { last: undefined, unread: 0 }
      return { name: $id, title, last, unread, latestMs: Math.max(last?.sentAtMs ?? 0, joinedAtMs) }
    })
    return rooms?.sort((a, b) => b.latestMs - a.latestMs)
  }, [chats, found])
}

/** Follows one room and tells what its row shows, now and after each change. The returned function ends it. */
function watch(replica: DemoReplica, own: UserSpace, name: string, tell: (found: Found) => void): () => void {
  const room = replica.space(`room:${name}`)
  const summaries = liveQuery(async () => {
    const chat = await own.chats.get(name)
    const [last] = await room.messages.orderBy('$b').reverse().limit(1).toArray()
    return { last, unread: await countUnread(room, chat?.readTo ?? 0, replica.user) }
  })
  const subscription = summaries.subscribe(tell)
  return () => {
    subscription.unsubscribe()
    room.close()
  }
}
