import { useLiveQuery } from 'dexie-react-hooks'
import { useReplica } from '../replica/replica-context.ts'
import { useRoom } from '../replica/use-space.ts'
import { usePending, useRefused, useStatus } from '../replica/use-status.ts'
import { timeOf } from '../room/time-words.ts'
import { Drops } from '../water-line/drops.tsx'
import { tideOf } from '../water-line/water-level.ts'
import { addressOf } from './route.ts'

interface Props {
  readonly name: string
  readonly title: string
  readonly open: boolean
}

/** One joined room: its last message, how far its copy has come, and what waits or was refused in it. */
export function RoomListRow({ name, title, open }: Props) {
  const { user } = useReplica()
  const room = useRoom(name)
  const status = useStatus()
  const space = `room:${name}`
  const copy = status.spaces[space]
  const pending = usePending().filter((mutation) => mutation.space === space).length
  const refused = useRefused().filter((mutation) => mutation.space === space).length
  const last = useLiveQuery(async () => (await room?.messages.orderBy('$b').reverse().limit(1).toArray())?.[0], [room])
  const version = copy?.version ?? 0
  const tide = tideOf(status.phase, version, copy?.head ?? 0, copy?.denied !== undefined)

  return (
    <li>
      <a className="room-list-row" href={addressOf(name)} aria-current={open ? 'page' : undefined}>
        <span className="room-list-title">{title}</span>
        <span className="room-list-time digits">{last === undefined ? '' : timeOf(last.sentAtMs)}</span>
        <span className="room-list-last">
          {last === undefined ? 'No messages yet' : `${last.author === user ? 'You' : last.author}: ${last.text}`}
        </span>
        <span className="room-list-marks">
          {refused > 0 && <span className="room-list-refused">{refused} refused</span>}
          <Drops count={pending} />
          <span className="room-list-level digits" data-tide={tide} title={`Version ${version}`}>
            <span className="visually-hidden">Version </span>
            {version}
          </span>
        </span>
      </a>
    </li>
  )
}
