// npm run simulate -- --seeds 1000 --from 1 [--until-failure] [--classes a,b] [--without a,b]
import { parseArgs } from 'node:util'
import { FAULT_CLASSES, type FaultClass } from './fault-classes.ts'
import { simulate } from './simulate.ts'

const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    'until-failure': { type: 'boolean', default: false },
    /** Classes that are on in every seed. */
    classes: { type: 'string', default: '' },
    /** Classes that are off in every seed. */
    without: { type: 'string', default: '' },
  },
})

function classesOf(text: string): Set<FaultClass> {
  const names = text.split(',').filter((name) => name !== '')
  const unknown = names.filter((name) => !FAULT_CLASSES.includes(name as FaultClass))
  if (unknown.length > 0) throw new Error(`no fault class is called ${unknown.join(', ')}; there are ${FAULT_CLASSES.join(', ')}`)
  return new Set(names as FaultClass[])
}

const forced = { on: classesOf(options.classes), off: classesOf(options.without) }
const from = Number(options.from)
console.log(`fault classes, each off in half of the seeds: ${FAULT_CLASSES.filter((name) => !forced.off.has(name)).join(', ')}`)

let passed = 0
let failed = 0
let steps = 0
for (let seed = from; seed < from + Number(options.seeds); seed++) {
  const outcome = await simulate(seed, forced)
  steps += outcome.steps
  if (outcome.failures.length === 0) passed++
  else {
    failed++
    console.log(`seed ${seed} failed, with ${[...outcome.classes].join(', ')}`)
    for (const { oracle, message } of outcome.failures.slice(0, 5)) console.log(`  ${oracle}: ${message.slice(0, 500)}`)
    if (options['until-failure']) break
  }
}
const cpuS = process.cpuUsage().user / 1e6
console.log(`${steps} steps, ${((passed + failed) / cpuS).toFixed(1)} seeds per CPU second`)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
