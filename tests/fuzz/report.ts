import type { Finding } from './campaign.ts'
import { Feeder } from './feeder.ts'
import type { Input } from './input.ts'
import { shrink } from './shrink.ts'
import type { Victim } from './victim.ts'

/** A finding as its reader wants it: how it is made again, what went wrong, and the smallest input that still does it. */
export async function report(victim: Victim, seed: number, { index, input, fault }: Finding): Promise<string> {
  const fails = async (smaller: Input) => {
    if (!victim.isAlive()) await victim.restart()
    const feeder = new Feeder(victim.url, new Map())
    const found = await feeder.feed(smaller)
    feeder.close()
    return found !== undefined
  }
  const again = await fails(input)
  const { bytes } = again ? await shrink(input, fails) : input
  return [
    `input ${index} of seed ${seed}, by the door ${input.door}: ${fault}`,
    again
      ? `shrunk to ${bytes.length} bytes: ${JSON.stringify(bytes.toString('latin1'))}`
      : 'by itself it does no harm: it takes what came before it',
    `again: npm run fuzz -- --seed ${seed} --from ${again ? index : 0} --inputs ${again ? 1 : index + 1}`,
  ].join('\n')
}
