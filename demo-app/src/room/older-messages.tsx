import { useStatus } from '../replica/use-status.ts'
import { useWords } from '../words/words.ts'
import './older-messages.css'
import type { Older } from './use-messages.ts'

interface Props {
  readonly older: Older | undefined
  readonly onRetry: () => Promise<void>
}

/** What stands above the oldest message that is shown: more is coming, did not come, or there is no more. */
export function OlderMessages({ older, onRetry }: Props) {
  const words = useWords().room
  const { phase } = useStatus()
  if (older === 'more' || older === 'loading') {
    return (
      <p className="older-messages" role="status" data-older={older}>
        <span className="older-messages-wave" aria-hidden="true" />
        {words.loadingOlder}
      </p>
    )
  }
  if (older === 'failed') {
    return (
      <p className="older-messages" role="status" data-older="failed">
        {phase === 'offline' || phase === 'waiting' ? words.olderOffline : words.olderFailed}
        <button type="button" className="button quiet" onClick={() => void onRetry()}>
          {words.tryAgain}
        </button>
      </p>
    )
  }
  if (older === undefined) return null
  return (
    <p className="older-messages" data-older="beginning">
      {words.beginning}
    </p>
  )
}
