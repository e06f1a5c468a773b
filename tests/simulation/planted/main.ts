// npm run simulate:planted [-- --only name,name] [--seeds 10000] [--jobs 2]
//
// Plants bugs in the product, one at a time, each in a process of its own, and counts the seeds until the simulation finds it. The last
// line is `N of N planted bugs found`; exit code 0 only when it is all of them.
import { parseArgs } from 'node:util'
import { BUGS, bugNamed } from './bugs.ts'
import { type Hunt, huntAll } from './hunt.ts'

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    seeds: { type: 'string', default: '10000' },
    jobs: { type: 'string', default: '2' },
  },
})

const MESSAGE_CHARACTERS = 110
const names = options.only.split(',').filter((name) => name !== '')
const bugs = names.length === 0 ? BUGS : names.map(bugNamed)

const columns = (cells: readonly string[]) =>
  cells
    .map((cell, at) => cell.padEnd([32, 9, 18, 7, 8][at] ?? 0))
    .join(' ')
    .trimEnd()
const row = ({ bug, end, oracle, seeds, seconds }: Hunt) =>
  columns([bug.name, bug.rule, end === 'found' ? oracle : end.toUpperCase(), String(seeds), seconds.toFixed(1)])

const hunts = await huntAll(bugs, Number(options.seeds), Number(options.jobs), (hunt) => {
  const message = hunt.message.replaceAll('\n', ' ')
  console.log(`${row(hunt)} ${hunt.end === 'broken' ? message : message.slice(0, MESSAGE_CHARACTERS)}`)
})

const found = hunts.filter(({ end }) => end === 'found')
console.log(`\n${columns(['bug', 'rule', 'found by', 'seeds', 'seconds', 'what'])}`)
for (const hunt of [...hunts].sort((a, b) => a.seeds - b.seeds)) console.log(`${row(hunt)} ${hunt.bug.what}`)
console.log(`${found.length} of ${bugs.length} planted bugs found`)
process.exitCode = found.length === bugs.length ? 0 : 1
