import { usePending, useRefused, useStatus } from '@tidemark/client/react'
import { nameOf } from '../names/name-code.ts'
import { useReplica } from '../replica/hooks.ts'
import { StateMark } from '../room/state-mark.tsx'
import { shortTime } from '../room/time-words.ts'
import { Drops } from '../water-line/drops.tsx'
import { tideOf } from '../water-line/water-level.ts'
import { useWords } from '../words/words.ts'
import { addressOf } from './route.ts'
import { UNREAD_COUNTED_MAX } from './unread.ts'
import type { RoomSummary } from './use-room-summaries.ts'

interface Props {
  readonly room: RoomSummary
  readonly open: boolean
  /** Its newest message is in sight: what comes is read at once. */
  readonly reading: boolean
  /** Of all rows one is in the order of tabs; the arrow keys lead to the others. */
  readonly inTabOrder: boolean
}

/** One joined room: its last message, what is unread, how far its copy has come, and what waits or was refused in it. */
export function RoomListRow({ room: { name, title, last, read, unread }, open, reading, inTabOrder }: Props) {
  const words = useWords()
  const { user } = useReplica()
  const space = `room:${name}`
  const { version, tide } = useStatus(({ phase, spaces, storage }) => {
    const { version = 0, head = 0, denied } = spaces[space] ?? {}
    return { version, tide: tideOf(phase, version, head, denied !== undefined || storage.error !== undefined) }
  })
  const pending = usePending((mutation) => mutation.space === space).length
  const refused = useRefused((mutation) => mutation.space === space).length
  const shown = reading ? 0 : unread
  const own = last?.author === user

  return (
    <li>
      <a
        className="room-list-row"
        href={addressOf(name)}
        aria-current={open ? 'page' : undefined}
        data-unread={shown > 0 || undefined}
        tabIndex={inTabOrder ? undefined : -1}
      >
        <span className="room-list-title">{title}</span>
        <span className="room-list-time digits">{last === undefined ? '' : shortTime(last.sentAtMs, Date.now(), words)}</span>
        <span className="room-list-last">
          {last === undefined ? (
            read && words.list.noMessages
          ) : (
            <>
              {own && <StateMark state={last.$p === 1 ? 'pending' : 'confirmed'} />}
              <span className="room-list-author">{own ? words.list.you : nameOf(last.author)}: </span>
              {last.text}
            </>
          )}
        </span>
        <span className="room-list-marks">
          {refused > 0 && <span className="room-list-refused">{words.list.refused(refused)}</span>}
          <Drops count={pending} />
          {shown > 0 && <Unread count={shown} />}
          <span className="room-list-level digits" data-tide={tide} title={`${words.waterLine.version} ${version}`}>
            <span className="visually-hidden">{words.waterLine.version} </span>
            {version}
          </span>
        </span>
      </a>
    </li>
  )
}

function Unread({ count }: { readonly count: number }) {
  const words = useWords().list
  const more = count > UNREAD_COUNTED_MAX
  const counted = more ? UNREAD_COUNTED_MAX : count
  return (
    <span className="room-list-unread digits" data-testid="unread">
      <span aria-hidden="true">{more ? `${counted}+` : counted}</span>
      <span className="visually-hidden">{words.unread(counted, more)}</span>
    </span>
  )
}
