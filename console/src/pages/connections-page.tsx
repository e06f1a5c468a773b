import type { ConnectionState, ConsoleConnections } from '@tidemark/server'
import { useState } from 'react'
import { ask } from '../ask/ask.ts'
import { useAskedHere, useConsole } from '../shell/console-context.ts'
import { Skeleton, Stale } from '../shell/notice.tsx'
import { count } from '../words/units.ts'
import { ConnectionRows } from './connection-rows.tsx'

const EVERY_MS = 5000

/** All connections of the tenant to this server, page by page. */
export function ConnectionsPage() {
  const { session } = useConsole()
  const { answer, problem } = useAskedHere<ConsoleConnections>('connections', EVERY_MS)
  /** Of the pages after the first, which is asked for again by itself. */
  const [more, setMore] = useState<{ readonly connections: readonly ConnectionState[]; readonly next: number | undefined }>()
  const [trouble, setTrouble] = useState<Error>()
  if (answer === undefined) return problem === undefined ? <Skeleton label="Asking for connections" /> : <Stale problem={problem} />

  const next = more === undefined ? answer.next : more.next
  const all =
    more === undefined ? answer.connections : [...answer.connections, ...more.connections.filter(({ id }) => id > (answer.next ?? 0))]
  async function page() {
    try {
      const { connections, next: after } = await ask<ConsoleConnections>(session, `connections?after=${next}`)
      setMore({ connections: [...(more?.connections ?? []), ...connections], next: after })
      setTrouble(undefined)
    } catch (error) {
      setTrouble(error instanceof Error ? error : new Error(String(error)))
    }
  }
  return (
    <>
      <Stale problem={problem ?? trouble} />
      <ConnectionRows connections={all} nowMs={answer.nowMs} caption="Connections" />
      {next !== undefined && (
        <p className="row">
          <button type="button" className="button" onClick={() => void page()}>
            More of {count(answer.total)}
          </button>
        </p>
      )}
    </>
  )
}
