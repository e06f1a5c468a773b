import type { ConsoleOverview } from '@tidemark/server'
import { createContext, useContext } from 'react'
import type { Asked } from '../ask/use-asked.ts'
import { useAsked } from '../ask/use-asked.ts'
import type { Session } from '../session/session.ts'

interface ConsoleContext {
  readonly session: Session
  readonly overview: ConsoleOverview
}

export const ConsoleContext = createContext<ConsoleContext | undefined>(undefined)

/** Who looks, and what the server told of itself last. */
export function useConsole(): ConsoleContext {
  const found = useContext(ConsoleContext)
  if (found === undefined) throw new Error('outside of the console')
  return found
}

/** What the server tells this console at `path`, asked again so often. */
export function useAskedHere<T>(path: string | undefined, everyMs: number): Asked<T> {
  return useAsked<T>(useConsole().session, path, everyMs)
}
