import type { Result, Traffic } from './rows.ts'

const COLUMNS = [
  ...['strategy', 'reachable %', 'settles at s', 'after h', 'losses', 'beats/d', 'probes/d', 'connects/d', 'wake-ups/d', 'kB/d', 'kJ/d'],
] as const

/** Lines of a table in Markdown, under a name for its first column. */
export function tableOf(first: string, rows: readonly (readonly [name: string, row: Result, traffic: Traffic])[]): string {
  const cells = rows.map(([name, row, traffic]) => [
    name,
    row.strategy,
    (row.reachable * 100).toFixed(2),
    row.settledS?.toFixed(0) ?? 'never',
    row.hoursToSettle?.toFixed(2) ?? '-',
    row.losses,
    row.beatsPerDay.toFixed(0),
    row.probesPerDay.toFixed(1),
    traffic.connectsPerDay.toFixed(1),
    traffic.wakeUpsPerDay.toFixed(0),
    (traffic.bytesPerDay / 1000).toFixed(0),
    (row.joulesPerDay / 1000).toFixed(1),
  ])
  const line = (values: readonly (string | number)[]) => `| ${values.join(' | ')} |`
  const head = [first, ...COLUMNS]
  return [line(head), line(head.map(() => '---')), ...cells.map(line)].join('\n')
}
