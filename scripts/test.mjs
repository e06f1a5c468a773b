// npm test: the check, every test, and the size budgets; the last line is exactly `N passed, N failed, N skipped`.
//
//   npm test                              all
//   npm test -- outbox                    only test files whose path contains "outbox"
//   npm test -- --project client          arguments go to vitest; projects stand in vitest.workspace.ts
//
// CI=true                   tests that draw samples draw more: they read process.env.CI themselves
// TIDEMARK_SEED_FROM=9001   what is drawn begins at this seed, and no longer at 1; =random: at any (decision 035)
// TIDEMARK_REQUIRE_ALL=1    nothing may be skipped: each skipped test counts as a failure
// CHROMIUM_PATH             the browser for the browser tests (see tests/browser/find-chromium.ts)
import './require-node.mjs'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exitCode, nodeChild, VITEST } from './node-child.mjs'

const vitestArgs = process.argv.slice(2)
const requireAll = process.env.TIDEMARK_REQUIRE_ALL === '1'

let passed = 0
/** @type {string[]} */
const failures = []

/** @param {string} name @param {string[]} args */
async function step(name, args) {
  if ((await exitCode(nodeChild(args))) === 0) passed++
  else failures.push(name)
}

/** @returns {Promise<import('./totals-reporter.mjs').Totals>} */
async function vitest() {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-test-'))
  const file = join(folder, 'totals.json')
  const reporters = ['--reporter=default', '--reporter=./scripts/totals-reporter.mjs']
  const args = [VITEST, 'run', '--config', 'vitest.workspace.ts', ...reporters, ...vitestArgs]
  const code = await exitCode(nodeChild(args, { env: { ...process.env, TIDEMARK_TOTALS: file } }))
  /** @type {import('./totals-reporter.mjs').Totals} */
  let totals = { passed: 0, failures: [], skips: [] }
  try {
    totals = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    totals.failures.push('vitest ended before its tests did')
  }
  rmSync(folder, { recursive: true, force: true })
  if (code !== 0 && totals.failures.length === 0) totals.failures.push(`vitest (exit code ${code})`)
  if (vitestArgs.length > 0 && totals.passed + totals.failures.length + totals.skips.length === 0) {
    totals.failures.push(`no test matches ${vitestArgs.join(' ')}`)
  }
  return totals
}

await step('npm run check', ['scripts/check.mjs'])
const totals = await vitest()
await step('the size budgets', ['scripts/size.mjs'])

passed += totals.passed
failures.push(...totals.failures)
const skipLines = totals.skips.map(({ name, reason = 'no reason given' }) => `${name} (${reason})`)
if (requireAll) failures.push(...skipLines.map((line) => `skipped, and nothing may be: ${line}`))
else if (vitestArgs.some((arg) => /^(-t|--testNamePattern)/.test(arg)))
  console.log(`skipped: ${skipLines.length} tests, most by the name pattern`)
else for (const line of skipLines) console.log(`skipped: ${line}`)
for (const name of failures) console.log(`failed: ${name}`)
console.log(`${passed} passed, ${failures.length} failed, ${requireAll ? 0 : skipLines.length} skipped`)
process.exitCode = failures.length === 0 ? 0 : 1
