// npm run simulate:histories -- [--model writers|readers] [--depth 4] [--without copy,trimmed]
import { parseArgs } from 'node:util'
import { explore } from './explore.ts'
import { readers } from './readers.ts'
import { writers } from './writers.ts'

const { values: options } = parseArgs({
  options: {
    model: { type: 'string', default: 'writers' },
    depth: { type: 'string', default: '3' },
    /** Words of the names of steps that are left out. */
    without: { type: 'string', default: '' },
  },
})
const without = options.without.split(',').filter((word) => word !== '')
const skips = (step: string) => without.some((word) => step.includes(word))
const depth = Number(options.depth)
const { histories, failures } = options.model === 'readers' ? await explore(readers, depth, skips) : await explore(writers, depth, skips)
for (const { steps, message } of failures) console.log(`failed: ${steps.join(' · ')}\n  ${message.split('\n')[0]}`)
console.log(`${histories - failures.length} passed, ${failures.length} failed`)
process.exitCode = failures.length === 0 ? 0 : 1
