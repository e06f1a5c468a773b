// Is every named rule of docs/protocol.md quoted by the title of a test, or listed with the reason why it is not built?
// Run by itself it also prints that list.
import { globSync, readFileSync } from 'node:fs'
import { root } from './node-child.mjs'
import { faultsOf, NOT_BUILT, quotedIn, rulesOf } from './protocol/rules.ts'

const files = globSync('{shared,client,server,demo-app,tests}/**/*.test.{ts,tsx}', { cwd: root, exclude: ['**/node_modules', '**/dist'] })
/** @type {Map<string, string>} */
const quotes = new Map()
for (const file of files) for (const quote of quotedIn(readFileSync(`${root}${file}`, 'utf8'))) quotes.set(quote, file)

const page = readFileSync(`${root}docs/protocol.md`, 'utf8')
const faults = faultsOf(page, quotes)
for (const fault of faults) console.error(fault)
if (faults.length > 0) process.exitCode = 1
else {
  console.log(`${rulesOf(page).length} rules; not built:`)
  for (const { rule, part, why } of NOT_BUILT) console.log(`[${rule}${part === undefined ? '' : ` ${part}`}] ${why}`)
}
