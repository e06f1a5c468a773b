// npm run simulate:planted [-- --only name,name] [--open] [--from 1] [--seeds 10000] [--jobs 2]
//
// Plants bugs in the product, one at a time, each in a process of its own, and counts the seeds until the simulation finds it. The last
// line is `N of N planted bugs found`; exit code 0 only when it is all of them.
import { parseArgs } from 'node:util'
import { openBugs } from './bugs/open-bugs.ts'
import { BUGS, bugNamed } from './bugs.ts'
import { type Hunt, huntAll } from './hunt.ts'

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    /** Those that nothing has found yet, in place of the others. */
    open: { type: 'boolean', default: false },
    from: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '10000' },
    jobs: { type: 'string', default: '2' },
  },
})

/** What all of it may take; what is not found by then is missed. */
const MINUTES_MAX = 60
const MESSAGE_CHARACTERS = 160
const names = options.only.split(',').filter((name) => name !== '')
const bugs = names.length > 0 ? names.map(bugNamed) : options.open ? openBugs : BUGS

const WIDTHS = [32, 5, 18, 6, 8]
const columns = (cells: readonly string[]) =>
  cells
    .map((cell, at) => cell.padEnd(WIDTHS[at] ?? 0))
    .join(' ')
    .trimEnd()
const row = ({ bug, end, by, seeds, seconds }: Hunt) =>
  columns([bug.name, bug.rule, end === 'found' ? by : `${end}: ${by}`, String(seeds), seconds.toFixed(1)])

const beganMs = performance.now()
const bounds = { from: Number(options.from), seedsMax: Number(options.seeds), endAtMs: beganMs + MINUTES_MAX * 60_000 }
const hunts = await huntAll(bugs, bounds, Number(options.jobs), (hunt) => {
  const message = hunt.message.replaceAll('\n', ' ')
  console.log(`${row(hunt)} ${hunt.end === 'broken' ? message : message.slice(0, MESSAGE_CHARACTERS)}`)
})

console.log(`\n${columns(['bug', 'rule', 'found by', 'seeds', 'seconds', 'what it does'])}`)
for (const hunt of [...hunts].sort((a, b) => a.seeds - b.seeds)) console.log(`${row(hunt)} ${hunt.bug.what}`)
console.log(`${((performance.now() - beganMs) / 60_000).toFixed(1)} minutes`)
const found = hunts.filter(({ end }) => end === 'found')
console.log(`${found.length} of ${bugs.length} planted bugs found`)
process.exitCode = found.length === bugs.length ? 0 : 1
