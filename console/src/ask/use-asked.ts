import { useCallback, useEffect, useState } from 'react'
import type { Session } from '../session/session.ts'
import { ask } from './ask.ts'

export interface Asked<T> {
  /** The last answer; it stays while the next one is asked for, and where that does not come. */
  readonly answer: T | undefined
  /** Why the last question was not answered. */
  readonly problem: Error | undefined
  again(): void
}

interface Known<T> {
  readonly path: string | undefined
  readonly answer: T | undefined
  readonly problem: Error | undefined
}

/** What the server answers to `path`, asked again so often while the page is looked at. No path: nothing is asked. */
export function useAsked<T>(session: Session, path: string | undefined, everyMs: number): Asked<T> {
  const [known, setKnown] = useState<Known<T>>({ path, answer: undefined, problem: undefined })
  const [round, setRound] = useState(0)

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new round asks at once
  useEffect(() => {
    if (path === undefined) return
    const stop = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const later = () => {
      timer = setTimeout(() => (document.visibilityState === 'visible' ? void look() : later()), everyMs)
    }
    const look = async () => {
      try {
        const answer = await ask<T>(session, path, stop.signal)
        if (!stop.signal.aborted) setKnown({ path, answer, problem: undefined })
      } catch (error) {
        if (stop.signal.aborted) return
        const problem = error instanceof Error ? error : new Error(String(error))
        setKnown((before) => ({ path, answer: before.path === path ? before.answer : undefined, problem }))
      }
      if (!stop.signal.aborted) later()
    }
    void look()
    return () => {
      stop.abort()
      clearTimeout(timer)
    }
  }, [session, path, everyMs, round])

  const again = useCallback(() => setRound((before) => before + 1), [])
  const isOfPath = known.path === path
  return { answer: isOfPath ? known.answer : undefined, problem: isOfPath ? known.problem : undefined, again }
}
