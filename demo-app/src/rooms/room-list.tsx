import { useEffect, useRef, useState } from 'react'
import { idOf, nameOf } from '../names/name-code.ts'
import { NetworkSwitch } from '../network/network-switch.tsx'
import { useReplica, useSpace } from '../replica/hooks.ts'
import { SettingsMenu } from '../settings/settings-menu.tsx'
import { useWords, type Words } from '../words/words.ts'
import { JoinRoom } from './join-room.tsx'
import { LossNotice } from './loss-notice.tsx'
import { RefusedNotice } from './refused-notice.tsx'
import { ResetNotice } from './reset-notice.tsx'
import './room-list.css'
import { RoomListRow } from './room-list-row.tsx'
import { addressOf, STAGE_ADDRESS } from './route.ts'
import { useArrowKeys } from './use-arrow-keys.ts'
import { useRoomSummaries } from './use-room-summaries.ts'
import { useUnreadTitle } from './use-unread-title.ts'

/** Offered to everybody, so that a newcomer has somewhere to go. */
const LOBBY = 'lobby'

interface Props {
  readonly open: string | undefined
  readonly reading: string | undefined
}

/** The rooms of this user; each of them is followed while the list is there. */
export function RoomList({ open, reading }: Props) {
  const words = useWords()
  const { user } = useReplica()
  const own = useSpace(`user:${user}`)
  const rooms = useRoomSummaries(own)
  useUnreadTitle(rooms, open === undefined ? undefined : nameOf(open), reading)

  const list = useRef<HTMLUListElement>(null)
  const onKeyDown = useArrowKeys(list)
  const left = useRef<string>(undefined)
  useEffect(() => {
    // Back from a room, the focus stands where it was left.
    if (open === undefined && left.current !== undefined)
      list.current?.querySelector<HTMLElement>(`a[href="${addressOf(left.current)}"]`)?.focus()
    left.current = open
  }, [open])

  const [problem, setProblem] = useState<(words: Words) => string>()
  async function join(title: string) {
    const room = idOf(title)
    setProblem(undefined)
    location.hash = addressOf(room)
    if (rooms?.some(({ name }) => name === room)) return
    try {
      await own.mutate.join({ room, title })
    } catch (error) {
      setProblem(() => (said: Words) => said.list.notRemembered(title, said.problem(error)))
    }
  }

  const names = rooms?.map(({ name }) => name) ?? []
  const stop = open !== undefined && names.includes(open) ? open : names[0]
  return (
    <nav className="room-list" aria-label={words.list.label}>
      <header className="room-list-head">
        <h1>
          <img src="/icon.svg" alt="" width="24" height="24" />
          Tidemark
        </h1>
        <SettingsMenu user={user} />
      </header>
      <a className="stage-entry always-dark" href={STAGE_ADDRESS}>
        <span className="stage-entry-mark" aria-hidden="true" />
        <strong>{words.stage.title}</strong>
        <span className="stage-entry-text">{words.stage.entry}</span>
      </a>
      {rooms === undefined ? (
        <ul className="room-list-rows" aria-busy="true" aria-label={words.list.reading}>
          <li className="room-list-skeleton" />
          <li className="room-list-skeleton" />
          <li className="room-list-skeleton" />
        </ul>
      ) : (
        <ul className="room-list-rows" ref={list} onKeyDown={onKeyDown}>
          {rooms.length === 0 && <EmptyList />}
          {rooms.map((room) => (
            <RoomListRow
              key={room.name}
              room={room}
              open={room.name === open}
              reading={room.name === reading}
              inTabOrder={room.name === stop}
            />
          ))}
          {!names.includes(LOBBY) && (
            <li className="room-list-offer">
              <div>
                <strong>{LOBBY}</strong>
                <p className="hint">{words.list.lobbyHint}</p>
              </div>
              <button type="button" className={rooms.length === 0 ? 'button primary' : 'button'} onClick={() => void join(LOBBY)}>
                {words.list.join} <span className="visually-hidden">{LOBBY}</span>
              </button>
            </li>
          )}
        </ul>
      )}
      <LossNotice />
      <ResetNotice />
      <RefusedNotice joined={names} />
      {problem !== undefined && (
        <p className="problem room-list-problem" role="alert">
          {problem(words)}
        </p>
      )}
      <JoinRoom onJoin={join} />
      <footer className="room-list-foot">
        <NetworkSwitch />
      </footer>
    </nav>
  )
}

function EmptyList() {
  const words = useWords().list
  return (
    <li className="room-list-empty">
      <svg viewBox="0 0 120 64" aria-hidden="true">
        <path d="M60 8v44" className="room-list-empty-post" />
        <path d="M60 12l26 8-26 8z" />
        <path d="M0 52q15-6 30 0t30 0 30 0 30 0" />
      </svg>
      <strong>{words.emptyTitle}</strong>
      <p>{words.emptyText}</p>
    </li>
  )
}
