// npm run bench [-- --only mutations|fan-out|lanes|idle|first-sync|watch] [--rounds N] [--tiny] [--json FILE]
//
// Each figure is ours beside its floor: the same work by the bare thing underneath, in rounds that alternate. docs/performance.md tells more.
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { fanOut } from './fan-out.ts'
import { firstSync } from './first-sync.ts'
import { idle } from './idle.ts'
import { lanes } from './lanes.ts'
import type { Figure } from './measure/figure.ts'
import { lineOf, reportOf } from './measure/report.ts'
import { mutations } from './mutations.ts'
import { FULL, type Scale, TINY } from './scale.ts'
import { watch } from './watch.ts'

const BENCHES: Readonly<Record<string, (scale: Scale) => Promise<readonly Figure[]>>> = {
  mutations,
  'fan-out': fanOut,
  lanes,
  idle,
  'first-sync': firstSync,
  watch,
}

const { values } = parseArgs({
  options: { only: { type: 'string' }, rounds: { type: 'string' }, tiny: { type: 'boolean' }, json: { type: 'string' } },
})
const names = values.only === undefined ? Object.keys(BENCHES) : values.only.split(',')
const unknown = names.filter((name) => BENCHES[name] === undefined)
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(', ')}: choose among ${Object.keys(BENCHES).join(', ')}.`)
  process.exit(1)
}
const full = values.tiny ? TINY : FULL
const scale = { ...full, rounds: values.rounds === undefined ? full.rounds : Number(values.rounds) }

const figures: Figure[] = []
for (const name of names) {
  const found = (await BENCHES[name]?.(scale)) ?? []
  figures.push(...found)
  for (const figure of found) console.log(lineOf(figure))
}
if (values.json !== undefined) {
  const command = ['npm run bench', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(' ')
  await writeFile(values.json, `${JSON.stringify(reportOf(command, figures), undefined, 2)}\n`)
}
