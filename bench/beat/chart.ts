import { LIMITS_S, type Row, STRATEGIES, type StrategyName } from './rows.ts'

const WIDTH = 900
const HEIGHT = 340
const PANEL = { top: 56, height: 220, width: 340 }
const COLORS: Readonly<Record<StrategyName, string>> = { adaptive: '#1a8fe3', mars: '#e0662e', fixed25: '#8a8f98', fixed240: '#a77bca' }
const NAMES: Readonly<Record<StrategyName, string>> = { adaptive: 'Tidemark', mars: 'Mars', fixed25: 'fixed 25 s', fixed240: 'fixed 240 s' }

interface Scale {
  readonly title: string
  readonly ticks: readonly number[]
  /** 0 at the bottom to 1 at the top. */
  readonly at: (value: number) => number
  readonly value: (row: Row) => number
}

const REACHABLE: Scale = {
  title: 'reachable, %',
  ticks: [0, 25, 50, 75, 100],
  at: (value) => value / 100,
  value: ({ reachable }) => reachable * 100,
}
const DECADES = [50, 5_000] as const
const BEATS: Scale = {
  title: 'beats and probes a day',
  ticks: [50, 100, 200, 500, 1_000, 2_000, 5_000],
  at: (value) => Math.log(value / DECADES[0]) / Math.log(DECADES[1] / DECADES[0]),
  value: ({ beatsPerDay, probesPerDay }) => Math.max(DECADES[0], beatsPerDay + probesPerDay),
}

/** Two panels over the idle limits, of the rows where connections are dropped without a word. Its grays are read on white and on black. */
export function chartOf(rows: readonly Row[]): string {
  const dropped = rows.filter(({ cut }) => cut === 'drop')
  const legend = STRATEGIES.map((name, at) => {
    const left = 60 + at * 130
    return `<path d="M${left} 13h18" stroke="${COLORS[name]}" stroke-width="4"/><text x="${left + 24}" y="17">${NAMES[name]}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="title" font-family="system-ui, sans-serif" font-size="12" fill="#808080">
<title id="title">How reachable a client is, and how often it beats, by the idle limit of its network</title>
${legend.join('\n')}
${panel(60, REACHABLE, dropped)}
${panel(520, BEATS, dropped)}
</svg>
`
}

function panel(left: number, scale: Scale, rows: readonly Row[]): string {
  const x = (at: number) => round(left + (at * PANEL.width) / (LIMITS_S.length - 1))
  const y = (value: number) => round(PANEL.top + (1 - scale.at(value)) * PANEL.height)
  const bottom = PANEL.top + PANEL.height
  const parts = [`<text x="${left}" y="${PANEL.top - 12}" font-weight="600">${scale.title}</text>`]
  for (const tick of scale.ticks) {
    parts.push(`<path d="M${left} ${y(tick)}h${PANEL.width}" stroke="#808080" stroke-opacity="0.25"/>`)
    parts.push(`<text x="${left - 8}" y="${y(tick) + 4}" text-anchor="end">${tick}</text>`)
  }
  for (const [at, limitS] of LIMITS_S.entries())
    parts.push(`<text x="${x(at)}" y="${bottom + 18}" text-anchor="middle" font-size="10">${limitS ?? '∞'}</text>`)
  parts.push(`<text x="${left + PANEL.width / 2}" y="${bottom + 38}" text-anchor="middle">idle limit, s</text>`)
  for (const name of [...STRATEGIES].reverse()) {
    const points = LIMITS_S.map((limitS, at) => {
      const row = rows.find((one) => one.strategy === name && one.limitS === limitS)
      return `${x(at)},${row ? y(scale.value(row)) : bottom}`
    })
    const width = name === 'adaptive' ? 3 : 2
    parts.push(
      `<polyline points="${points.join(' ')}" fill="none" stroke="${COLORS[name]}" stroke-width="${width}" stroke-linejoin="round"/>`,
    )
  }
  return parts.join('\n')
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
