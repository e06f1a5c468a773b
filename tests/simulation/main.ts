// npm run simulate -- --seeds 1000 --from 1 [--tier 1|2] [--until-failure] [--classes a,b] [--without a,b] [--replay FILE]
import { parseArgs } from 'node:util'
import { CLASSES_TO_COME, FAULT_CLASS_NAMES, type FaultClass, WAITING } from './fault-classes.ts'
import { simulate, TIERS, type Tier } from './simulate.ts'

const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    /** What keeps the devices' data: 1 memory, 2 Dexie on IndexedDB. */
    tier: { type: 'string', default: '1' },
    'until-failure': { type: 'boolean', default: false },
    /** Classes that are on in every seed. */
    classes: { type: 'string', default: '' },
    /** Classes that are off in every seed. */
    without: { type: 'string', default: '' },
  },
})

function classesOf(text: string): Set<FaultClass> {
  const names = text.split(',').filter((name) => name !== '')
  const unknown = names.filter((name) => !FAULT_CLASS_NAMES.includes(name as FaultClass))
  if (unknown.length > 0) throw new Error(`no fault class is called ${unknown.join(', ')}; there are ${FAULT_CLASS_NAMES.join(', ')}`)
  return new Set(names as FaultClass[])
}

const all = options.without === 'all'
const forced = { on: classesOf(options.classes), off: all ? new Set(FAULT_CLASS_NAMES) : classesOf(options.without) }
const from = Number(options.from)
const tier = Number(options.tier) as Tier
if (!(tier in TIERS)) throw new Error(`there is no tier ${options.tier}: 1 or 2`)
const on = FAULT_CLASS_NAMES.filter((name) => !forced.off.has(name) && (!WAITING.has(name) || forced.on.has(name)))
console.log(`${on.length} fault classes, each off in about half of the seeds: ${on.join(', ')}`)
const off = Object.entries(CLASSES_TO_COME).map(([name, what]) => `${name} (${what})`)
console.log(`off: ${[...WAITING, ...off].join(', ')}`)

let passed = 0
let failed = 0
let steps = 0
let made = 0
let virtualMs = 0
let healedMs = 0
for (let seed = from; seed < from + Number(options.seeds); seed++) {
  const outcome = await simulate(seed, forced, tier)
  steps += outcome.steps
  made += outcome.made
  virtualMs += outcome.virtualMs
  healedMs = Math.max(healedMs, outcome.healedMs)
  if (outcome.failures.length === 0) passed++
  else {
    failed++
    console.log(`seed ${seed} failed, with ${[...outcome.classes].join(', ')}`)
    for (const { oracle, message } of outcome.failures.slice(0, 5)) console.log(`  ${oracle}: ${message.slice(0, 500)}`)
    if (options['until-failure']) break
  }
}
const { user, system } = process.cpuUsage()
const perSecond = ((passed + failed) / ((user + system) / 1e6)).toFixed(1)
const hours = (virtualMs / 3_600_000).toFixed(1)
console.log(
  `${made} mutations, ${steps} steps, ${hours} h of virtual time, right again after ${healedMs} ms at most; ${perSecond} seeds per CPU second`,
)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
