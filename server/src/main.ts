#!/usr/bin/env node
const NODE_MIN = 24

if (Number.parseInt(process.versions.node, 10) < NODE_MIN) {
  process.stderr.write(`Tidemark needs Node ${NODE_MIN} or newer; this is ${process.versions.node}.\n`)
  process.exit(1)
}

// Loaded only now: an older Node would stumble over what it imports, and say something less clear.
const { run } = await import('./command/run.ts')
await run(process.argv.slice(2))
