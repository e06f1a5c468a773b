// One bug, planted in this process alone, and seeds until one of them fails. Tells its parent what it does by messages.
import { bugNamed } from './bugs.ts'
import { plant } from './plant.ts'

/** What this process says. */
export type HuntMessage =
  | { readonly type: 'begun'; readonly seed: number }
  | { readonly type: 'found'; readonly seed: number; readonly oracle: string; readonly message: string }
  | { readonly type: 'not found' }

const [name = '', seeds = '0', from = '1'] = process.argv.slice(2)
const isLoaded = plant(bugNamed(name))
const { simulate } = await import('../simulate.ts')
if (!isLoaded()) throw new Error(`${name}: nothing loads its file`)

const say = (message: HuntMessage) => process.send?.(message)

async function hunt(): Promise<HuntMessage> {
  for (let seed = Number(from); seed < Number(from) + Number(seeds); seed++) {
    say({ type: 'begun', seed })
    const [failure] = (await simulate(seed)).failures
    if (failure !== undefined) return { type: 'found', seed, ...failure }
  }
  return { type: 'not found' }
}

say(await hunt())
process.disconnect?.()
