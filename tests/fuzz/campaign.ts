import { Feeder, type Tally } from './feeder.ts'
import { type Input, inputOf } from './input.ts'
import type { Victim } from './victim.ts'

/** An input that the server took badly. */
export interface Finding {
  readonly index: number
  readonly input: Input
  readonly fault: string
}

/** Connections that feed at once. */
const FEEDERS = 8
/** After so many a campaign ends: one bug brings many. */
const FINDINGS_MAX = 10

/** Hands the inputs from `from` to `to` of a seed to a server, several at a time. */
export async function campaign(victim: Victim, seed: number, from: number, to: number, tally: Tally): Promise<Finding[]> {
  const findings: Finding[] = []
  let next = from
  async function run(): Promise<void> {
    const feeder = new Feeder(victim.url, tally)
    while (next < to && findings.length < FINDINGS_MAX && victim.isAlive()) {
      const index = next++
      const input = inputOf(seed, index)
      const fault = await feeder.feed(input)
      if (fault !== undefined) findings.push({ index, input, fault })
    }
    feeder.close()
  }
  await Promise.all(Array.from({ length: FEEDERS }, run))
  if (!victim.isAlive())
    findings.push({ index: next, input: inputOf(seed, next - 1), fault: `the server is gone:\n${victim.output().slice(-3000)}` })
  return findings
}
