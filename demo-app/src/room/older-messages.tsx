import { useStatus } from '@tidemark/client/react'
import { useWords } from '../words/words.ts'
import './older-messages.css'
import type { Older } from './use-messages.ts'

interface Props {
  /** Undefined while it is not known. */
  readonly older: Older | undefined
  readonly onRetry: () => Promise<void>
}

/** What stands above the oldest message that is shown: more is coming, did not come, or there is no more. */
export function OlderMessages({ older, onRetry }: Props) {
  const words = useWords().room
  const phase = useStatus((status) => status.phase)
  if (older === undefined) return null
  const away = phase === 'offline' || phase === 'waiting'
  return (
    <p className="older-messages" role={older === 'beginning' ? undefined : 'status'} data-older={older} data-testid="older">
      {(older === 'more' || older === 'loading') && <span className="older-messages-wave" aria-hidden="true" />}
      {older === 'failed' ? (away ? words.olderOffline : words.olderFailed) : words.older[older]}
      {older === 'failed' && !away && (
        <button type="button" className="button quiet" onClick={() => void onRetry()}>
          {words.tryAgain}
        </button>
      )}
    </p>
  )
}
