import type { Refused } from '@tidemark/client'
import { useWords } from '../words/words.ts'
import { MessageActions } from './message-actions.tsx'

interface Props {
  readonly refused: Refused
  /** Sends it again in another way than as it was. */
  readonly onSendAgain?: () => Promise<void>
}

/** The two ways out of a refusal; nothing that a person wrote goes by itself. */
export function RefusedActions({ refused, onSendAgain = () => refused.retry().then(() => undefined) }: Props) {
  const words = useWords().message
  return (
    <MessageActions
      actions={[
        { words: words.sendAgain, run: onSendAgain },
        { words: words.discard, run: () => refused.dismiss(), destructive: true },
      ]}
    />
  )
}
