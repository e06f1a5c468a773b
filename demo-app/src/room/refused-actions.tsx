import type { Refused } from '@tidemark/client'
import { useState } from 'react'
import { useWords } from '../words/words.ts'
import './refused-actions.css'

interface Props {
  readonly refused: Refused
  /** Sends it again in another way than as it was. */
  readonly onSendAgain?: () => Promise<void>
}

/** The two ways out of a refusal; nothing that a person wrote goes by itself. */
export function RefusedActions({ refused, onSendAgain }: Props) {
  const words = useWords()
  const [problem, setProblem] = useState<unknown>()

  async function attempt(action: () => Promise<unknown>) {
    try {
      setProblem(undefined)
      await action()
    } catch (error) {
      setProblem(error)
    }
  }

  return (
    <div className="refused-actions">
      <button type="button" className="button quiet" onClick={() => void attempt(onSendAgain ?? (() => refused.retry()))}>
        {words.message.sendAgain}
      </button>
      <button type="button" className="button quiet destructive" onClick={() => void attempt(() => refused.dismiss())}>
        {words.message.discard}
      </button>
      {problem !== undefined && (
        <p className="problem" role="alert">
          {words.problem(problem)}
        </p>
      )}
    </div>
  )
}
