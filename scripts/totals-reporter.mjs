// A vitest reporter that writes what `npm test` counts: passed tests, failures, and every skipped test with its reason.
import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { root } from './node-child.mjs'

/** @typedef {{ passed: number, failures: string[], skips: { name: string, reason?: string | undefined }[] }} Totals */

export default class TotalsReporter {
  /**
   * @param {ReadonlyArray<import('vitest/node').TestModule>} modules
   * @param {ReadonlyArray<unknown>} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    /** @type {Totals} */
    const totals = { passed: 0, failures: [], skips: [] }
    for (const module of modules) count(module, totals)
    for (const _ of unhandledErrors) totals.failures.push('an error outside any test')
    const file = process.env.TIDEMARK_TOTALS
    if (file) writeFileSync(file, JSON.stringify(totals))
  }
}

/**
 * @param {import('vitest/node').TestModule} module
 * @param {Totals} totals
 */
function count(module, totals) {
  const file = `${module.project.name}: ${relative(root, module.moduleId)}`
  const { skipReason } = module.project.config.provide
  let tests = 0
  let failed = 0
  for (const test of module.children.allTests()) {
    tests++
    const name = `${file} > ${test.fullName}`
    const result = test.result()
    if (result.state === 'passed') totals.passed++
    else if (result.state === 'skipped') totals.skips.push({ name, reason: result.note ?? skipReason })
    else if (skipReason) totals.skips.push({ name, reason: skipReason })
    else {
      failed++
      totals.failures.push(name)
    }
  }
  // A file whose project cannot run here may not even load here: it counts as one.
  if (tests === 0 && skipReason) totals.skips.push({ name: file, reason: skipReason })
  else if (tests === 0) totals.failures.push(`${file} (${module.errors().length > 0 ? 'it did not load' : 'it has no test'})`)
  else if (failed === 0 && module.state() === 'failed') totals.failures.push(`${file} (a hook or the file itself)`)
}
