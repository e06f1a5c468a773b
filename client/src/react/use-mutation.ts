import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { Sent } from '../replica-api.ts'

/** What became of the last run. */
export type MutationProgress =
  | { readonly state: 'idle'; readonly sent: undefined; readonly error: undefined }
  /** Being saved on this device. */
  | { readonly state: 'saving'; readonly sent: undefined; readonly error: undefined }
  /** Saved on this device and visible; the server has not answered. Stays so while offline. */
  | { readonly state: 'pending'; readonly sent: Sent; readonly error: undefined }
  | { readonly state: 'confirmed'; readonly sent: Sent; readonly error: undefined }
  /** Without `sent`: nothing was saved. With it: the server refused it, and it is among the refused; or somebody took it back. */
  | { readonly state: 'failed'; readonly sent: Sent | undefined; readonly error: Error }

export type Mutation<Args extends readonly unknown[]> = MutationProgress & {
  /** As the mutator itself. A rejection that nobody looks at is no unhandled one: `error` has it. The same function for the same mutator. */
  readonly run: (...args: Args) => Promise<Sent>
  /** Back to `idle`. What was sent goes on. */
  readonly reset: () => void
}

const IDLE: MutationProgress = { state: 'idle', sent: undefined, error: undefined }

/** A mutator, and what became of its last run from this component. */
export function useMutation<Args extends readonly unknown[]>(mutate: (...args: Args) => Promise<Sent>): Mutation<Args> {
  const [progress, setProgress] = useState(IDLE)
  /** The run whose progress is shown; none where nothing is mounted. */
  const shown = useRef<object>(undefined)
  useEffect(
    () => () => {
      shown.current = undefined
    },
    [],
  )
  const run = useCallback(
    (...args: Args) => {
      const me = {}
      shown.current = me
      const tell = (next: MutationProgress) => {
        if (shown.current === me) setProgress(next)
      }
      tell({ state: 'saving', sent: undefined, error: undefined })
      const made = mutate(...args)
      void follow(made, tell)
      return made
    },
    [mutate],
  )
  const reset = useCallback(() => {
    shown.current = undefined
    setProgress(IDLE)
  }, [])
  return useMemo(() => ({ ...progress, run, reset }), [progress, run, reset])
}

async function follow(made: Promise<Sent>, tell: (progress: MutationProgress) => void): Promise<void> {
  let sent: Sent | undefined
  try {
    sent = await made
    tell({ state: 'pending', sent, error: undefined })
    await sent.confirmed
    tell({ state: 'confirmed', sent, error: undefined })
  } catch (error) {
    tell({ state: 'failed', sent, error: error as Error })
  }
}
