import type { ConsoleOverview } from '@tidemark/server'
import { type ReactNode, useMemo } from 'react'
import { RefusedAnswer } from '../ask/answer.ts'
import { useAsked } from '../ask/use-asked.ts'
import { type Session, signOut } from '../session/session.ts'
import { ConsoleContext } from './console-context.ts'
import { Notice, Skeleton } from './notice.tsx'

/** How often the numbers of the overview come, in ms. */
const OVERVIEW_EVERY_MS = 5000

/** Lets in whom the server does, and says to others why not. */
export function Gate({ session, children }: { readonly session: Session; readonly children: ReactNode }) {
  const { answer, problem, again } = useAsked<ConsoleOverview>(session, 'overview', OVERVIEW_EVERY_MS)
  const found = useMemo(() => answer && { session, overview: answer }, [session, answer])
  const signOutWay = (
    <button type="button" className="button" onClick={signOut}>
      Sign in as somebody else
    </button>
  )
  const againWay = (
    <button type="button" className="button primary" onClick={again}>
      Try again
    </button>
  )

  if (problem instanceof RefusedAnswer && problem.status === 403)
    return (
      <Notice title="This is not for you" ways={signOutWay}>
        {problem.message}
      </Notice>
    )
  if (problem instanceof RefusedAnswer && problem.status === 401)
    return (
      <Notice title="Your token does not count any more" ways={signOutWay}>
        {problem.message}
      </Notice>
    )
  if (problem instanceof RefusedAnswer && problem.status === 404)
    return (
      <Notice title="There is no console here" ways={signOutWay}>
        This server has none: its rules need <code>access.moderation</code>, which says who moderates.
      </Notice>
    )
  if (found !== undefined) return <ConsoleContext.Provider value={found}>{children}</ConsoleContext.Provider>
  if (problem !== undefined)
    return (
      <Notice
        title="The server cannot be reached"
        tone="stalled"
        ways={
          <>
            {againWay}
            {signOutWay}
          </>
        }
      >
        {problem.message} It is asked again by itself.
      </Notice>
    )
  return (
    <main className="gate-opening">
      <Skeleton label="Asking the server" />
    </main>
  )
}
