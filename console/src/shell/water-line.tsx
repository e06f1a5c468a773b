import { usePending, useStatus } from '@tidemark/client/react'
import { counted } from '../words/units.ts'
import { useNowMs } from '../words/use-now.ts'
import './water-line.css'

/** How far the copy of the space `moderation` has come, in the language of the app's own: solid when live, dashed when offline, drops for what waits. */
export function WaterLine() {
  const { copy, phase, retryAtMs } = useStatus(({ spaces, phase, retryAtMs }) => ({ copy: spaces.moderation, phase, retryAtMs }))
  const pending = usePending().length
  const nowMs = useNowMs()
  const version = copy?.version ?? 0
  const head = Math.max(copy?.head ?? 0, version)
  const waits = pending === 0 ? '' : ` ${counted(pending, 'act')} will be sent when it is back.`
  const sentence =
    phase === 'offline'
      ? `Offline.${waits}`
      : phase === 'waiting'
        ? `Not connected. Next try in ${Math.max(0, Math.ceil(((retryAtMs ?? nowMs) - nowMs) / 1000))} s.${waits}`
        : phase === 'live'
          ? head > version
            ? 'Catching up.'
            : pending > 0
              ? `${counted(pending, 'act')} on the way.`
              : 'Live.'
          : phase === 'stalled'
            ? 'Nothing moves on the connection; another one is tried.'
            : 'Connecting.'
  const tide =
    phase === 'live'
      ? head > version
        ? 'rising'
        : 'calm'
      : phase === 'offline'
        ? 'dashed'
        : phase === 'waiting' || phase === 'stalled'
          ? 'stalled'
          : 'still'
  return (
    <div className="water-line" data-tide={tide} data-phase={phase} data-testid="water-line">
      <span className="water-line-sentence" role="status">
        {sentence}
      </span>
      <span className="water-line-level">
        <i />
        <span className="digits" title={`version ${version} of the space moderation`}>
          <span className="visually-hidden">Version </span>
          {version}
        </span>
        <i />
      </span>
    </div>
  )
}
