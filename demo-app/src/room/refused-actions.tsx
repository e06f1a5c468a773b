import type { Refused } from '@tidemark/client'
import { useState } from 'react'
import './refused-actions.css'

interface Props {
  readonly refused: Refused
  /** Sends it again in another way than as it was. */
  readonly onSendAgain?: () => Promise<void>
}

/** The two ways out of a refusal; nothing that a person wrote goes by itself. */
export function RefusedActions({ refused, onSendAgain }: Props) {
  const [problem, setProblem] = useState<string>()

  async function attempt(action: () => Promise<unknown>) {
    try {
      setProblem(undefined)
      await action()
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
    }
  }

  return (
    <div className="refused-actions">
      <button type="button" className="button quiet" onClick={() => void attempt(onSendAgain ?? (() => refused.retry()))}>
        Send again
      </button>
      <button type="button" className="button quiet destructive" onClick={() => void attempt(() => refused.dismiss())}>
        Discard
      </button>
      {problem !== undefined && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
    </div>
  )
}
