// npm run simulate:lanes -- --seeds 1000 --from 1 [--until-failure] [--shrink 30] [--classes a,b] [--without a,b] [--replay FILE]
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { withFewerSteps } from '../shrink.ts'
import { runShow, type ShowOutcome } from './run-show.ts'
import { drawShow, LANE_FAULT_NAMES, type LaneFault, type ShowPlan } from './show-plan.ts'

const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    'until-failure': { type: 'boolean', default: false },
    /** For how long the first failing plan is made smaller, in s. */
    shrink: { type: 'string', default: '30' },
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
const total = { passed: 0, failed: 0, said: 0, items: 0, cut: 0, steps: 0, virtualMs: 0 }
const traces = createHash('sha256')

function classesOf(text: string): Set<LaneFault> {
  const names = text === 'all' ? LANE_FAULT_NAMES : (text.split(',').filter((name) => name !== '') as LaneFault[])
  const unknown = names.filter((name) => !LANE_FAULT_NAMES.includes(name))
  if (unknown.length > 0) throw new Error(`no class is called ${unknown.join(', ')}; there are ${LANE_FAULT_NAMES.join(', ')}`)
  return new Set(names)
}

/** Runs one plan and counts it; where its seed says so, twice. */
async function runOne(plan: ShowPlan): Promise<ShowOutcome> {
  let outcome = await runShow(plan)
  if (plan.seed % TWICE_EVERY === 0 && (await runShow(plan)).traceHash !== outcome.traceHash)
    outcome = { ...outcome, failures: [...outcome.failures, { oracle: 'determinism', message: 'a second run left another trace' }] }
  traces.update(outcome.traceHash)
  for (const key of ['said', 'items', 'cut', 'steps', 'virtualMs'] as const) total[key] += outcome[key]
  total[outcome.failures.length === 0 ? 'passed' : 'failed']++
  for (const { oracle, message } of outcome.failures.slice(0, FAILURES_SHOWN)) console.log(`  ${oracle}: ${message.slice(0, 500)}`)
  return outcome
}

async function explain(plan: ShowPlan, oracle: string): Promise<void> {
  const untilMs = performance.now() + Number(options.shrink) * 1000
  const smallest = await withFewerSteps(
    plan,
    async (fewer) => performance.now() < untilMs && (await runShow(fewer)).failures.some((failure) => failure.oracle === oracle),
  )
  mkdirSync(FOLDER, { recursive: true })
  const file = join(FOLDER, `lanes-seed-${plan.seed}.json`)
  writeFileSync(file, `${JSON.stringify(smallest, null, 1)}\n`)
  console.log(`seed ${plan.seed} in ${smallest.steps.length} of ${plan.steps.length} steps:`)
  for (const { atMs, do: what, ...more } of smallest.steps) console.log(`  ${atMs} ms ${what} ${JSON.stringify(more)}`)
  console.log(`again: npm run simulate:lanes -- --replay ${file}`)
}

if (options.replay !== undefined) await runOne(JSON.parse(readFileSync(options.replay, 'utf8')) as ShowPlan)
else {
  const forced = { on: classesOf(options.classes), off: classesOf(options.without) }
  const from = Number(options.from)
  for (let seed = from; seed < from + Number(options.seeds); seed++) {
    const plan = drawShow(seed, forced)
    const [failure] = (await runOne(plan)).failures
    if (failure === undefined) continue
    console.log(`seed ${seed} failed, with ${plan.classes.join(', ')}`)
    if (total.failed === 1 && Number(options.shrink) > 0) await explain(plan, failure.oracle)
    if (options['until-failure']) break
  }
}
const { user, system } = process.cpuUsage()
const perS = ((total.passed + total.failed) / ((user + system) / 1e6)).toFixed(1)
const hours = (total.virtualMs / 3_600_000).toFixed(1)
console.log(`${total.said} said, ${total.items} items and ${total.cut} cut, ${total.steps} steps, ${hours} h of virtual time`)
console.log(`traces ${traces.digest('hex').slice(0, 16)}, ${perS} seeds per CPU second`)
console.log(`${total.passed} passed, ${total.failed} failed`)
process.exitCode = total.failed === 0 ? 0 : 1
