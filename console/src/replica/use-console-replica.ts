import type { ConsoleOverview } from '@tidemark/server'
import { useEffect, useState } from 'react'
import type { Session } from '../session/session.ts'
import type { ConsoleReplica } from './hooks.ts'
import { openConsoleReplica } from './open-console-replica.ts'

/** The replica, once it is open; opened anew only where the user or the app's lanes are others. Throws what keeps it from opening. */
export function useConsoleReplica(session: Session, overview: ConsoleOverview): ConsoleReplica | undefined {
  const [opened, setOpened] = useState<{ readonly replica?: ConsoleReplica; readonly problem?: unknown }>({})
  const of = JSON.stringify([overview.tenant, overview.user, overview.kinds])

  // biome-ignore lint/correctness/useExhaustiveDependencies: of the overview, what `of` holds
  useEffect(() => {
    let isOver = false
    const opening = openConsoleReplica(session, overview)
    opening.then(
      (replica) => !isOver && setOpened({ replica }),
      (problem: unknown) => !isOver && setOpened({ problem }),
    )
    return () => {
      isOver = true
      setOpened({})
      void opening.then((replica) => replica.close()).catch(() => {})
    }
  }, [session, of])

  if ('problem' in opened) throw opened.problem
  return opened.replica
}
