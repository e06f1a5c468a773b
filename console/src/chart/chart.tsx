import { count, span } from '../words/units.ts'
import './chart.css'
import { type Point, pathOf, roundTop } from './scale.ts'

interface Props {
  readonly title: string
  /** Of the numbers, as `connections` or `commits a second`. */
  readonly unit: string
  readonly points: readonly Point[]
  /** What of the time is shown, in ms. */
  readonly spanMs: number
  readonly nowMs: number
  readonly tone?: 'sea' | 'coral' | 'sand'
}

const WIDTH = 320
const HEIGHT = 72

/** A line over time: its axes have units, and who cannot see it is told the last and the highest number. */
export function Chart({ title, unit, points, spanMs, nowMs, tone = 'sea' }: Props) {
  const fromMs = nowMs - spanMs
  const shown = points.filter(({ atMs }) => atMs >= fromMs)
  const highest = Math.max(0, ...shown.map(({ value }) => value))
  const top = roundTop(highest)
  const last = shown.at(-1)
  const line = pathOf(shown, fromMs, nowMs, top, WIDTH, HEIGHT)
  const first = shown[0]
  const x = (atMs: number) => ((atMs - fromMs) / spanMs) * WIDTH
  const label =
    last === undefined
      ? `${title}: nothing was measured yet.`
      : `${title}, over ${span(spanMs)}: now ${written(last.value)}, at most ${written(highest)} ${unit}.`
  return (
    <figure className={`chart chart-${tone}`}>
      <figcaption>
        <span className="chart-title">{title}</span>
        <span className={last === undefined || last.value === 0 ? 'chart-now chart-none digits' : 'chart-now digits'}>
          {last === undefined ? '–' : written(last.value)}
        </span>
        <span className="chart-unit">{unit}</span>
      </figcaption>
      <div className="chart-plot">
        <span className="chart-y digits" aria-hidden="true">
          <span>{count(top)}</span>
          <span>0</span>
        </span>
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
          <path className="chart-grid" d={`M0 0H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 ${HEIGHT}H${WIDTH}`} />
          {first !== undefined && last !== undefined && (
            <path className="chart-area" d={`${line}L${x(last.atMs)} ${HEIGHT}L${x(first.atMs)} ${HEIGHT}Z`} />
          )}
          <path className="chart-line" d={line} />
        </svg>
        <span className="chart-x" aria-hidden="true">
          <span>{span(spanMs)} ago</span>
          <span>now</span>
        </span>
      </div>
    </figure>
  )
}

function written(value: number): string {
  return count(value < 10 ? Math.round(value * 10) / 10 : Math.round(value))
}
