// npm run fuzz -- --inputs 50000 [--seed 1] [--from 0]
// Hands hostile inputs to a server of its own. The exit code is 0 only when all were taken well; the last line is `N inputs, N findings`.
import { parseArgs } from 'node:util'
import { campaign } from './campaign.ts'
import { report } from './report.ts'
import { startVictim } from './victim.ts'

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '50000' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
  },
})
const [inputs, seed, from] = [values.inputs, values.seed, values.from].map(Number) as [number, number, number]

const victim = await startVictim()
try {
  const tally = new Map<string, number>()
  const beganMs = performance.now()
  await victim.probe()
  const findings = await campaign(victim, seed, from, from + inputs, tally)
  for (const finding of findings) console.log(await report(victim, seed, finding))
  for (const [outcome, count] of [...tally].sort()) console.log(`${String(count).padStart(8)} ${outcome}`)
  const { wallMs, cpuMs, heapBytes } = await victim.probe()
  console.log(
    `${((performance.now() - beganMs) / 1000).toFixed(0)} s; longest stall ${cpuMs.toFixed(0)} ms of work, ${wallMs.toFixed(0)} ms by the clock; heap ${(heapBytes / 1e6).toFixed(0)} MB`,
  )
  console.log(`${inputs} inputs, ${findings.length} findings`)
  process.exitCode = findings.length === 0 ? 0 : 1
} finally {
  await victim.remove()
}
