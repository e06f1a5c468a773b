import { useQuery } from '@tidemark/client/react'
import type { ConsoleOverview, ConsoleSpace } from '@tidemark/server'
import type { ReactNode } from 'react'
import { useModeration } from '../acts/use-moderation.ts'
import { Chart } from '../chart/chart.tsx'
import { laneKinds } from '../replica/console-app.ts'
import { useConsole } from '../shell/console-context.ts'
import { hrefOf } from '../shell/route.ts'
import { bytes, count, counted, span } from '../words/units.ts'
import './overview-page.css'

const SPAN_MS = 600_000

export function OverviewPage() {
  const { overview } = useConsole()
  const { nowMs, startedMs, samples, sampleMs, connections, users, lagging, bufferedBytes, busiest } = overview
  const line = (value: (sample: ConsoleOverview['samples'][number]) => number) =>
    samples.map((sample) => ({ atMs: sample.atMs, value: value(sample) }))
  return (
    <>
      <dl className="figures">
        <Figure title="Connections" href={hrefOf('connections')} number={count(connections)} note={`of ${counted(users, 'user')}`} />
        <Figure
          title="Lagging"
          href={hrefOf('connections')}
          number={count(lagging)}
          note={lagging === 0 ? 'all are at the head' : 'have not had all yet'}
          isBad={lagging > 0}
        />
        <Figure
          title="Unsent"
          href={hrefOf('connections')}
          number={bytes(bufferedBytes)}
          note={bufferedBytes === 0 ? 'nothing waits' : 'wait for slow readers'}
        />
        {laneKinds(overview.kinds).length > 0 && <ModerationFigures />}
        <Figure title="Runs for" number={span(nowMs - startedMs)} note="this process" />
      </dl>
      <section className="charts" aria-label="The last ten minutes">
        <Chart title="Connections" unit="open" points={line((sample) => sample.connections)} spanMs={SPAN_MS} nowMs={nowMs} />
        <Chart title="Commits" unit="a second" points={line(({ commits }) => (commits * 1000) / sampleMs)} spanMs={SPAN_MS} nowMs={nowMs} />
        <Chart
          title="Refused"
          unit="a minute"
          points={line(({ refused }) => (refused * 60_000) / sampleMs)}
          spanMs={SPAN_MS}
          nowMs={nowMs}
          tone="coral"
        />
      </section>
      <section className="panel" aria-labelledby="busiest">
        <h2 id="busiest">Busiest spaces</h2>
        {busiest.length === 0 ? (
          <p className="hint">Nothing was committed in the last ten minutes.</p>
        ) : (
          <ul className="tides">
            {busiest.map((space) => (
              <Tide key={space.space} of={space} most={busiest[0]?.commits ?? 1} />
            ))}
          </ul>
        )}
      </section>
    </>
  )
}

function ModerationFigures() {
  const { held, lanes } = useModeration()
  const waiting = useQuery(held.orderBy('atMs', 'asc')).docs.length
  const stopped = useQuery(lanes.where({ stopped: true })).docs.length
  return (
    <>
      <Figure
        title="Held"
        href={hrefOf('held')}
        number={count(waiting)}
        note={waiting === 0 ? 'nothing waits for you' : 'wait for a person'}
        isWaiting={waiting > 0}
      />
      <Figure
        title="Stopped lanes"
        href={hrefOf('lanes')}
        number={count(stopped)}
        note={stopped === 0 ? 'all run' : 'take nothing'}
        isBad={stopped > 0}
      />
    </>
  )
}

interface FigureProps {
  readonly title: string
  readonly number: string
  readonly note: string
  readonly href?: string
  readonly isBad?: boolean
  readonly isWaiting?: boolean
}

function Figure({ title, number, note, href, isBad = false, isWaiting = false }: FigureProps) {
  const tone = isBad ? ' figure-bad' : isWaiting ? ' figure-waiting' : ''
  return (
    <div className={`figure${tone}`}>
      <dt>{href === undefined ? title : <a href={href}>{title}</a>}</dt>
      <dd>
        <span className="figure-number digits">{number}</span>
        <span className="figure-note">{note}</span>
      </dd>
    </div>
  )
}

/** A space as its water line: the number on it, and below it as much water as it moved lately. */
function Tide({ of, most }: { readonly of: ConsoleSpace; readonly most: number }): ReactNode {
  const { space, version, commits, readers } = of
  return (
    <li className="tide">
      <a className="tide-space" href={hrefOf('spaces', space)}>
        {space}
      </a>
      <span className="tide-line">
        <i />
        <span className="digits">
          <span className="visually-hidden">at version </span>
          {version}
        </span>
        <i />
        <meter className="visually-hidden" min={0} max={most} value={commits} aria-label={`commits of ${space} in ten minutes`} />
        <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
          <rect width={Math.max(2, (commits / most) * 100)} height="10" />
        </svg>
      </span>
      <span className="tide-note digits">
        +{count(commits)} in 10 min · {counted(readers, 'reader')}
      </span>
    </li>
  )
}
