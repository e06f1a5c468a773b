import { type Status, StorageError } from '@tidemark/client'
import { useStatus } from '@tidemark/client/react'
import { useWords } from '../words/words.ts'
import { Blank } from './blank.tsx'
import './room-skeleton.css'

interface Props {
  readonly copy: Status['spaces'][string] | undefined
  /** The device is still reading. */
  readonly loading: boolean
}

/** A room without messages: still coming, out of reach, closed to this user, or truly empty. */
export function RoomBlank({ copy, loading }: Props) {
  const { room: words, storage } = useWords()
  const phase = useStatus((status) => status.phase)
  const denied = copy?.denied
  const arriving = copy === undefined || copy.partial || copy.head > copy.version || (copy.version === 0 && phase !== 'live')
  const unreachable = phase === 'offline' || phase === 'waiting'

  if (denied?.retryable === false) {
    return (
      <Blank title={words.closedTitle} tone="closed">
        {words.closedText}
      </Blank>
    )
  }
  const noRoom = denied instanceof StorageError ? storage.trouble[denied.trouble] : undefined
  if (loading || (arriving && !unreachable && noRoom === undefined)) return <Skeleton />
  if (arriving) {
    return (
      <Blank title={words.absentTitle} tone="absent">
        {noRoom ?? words.absentText}
      </Blank>
    )
  }
  return (
    <Blank title={words.emptyTitle} tone="empty">
      {words.emptyText(copy.version + 1)}
    </Blank>
  )
}

const WIDTHS = ['62%', '40%', '54%', '30%', '46%']

function Skeleton() {
  const words = useWords().room
  return (
    <div className="room-skeleton" role="status" aria-label={words.reading} data-testid="skeleton">
      {WIDTHS.map((width, index) => (
        <span key={width} style={{ width, alignSelf: index % 3 === 1 ? 'flex-end' : 'flex-start' }} />
      ))}
    </div>
  )
}
