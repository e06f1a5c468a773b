#!/usr/bin/env node
// The command, where npm links it from: there from the first install on, when in a clone nothing is built yet.
import module from 'node:module'

const NODE_MIN = 24

if (Number.parseInt(process.versions.node, 10) < NODE_MIN) {
  process.stderr.write(`Tidemark needs Node ${NODE_MIN} or newer; this is ${process.versions.node}.\n`)
  process.exit(1)
}
// What it imports is loaded only now: an older Node would stumble over it, and say something less clear.
if (import.meta.url.includes('/node_modules/')) {
  await import('../dist/main.js')
} else {
  // A clone, to which npm only links: it runs its sources, so that nothing has to be built and nothing old is run. In this same process:
  // signals and exit codes are its own.
  module.registerHooks({
    resolve: (specifier, context, next) => next(specifier, { ...context, conditions: [...context.conditions, '@tidemark/source'] }),
  })
  await import('../src/main.ts')
}
