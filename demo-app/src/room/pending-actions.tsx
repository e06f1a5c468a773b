import type { Pending } from '@tidemark/client'
import { useWords } from '../words/words.ts'
import { MessageActions } from './message-actions.tsx'

interface Props {
  readonly pending: Pending
  /** It was tried and did not get through: all that waits, waits for it. */
  readonly stuck: boolean
  /** Whether it is asked for. Who comes by keyboard finds it anyway. */
  readonly shown: boolean
}

/** What waits can be tried at once, where trying has failed, and taken back. */
export function PendingActions({ pending, stuck, shown }: Props) {
  const words = useWords().message
  const takeBack = { words: words.takeBack, run: () => pending.dismiss(), destructive: true }
  return (
    <div className="message-pending" data-folded={!(stuck || shown) || undefined}>
      {stuck && <p className="message-tried">{words.tried(pending.attempts, pending.lastError)}</p>}
      <MessageActions actions={stuck ? [{ words: words.tryNow, run: pending.retry }, takeBack] : [takeBack]} />
    </div>
  )
}
