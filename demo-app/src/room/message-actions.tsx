import { useState } from 'react'
import { useWords } from '../words/words.ts'
import './message-actions.css'

interface Action {
  readonly words: string
  readonly run: () => unknown
  readonly destructive?: boolean
}

/** What can be done about a message, and what went wrong with it. */
export function MessageActions({ actions }: { readonly actions: readonly Action[] }) {
  const words = useWords()
  const [problem, setProblem] = useState<unknown>()

  async function attempt(run: Action['run']) {
    try {
      setProblem(undefined)
      await run()
    } catch (error) {
      setProblem(error)
    }
  }

  return (
    <div className="message-actions">
      {actions.map((action) => (
        <button
          key={action.words}
          type="button"
          className={action.destructive ? 'button quiet destructive' : 'button quiet'}
          onClick={() => void attempt(action.run)}
        >
          {action.words}
        </button>
      ))}
      {problem !== undefined && (
        <p className="problem" role="alert">
          {words.problem(problem)}
        </p>
      )}
    </div>
  )
}
