// Does package-lock.json name every per-platform binary? A release whose binaries are not all published makes npm leave
// some of them out of the lock without a word, and `npm ci` then fails, here or on another system.
import { readFileSync } from 'node:fs'

/** @type {{ packages: Record<string, { optionalDependencies?: Record<string, string> }> }} */
const { packages } = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'))
const names = new Set(Object.keys(packages).map((path) => path.split('node_modules/').at(-1)))
const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
  Object.keys(optionalDependencies)
    .filter((name) => !names.has(name))
    .map((name) => `package-lock.json: ${path || 'the root'} names ${name}, which is not locked`),
)
if (missing.length > 0) {
  console.error(missing.join('\n'))
  process.exit(1)
}
