// npm run bench:beat [-- --json FILE] [-- --svg FILE] [-- --days N]
//
// Fourteen days for each idle limit, way of cutting and strategy, and a commuter's days, on a clock of its own; docs/beat.md tells more.
// Writes bench/results/beat.json and docs/images/beat.svg. The exit code is 1 where a target is missed.
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { chartOf } from './chart.ts'
import { commuterOf } from './commuter.ts'
import { realDevice } from './real-device.ts'
import { CUTS, DAYS, HOUR_MS, LIMITS_S, type Row, rowOf, STRATEGIES } from './rows.ts'
import { tableOf } from './table.ts'
import { missedTargets } from './targets.ts'

const { values } = parseArgs({ options: { json: { type: 'string' }, svg: { type: 'string' }, days: { type: 'string' } } })
const days = values.days === undefined ? DAYS : Number(values.days)
const file = (name: string) => new URL(`../../${name}`, import.meta.url)

const rows: Row[] = []
for (const cut of CUTS) {
  const lines = LIMITS_S.flatMap((limitS) =>
    STRATEGIES.map((name) => {
      const { row, traffic } = rowOf(name, cut, limitS, days)
      rows.push(row)
      return [`${limitS ?? 'none'}`, row, traffic] as const
    }),
  )
  console.log(`\n${cut}, ${days} days each\n\n${tableOf('limit s', lines)}`)
}
const commuter = STRATEGIES.map((name) => commuterOf(name, days))
console.log(
  `\nA commuter\n\n${tableOf(
    'days',
    commuter.map(({ row, traffic }) => [String(days), row, traffic] as const),
  )}`,
)

console.log('\nThe real client on the real server, in virtual time: an idle hour in the background, after two to learn in\n')
console.log('| limit s | beat s | wake-ups/h | bytes/h | probes in all | losses |\n| --- | --- | --- | --- | --- | --- |')
for (const limitS of [30, 60, 300, 900, Number.POSITIVE_INFINITY]) {
  const { world, path, beatS, probes, lives } = await realDevice({ limitS })
  await world.pass(2 * HOUR_MS)
  const { wakeUps, bytes } = path.radio
  await world.pass(HOUR_MS)
  const cells = [
    Number.isFinite(limitS) ? limitS : 'none',
    beatS(),
    path.radio.wakeUps - wakeUps,
    path.radio.bytes - bytes,
    probes(),
    lives() - 1,
  ]
  console.log(`| ${cells.join(' | ')} |`)
}

await writeFile(
  values.json ?? file('bench/results/beat.json'),
  `${JSON.stringify({ rows, commuter: commuter.map(({ row }) => row) }, undefined, 2)}\n`,
)
await writeFile(values.svg ?? file('docs/images/beat.svg'), chartOf(rows))
const missed = missedTargets(rows)
for (const line of missed) console.error(`missed: ${line}`)
process.exitCode = missed.length === 0 ? 0 : 1
