import type { ConsoleLimits, ConsoleRefused, Refusal } from '@tidemark/server'
import { useAskedHere, useConsole } from '../shell/console-context.ts'
import { Skeleton, Stale } from '../shell/notice.tsx'
import { hrefOf } from '../shell/route.ts'
import { DataTable, type TableColumn } from '../table/data-table.tsx'
import { asWords, count, inUnit, span } from '../words/units.ts'
import './refused-page.css'

const REFUSED_EVERY_MS = 5000
const LIMITS_EVERY_MS = 600_000

/** What was refused of late, and the limits in force. */
export function RefusedPage() {
  const refused = useAskedHere<ConsoleRefused>('refused', REFUSED_EVERY_MS)
  return (
    <>
      <Stale problem={refused.problem} />
      {refused.answer === undefined && refused.problem === undefined && <Skeleton label="Asking for what was refused" />}
      {refused.answer !== undefined && <RefusedRows of={refused.answer} />}
      <Limits />
    </>
  )
}

function RefusedRows({ of: { nowMs, keptMax, refused } }: { readonly of: ConsoleRefused }) {
  const columns: readonly TableColumn<Refusal>[] = [
    { key: 'at', title: 'Ago', isTime: true, isNumber: true, value: ({ atMs }) => nowMs - atMs, cell: ({ atMs }) => span(nowMs - atMs) },
    { key: 'code', title: 'Code', value: ({ code }) => code, cell: ({ code }) => <span className="tag coral">{code}</span> },
    { key: 'user', title: 'User', value: ({ user }) => user, cell: ({ user }) => <a href={hrefOf('people', user)}>{user}</a> },
    { key: 'what', title: 'What', value: ({ name, space }) => [name, space].filter(Boolean).join(' in '), narrow: 'below' },
    { key: 'message', title: 'Why', value: ({ message }) => message, narrow: 'below' },
  ]
  return (
    <DataTable
      caption="What was refused"
      columns={columns}
      rows={refused}
      keyOf={(one) => `${one.atMs} ${one.user} ${refused.indexOf(one)}`}
      sortedBy={{ key: 'at', descending: false }}
      empty={
        <>
          <p>Nothing was refused since this process runs.</p>
          <p className="hint">The last {count(keptMax)} are kept here; /metrics counts all of them.</p>
        </>
      }
    />
  )
}

const PARTS: Readonly<Record<string, string>> = {
  gateway: 'Live connections',
  http: 'Requests',
  says: 'What one user says',
  server: 'The process',
  lanes: 'Lanes: what may be chosen',
  protocol: 'The protocol',
}

function Limits() {
  const { overview } = useConsole()
  const { answer, problem } = useAskedHere<ConsoleLimits>('limits', LIMITS_EVERY_MS)
  const lanes = Object.entries(overview.kinds).flatMap(([kind, { lanes }]) =>
    Object.entries(lanes).map(([name, { tickMs, cap, ring }]) => ({ name: `${kind} ${name}`, limits: { tickMs, cap, ring } })),
  )
  return (
    <section className="limits" aria-labelledby="limits">
      <h2 id="limits">Limits in force</h2>
      <Stale problem={problem} />
      <div className="limits-groups">
        {[...lanes.map((lane) => ({ ...lane, name: `Lane ${lane.name}, as defined` })), ...(answer?.groups ?? [])].map(
          ({ name, limits }) => (
            <details key={name} className="panel" open={name.startsWith('Lane ')}>
              <summary>
                {PARTS[name] ?? name} <span className="hint digits">{count(Object.keys(limits).length)}</span>
              </summary>
              <dl>
                {Object.entries(limits).map(([limit, number]) => (
                  <div key={limit}>
                    <dt title={limit}>{asWords(limit)}</dt>
                    <dd className="digits">{inUnit(limit, number)}</dd>
                  </div>
                ))}
              </dl>
            </details>
          ),
        )}
      </div>
    </section>
  )
}
