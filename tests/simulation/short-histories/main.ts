// npm run simulate:histories -- [--depth 4] [--without copy,trimmed]
import { parseArgs } from 'node:util'
import { explore } from './explore.ts'

const { values: options } = parseArgs({
  options: {
    depth: { type: 'string', default: '3' },
    /** Words of the names of steps that are left out. */
    without: { type: 'string', default: '' },
  },
})
const without = options.without.split(',').filter((word) => word !== '')
const { histories, failures } = await explore(Number(options.depth), (step) => without.some((word) => step.includes(word)))
for (const { steps, message } of failures) console.log(`failed: ${steps.join(' · ')}\n  ${message.split('\n')[0]}`)
console.log(`${histories - failures.length} passed, ${failures.length} failed`)
process.exitCode = failures.length === 0 ? 0 : 1
