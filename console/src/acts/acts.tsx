import type { Sent } from '@tidemark/client'
import { useRefused } from '@tidemark/client/react'
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from 'react'
import { actBegins } from './act-words.ts'
import './acts.css'

interface Acts {
  /** False for who may look, and not act. */
  readonly may: boolean
  /** Does it; shows why, where it cannot even be begun here. What the server refuses is shown below, whatever page is looked at. */
  act(made: Promise<Sent>): void
}

const ActsContext = createContext<Acts>({ may: false, act: () => {} })

export function useActs(): Acts {
  return useContext(ActsContext)
}

/** Takes the acts of all pages, and tells which came to nothing. */
export function ActsProvider({ may, children }: { readonly may: boolean; readonly children: ReactNode }) {
  const [problem, setProblem] = useState<string>()
  const act = useCallback((made: Promise<Sent>) => {
    setProblem(undefined)
    made.then(
      ({ confirmed }) => confirmed.catch(() => {}),
      (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)),
    )
  }, [])
  const acts = useMemo(() => ({ may, act }), [may, act])
  return (
    <ActsContext.Provider value={acts}>
      {children}
      <div className="acts" role="alert">
        {problem !== undefined && (
          <p className="act-refused">
            <span>Nothing was done. {problem}</span>
            <button type="button" className="button quiet" onClick={() => setProblem(undefined)}>
              Close
            </button>
          </p>
        )}
        <RefusedActs />
      </div>
    </ActsContext.Provider>
  )
}

/** Shown at once; past them only how many more there are. */
const SHOWN_MAX = 3

function RefusedActs() {
  const refused = useRefused()
  return (
    <>
      {refused.slice(0, SHOWN_MAX).map((mutation) => (
        <p className="act-refused" key={mutation.n}>
          <span>
            <strong>{actBegins(mutation.name)}</strong> was refused. {mutation.error.message}
          </span>
          <button type="button" className="button quiet" onClick={() => void mutation.retry()}>
            Try again
          </button>
          <button type="button" className="button quiet destructive" onClick={() => void mutation.dismiss()}>
            Dismiss
          </button>
        </p>
      ))}
      {refused.length > SHOWN_MAX && <p className="act-refused">and {refused.length - SHOWN_MAX} more</p>}
    </>
  )
}
