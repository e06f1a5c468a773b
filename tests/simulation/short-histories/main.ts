// npm run simulate:histories -- [--model writers|readers|gateways] [--depth 4] [--without copy,trimmed]
import { parseArgs } from 'node:util'
import { explore } from './explore.ts'
import { gateways } from './gateways.ts'
import type { Model, Stage } from './model.ts'
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
const played = <S extends Stage>(model: Model<S>) => explore(model, depth, skips)
const models: Readonly<Record<string, () => ReturnType<typeof explore>>> = {
  writers: () => played(writers),
  readers: () => played(readers),
  gateways: () => played(gateways),
}
const play = models[options.model]
if (play === undefined) throw new TypeError(`--model: ${Object.keys(models).join(', ')} are those that there are`)
const { histories, failures } = await play()
for (const { steps, message } of failures) console.log(`failed: ${steps.join(' · ')}\n  ${message.split('\n')[0]}`)
console.log(`${histories - failures.length} passed, ${failures.length} failed`)
process.exitCode = failures.length === 0 ? 0 : 1
