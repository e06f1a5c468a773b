import type { Status } from '@tidemark/client'
import { useStatus } from '../replica/use-status.ts'
import './room-blank.css'

interface Props {
  readonly copy: Status['spaces'][string] | undefined
  /** The device is still reading. */
  readonly loading: boolean
}

/** A room without messages: still coming, out of reach, closed to this user, or truly empty. */
export function RoomBlank({ copy, loading }: Props) {
  const { phase } = useStatus()
  const arriving = copy === undefined || copy.partial || copy.head > copy.version || (copy.version === 0 && phase !== 'live')
  const unreachable = phase === 'offline' || phase === 'waiting'

  if (copy?.denied !== undefined) {
    return (
      <Words title="This room is closed to you">{copy.denied.message} What you wrote here stays on this device until you discard it.</Words>
    )
  }
  if (loading || (arriving && !unreachable)) return <Skeleton />
  if (arriving) {
    return (
      <Words title="This room is not on this device yet">It comes when there is a connection. You can write already; it waits here.</Words>
    )
  }
  return <Words title="Nothing was said here yet">Write the first message. It becomes version {copy.version + 1} of this room.</Words>
}

function Words({ title, children }: { readonly title: string; readonly children: React.ReactNode }) {
  return (
    <div className="room-blank">
      <svg viewBox="0 0 120 48" aria-hidden="true">
        <path d="M0 24q15-6 30 0t30 0 30 0 30 0" />
        <path className="room-blank-deep" d="M15 38q11-4 22 0t22 0 22 0 22 0" />
      </svg>
      <h3>{title}</h3>
      <p>{children}</p>
    </div>
  )
}

const WIDTHS = ['62%', '40%', '54%', '30%', '46%']

function Skeleton() {
  return (
    <div className="room-skeleton" role="status" aria-label="Reading the room" data-testid="skeleton">
      {WIDTHS.map((width, index) => (
        <span key={width} style={{ width, alignSelf: index % 3 === 1 ? 'flex-end' : 'flex-start' }} />
      ))}
    </div>
  )
}
