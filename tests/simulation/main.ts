// npm run simulate -- --seeds 1000 --from 1 [--tier 1|2] [--until-failure] [--shrink 60] [--classes a,b] [--without a,b] [--replay FILE]
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CLASSES_TO_COME, FAULT_CLASS_NAMES, type FaultClass } from './fault-classes.ts'
import { drawPlan, type Plan } from './plan.ts'
import type { Outcome } from './run.ts'
import { shrink } from './shrink.ts'
import { TIERS, type Tier } from './simulate.ts'

const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    /** What keeps the devices' data: 1 memory, 2 Dexie on IndexedDB. */
    tier: { type: 'string', default: '1' },
    'until-failure': { type: 'boolean', default: false },
    /** For how long the first failing plan is made smaller, in s. Default: 60, with --until-failure 0. */
    shrink: { type: 'string' },
    /** Classes that are on in every seed. */
    classes: { type: 'string', default: '' },
    /** Classes that are off in every seed; `all`. */
    without: { type: 'string', default: '' },
    /** A file that a failure left. */
    replay: { type: 'string' },
  },
})

/** Where failing plans are written to; no part of the repository. */
const FOLDER = 'test-results'
/** Every seed that is a multiple of it runs twice, and must leave the same trace. */
const TWICE_EVERY = 100
const FAILURES_SHOWN = 5
const SHRINK_MS = Number(options.shrink ?? (options['until-failure'] ? 0 : 60)) * 1000

const tier = Number(options.tier) as Tier
if (!(tier in TIERS)) throw new Error(`there is no tier ${options.tier}: 1 or 2`)
const runPlan = TIERS[tier]
const total = { passed: 0, failed: 0, steps: 0, made: 0, virtualMs: 0, healedMs: 0 }
const traces = createHash('sha256')

function classesOf(text: string): Set<FaultClass> {
  const names = text === 'all' ? FAULT_CLASS_NAMES : (text.split(',').filter((name) => name !== '') as FaultClass[])
  const unknown = names.filter((name) => !FAULT_CLASS_NAMES.includes(name))
  if (unknown.length > 0) throw new Error(`no fault class is called ${unknown.join(', ')}; there are ${FAULT_CLASS_NAMES.join(', ')}`)
  return new Set(names)
}

/** Runs one plan and counts it; where its seed says so, twice. */
async function runOne(plan: Plan): Promise<Outcome> {
  let outcome = await runPlan(plan)
  if (plan.seed % TWICE_EVERY === 0 && (await runPlan(plan)).traceHash !== outcome.traceHash)
    outcome = { ...outcome, failures: [...outcome.failures, { oracle: 'determinism', message: 'a second run left another trace' }] }
  traces.update(outcome.traceHash)
  total.steps += outcome.steps
  total.made += outcome.made
  total.virtualMs += outcome.virtualMs
  total.healedMs = Math.max(total.healedMs, outcome.healedMs)
  total[outcome.failures.length === 0 ? 'passed' : 'failed']++
  for (const { oracle, message } of outcome.failures.slice(0, FAILURES_SHOWN)) console.log(`  ${oracle}: ${message.slice(0, 500)}`)
  return outcome
}

async function explain(plan: Plan, { failures }: Outcome): Promise<void> {
  const [first] = failures
  if (first === undefined) return
  const untilMs = performance.now() + SHRINK_MS
  const smallest = await shrink(plan, { run: runPlan, oracle: first.oracle, isTime: () => performance.now() < untilMs })
  mkdirSync(FOLDER, { recursive: true })
  const file = join(FOLDER, `simulation-seed-${plan.seed}.json`)
  writeFileSync(file, `${JSON.stringify(smallest, null, 1)}\n`)
  console.log(`seed ${plan.seed} in ${smallest.steps.length} of ${plan.steps.length} steps, ${smallest.devices.length} devices:`)
  for (const { atMs, do: what, ...more } of smallest.steps) console.log(`  ${atMs} ms ${what} ${JSON.stringify(more)}`)
  console.log(`again: npm run simulate -- --tier ${tier} --replay ${file}`)
}

async function runSeeds(): Promise<void> {
  const forced = { on: classesOf(options.classes), off: classesOf(options.without) }
  const off = FAULT_CLASS_NAMES.filter((name) => forced.off.has(name))
  const on = FAULT_CLASS_NAMES.filter((name) => !off.includes(name))
  console.log(`${on.length} fault classes, each off in about half of the seeds: ${on.join(', ')}`)
  console.log(`off: ${[...off, ...Object.entries(CLASSES_TO_COME).map(([name, what]) => `${name} (comes with ${what})`)].join(', ')}`)
  const from = Number(options.from)
  for (let seed = from; seed < from + Number(options.seeds); seed++) {
    const plan = drawPlan(seed, forced)
    const outcome = await runOne(plan)
    if (outcome.failures.length === 0) continue
    console.log(`seed ${seed} failed, with ${plan.classes.join(', ')}`)
    if (total.failed === 1 && SHRINK_MS > 0) await explain(plan, outcome)
    if (options['until-failure']) break
  }
}

if (options.replay === undefined) await runSeeds()
else await runOne(JSON.parse(readFileSync(options.replay, 'utf8')) as Plan)
const { user, system } = process.cpuUsage()
const perS = ((total.passed + total.failed) / ((user + system) / 1e6)).toFixed(1)
const hours = (total.virtualMs / 3_600_000).toFixed(1)
console.log(
  `${total.made} mutations, ${total.steps} steps, ${hours} h of virtual time, right again after ${total.healedMs / 1000} s at most`,
)
console.log(`traces ${traces.digest('hex').slice(0, 16)}, ${perS} seeds per CPU second`)
console.log(`${total.passed} passed, ${total.failed} failed`)
process.exitCode = total.failed === 0 ? 0 : 1
