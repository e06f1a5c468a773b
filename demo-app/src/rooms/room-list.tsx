import { useEffect, useRef, useState } from 'react'
import { NetworkSwitch } from '../network/network-switch.tsx'
import { useReplica } from '../replica/replica-context.ts'
import { useUserSpace } from '../replica/use-space.ts'
import { SignOut } from '../session/sign-out.tsx'
import { JoinRoom } from './join-room.tsx'
import { RefusedNotice } from './refused-notice.tsx'
import './room-list.css'
import { RoomListRow } from './room-list-row.tsx'
import { addressOf } from './route.ts'
import { useJoinedRooms } from './use-joined-rooms.ts'

/** Offered to everybody, so that a newcomer has somewhere to go. */
const LOBBY = 'lobby'

/** The rooms of this user; each of them is followed while the list is there. */
export function RoomList({ open }: { readonly open: string | undefined }) {
  const { user } = useReplica()
  const space = useUserSpace()
  const joined = useJoinedRooms()

  const list = useRef<HTMLElement>(null)
  const left = useRef<string>(undefined)
  useEffect(() => {
    // Back from a room, the focus stands where it was left.
    if (open === undefined && left.current !== undefined)
      list.current?.querySelector<HTMLElement>(`a[href="${addressOf(left.current)}"]`)?.focus()
    left.current = open
  }, [open])

  const [problem, setProblem] = useState<string>()
  async function join(room: string) {
    setProblem(undefined)
    location.hash = addressOf(room)
    if (space === undefined || joined?.some((chat) => chat.$id === room)) return
    try {
      await space.mutate.put({ c: 'chats', id: room, doc: { title: room } })
    } catch (error) {
      setProblem(`${room} is not remembered: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  return (
    <nav className="room-list" aria-label="Rooms" ref={list}>
      <header className="room-list-head">
        <h1>
          <img src="/icon.svg" alt="" width="24" height="24" />
          Tidemark
        </h1>
        <SignOut user={user} />
      </header>
      {joined === undefined ? (
        <ul className="room-list-rows" aria-busy="true" aria-label="Reading your rooms">
          <li className="room-list-skeleton" />
          <li className="room-list-skeleton" />
        </ul>
      ) : (
        <ul className="room-list-rows">
          {joined.map((chat) => (
            <RoomListRow key={chat.$id} name={chat.$id} title={chat.title} open={chat.$id === open} />
          ))}
          {!joined.some((chat) => chat.$id === LOBBY) && (
            <li className="room-list-offer">
              <div>
                <strong>{LOBBY}</strong>
                <p className="hint">Open to everybody who has signed in.</p>
              </div>
              <button type="button" className="button" onClick={() => void join(LOBBY)}>
                Join <span className="visually-hidden">{LOBBY}</span>
              </button>
            </li>
          )}
        </ul>
      )}
      <RefusedNotice joined={joined?.map((chat) => chat.$id) ?? []} />
      {problem !== undefined && (
        <p className="problem room-list-problem" role="alert">
          {problem}
        </p>
      )}
      <JoinRoom onJoin={join} />
      <footer className="room-list-foot">
        <NetworkSwitch />
      </footer>
    </nav>
  )
}
