// npm run check: format, lint and import layers (biome.json), types (tsconfig.json), the lock, and what is written or
// held by scripts: the schema of the protocol, and which of its rules have tests. All at once, to stay fast.
import './require-node.mjs'
import { BIOME, FROM_SOURCE, quietly, TSC } from './node-child.mjs'

const colors = process.stdout.isTTY && !process.env.NO_COLOR ? 'force' : 'off'
const checks = [
  { name: 'format, lint and layers', args: [BIOME, 'ci', `--colors=${colors}`, '--error-on-warnings', '--max-diagnostics=100', '.'] },
  { name: 'types', args: [TSC, '-b'] },
  { name: 'lock', args: ['scripts/check-lock.mjs'] },
  { name: 'schema of the protocol', args: [FROM_SOURCE, 'scripts/protocol.ts', '--check'] },
  { name: 'rules', args: ['scripts/check-rules.mjs'] },
]
const results = await Promise.all(checks.map(async ({ name, args }) => ({ name, ...(await quietly(args)) })))
const failed = results.filter(({ code }) => code !== 0)
for (const { name, output } of failed) console.error(`${output.trimEnd()}\ncheck failed: ${name}`)
if (failed.length === 0) console.log(`check passed: ${results.map(({ name }) => name).join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1
