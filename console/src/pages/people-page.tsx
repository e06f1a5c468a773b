import type { DocumentRow } from '@tidemark/client'
import { useQuery } from '@tidemark/client/react'
import type { ConsoleUser } from '@tidemark/server'
import type { Restricted } from '@tidemark/shared'
import { type FormEvent, useState } from 'react'
import { useActs } from '../acts/acts.tsx'
import { useModeration } from '../acts/use-moderation.ts'
import { useAskedHere } from '../shell/console-context.ts'
import { Skeleton, Stale } from '../shell/notice.tsx'
import { go, hrefOf } from '../shell/route.ts'
import { DataTable, type TableColumn } from '../table/data-table.tsx'
import { counted, moment, span } from '../words/units.ts'
import { useNowMs } from '../words/use-now.ts'
import { ConnectionRows } from './connection-rows.tsx'
import './people-page.css'
import { RestrictForm } from './restrict-form.tsx'

type Row = DocumentRow<Restricted>

/** Who is muted or blocked, and anybody else by name. */
export function PeoplePage({ of: [user] }: { readonly of: readonly string[] }) {
  const { people, mutate } = useModeration()
  const { docs } = useQuery(people.orderBy('atMs', 'desc'))
  const { may, act } = useActs()
  const nowMs = useNowMs()
  const columns: readonly TableColumn<Row>[] = [
    { key: 'user', title: 'User', value: (row) => row.user, cell: (row) => <a href={hrefOf('people', row.user)}>{row.user}</a> },
    {
      key: 'act',
      title: 'Is',
      value: isNow(nowMs),
      cell: (row) => <span className={`tag ${toneOf(row, nowMs)}`}>{isNow(nowMs)(row)}</span>,
    },
    {
      key: 'until',
      title: 'For',
      isTime: true,
      value: (row) => row.untilMs ?? Number.MAX_SAFE_INTEGER,
      cell: (row) => (row.untilMs === undefined ? 'until forgiven' : row.untilMs > nowMs ? `${span(row.untilMs - nowMs)} more` : 'over'),
    },
    { key: 'because', title: 'Because', value: (row) => row.because ?? '', narrow: 'below' },
    { key: 'by', title: 'By', value: (row) => row.by, narrow: 'below' },
    {
      key: 'at',
      title: 'Since',
      isTime: true,
      value: (row) => row.atMs,
      cell: (row) => moment(row.atMs),
      isNumber: true,
      narrow: 'hidden',
    },
  ]
  return (
    <>
      <FindForm />
      {user !== undefined && <Found key={user} user={user} restricted={docs.find((row) => row.user === user)} nowMs={nowMs} />}
      <section className="panel" aria-labelledby="restrict">
        <h2 id="restrict">Mute or block</h2>
        <RestrictForm />
      </section>
      <DataTable
        caption="Who is muted or blocked"
        columns={columns}
        rows={docs}
        keyOf={(row) => row.$id}
        sortedBy={{ key: 'at', descending: true }}
        isChosen={(row) => row.user === user}
        empty={<p>Nobody is muted or blocked.</p>}
        actions={(row) => (
          <button
            type="button"
            className="button quiet"
            disabled={!may}
            aria-label={`Forgive ${row.user}`}
            onClick={() => act(mutate.forgive({ user: row.user }))}
          >
            Forgive
          </button>
        )}
      />
    </>
  )
}

function isNow(nowMs: number): (row: Row) => string {
  return ({ act, untilMs = Number.POSITIVE_INFINITY }) => (untilMs <= nowMs ? `was ${done(act)}` : done(act))
}

function toneOf({ act, untilMs = Number.POSITIVE_INFINITY }: Restricted, nowMs: number): string {
  return untilMs <= nowMs ? '' : act === 'block' ? 'coral' : 'sand'
}

function done(act: Restricted['act']): string {
  return act === 'block' ? 'blocked' : 'muted'
}

function FindForm() {
  const [name, setName] = useState('')
  function submit(event: FormEvent) {
    event.preventDefault()
    if (name.trim() !== '') go('people', name.trim())
  }
  return (
    <form className="row" onSubmit={submit}>
      <label className="people-find">
        <span className="visually-hidden">Find a user</span>
        <input
          className="field"
          type="search"
          placeholder="Find a user by their whole name"
          value={name}
          onChange={(event) => setName(event.target.value)}
          autoCapitalize="none"
          spellCheck={false}
        />
      </label>
      <button type="submit" className="button">
        Find
      </button>
    </form>
  )
}

const USER_EVERY_MS = 5000

interface FoundProps {
  readonly user: string
  readonly restricted: Row | undefined
  readonly nowMs: number
}

function Found({ user, restricted, nowMs }: FoundProps) {
  const [after, setAfter] = useState('')
  const { answer, problem } = useAskedHere<ConsoleUser>(
    `users/${encodeURIComponent(user)}?after=${encodeURIComponent(after)}`,
    USER_EVERY_MS,
  )
  return (
    <section className="panel" aria-labelledby="found">
      <div className="row">
        <h2 id="found">{user}</h2>
        {restricted !== undefined && <span className={`tag ${toneOf(restricted, nowMs)}`}>{isNow(nowMs)(restricted)}</span>}
        <a className="people-close" href={hrefOf('people')}>
          Close
        </a>
      </div>
      <RestrictForm user={user} />
      <Stale problem={problem} />
      {answer === undefined && problem === undefined && <Skeleton label={`Asking for ${user}`} />}
      {answer !== undefined && (
        <>
          <h3>{counted(answer.connections.length, 'connection')} to this server</h3>
          {answer.connections.length > 0 && (
            <ConnectionRows connections={answer.connections} nowMs={nowMs} caption={`Connections of ${user}`} />
          )}
          <h3>{counted(answer.replicas.length, 'device')} on which they wrote</h3>
          <ul className="people-replicas">
            {answer.replicas.map(({ client, n, seenMs }) => (
              <li key={client}>
                <span className="mono">{client}</span>
                <span className="hint">
                  {counted(n, 'mutation')}, the last {span(nowMs - seenMs)} ago
                </span>
              </li>
            ))}
          </ul>
          {answer.next !== undefined && (
            <button type="button" className="button" onClick={() => setAfter(answer.next ?? '')}>
              Look at more devices
            </button>
          )}
        </>
      )}
    </section>
  )
}
