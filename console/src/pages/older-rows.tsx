import type { Older, WindowState } from '@tidemark/client'
import { useObservable } from '@tidemark/client/react'
import { useState } from 'react'

interface Windowed {
  readonly window$: Parameters<typeof useObservable<WindowState>>[0]
  older(): Promise<Older>
}

const NOTHING: WindowState = { more: false, loading: false, floor: 0 }

/** A device begins with the newest of a long list; this brings more. */
export function OlderRows({ of, what }: { readonly of: Windowed; readonly what: string }) {
  const { more, loading } = useObservable(of.window$, NOTHING)
  const [problem, setProblem] = useState<string>()
  if (!more) return null
  return (
    <p className="row">
      <button
        type="button"
        className="button"
        disabled={loading}
        onClick={() => {
          setProblem(undefined)
          of.older().catch((error: unknown) => setProblem(error instanceof Error ? error.message : String(error)))
        }}
      >
        {loading ? 'Reading' : `Older ${what}`}
      </button>
      {problem !== undefined && <span className="problem">{problem}</span>}
    </p>
  )
}
