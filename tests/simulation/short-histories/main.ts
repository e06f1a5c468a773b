// npm run simulate:histories -- [--model writers|readers|gateways] [--without copy,trimmed] [--depth 4 | --walks 1000 --length 12 --from 1]
import { parseArgs } from 'node:util'
import { seededRandom } from '../seeded-random.ts'
import { explore, wander } from './explore.ts'
import { gateways } from './gateways.ts'
import type { Model, Stage } from './model.ts'
import { readers } from './readers.ts'
import { writers } from './writers.ts'

const { values: options } = parseArgs({
  options: {
    model: { type: 'string', default: 'writers' },
    /** Every history of up to so many steps. */
    depth: { type: 'string', default: '3' },
    /** In place of every one, so many that chance chooses. */
    walks: { type: 'string', default: '0' },
    length: { type: 'string', default: '12' },
    /** The seed of the walks. */
    from: { type: 'string', default: '1' },
    /** Words of the names of steps that are left out. */
    without: { type: 'string', default: '' },
  },
})
const without = options.without.split(',').filter((word) => word !== '')
const skips = (step: string) => without.some((word) => step.includes(word))
const walks = Number(options.walks)
const played = <S extends Stage>(model: Model<S>) =>
  walks > 0
    ? wander(model, seededRandom(Number(options.from)), { walks, length: Number(options.length), skips })
    : explore(model, Number(options.depth), skips)
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
