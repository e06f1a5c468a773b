// What the client costs a page, bundled and minified as an app's build does it, in bytes of gzip; held to its budgets.
// Dexie and RxJS are not counted: apps choose them too. What is only loaded on demand is not counted either.
import './require-node.mjs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build, defaultClientConditions } from 'vite'
import { root } from './node-child.mjs'

/** The schema library, as much of it as the client uses. */
const SCHEMA_LIBRARY_MAX = 3 * 1024
/** The client core: the replica on ports alone, all that syncs, without schema library, IndexedDB and browser. */
const CORE_MAX = 29.2 * 1024
/** Everything that `import { openReplica }` loads. No goal, a ratchet: lower it with each saving. */
const WHOLE_MAX = 36.5 * 1024

const schemaLibrary = /^valibot$/
const core = await gzipped('create-replica.ts', [schemaLibrary])
const whole = await gzipped('index.ts', [])
const schema = whole - (await gzipped('index.ts', [schemaLibrary]))

const figures = [
  { name: 'client core', bytes: core, max: CORE_MAX },
  { name: 'schema library', bytes: schema, max: SCHEMA_LIBRARY_MAX },
  { name: 'whole client', bytes: whole, max: WHOLE_MAX },
]
console.log(`size: ${figures.map(({ name, bytes, max }) => `${name} ${bytes} of ${max}`).join(', ')} bytes gzip`)
const over = figures.filter(({ bytes, max }) => bytes > max)
if (over.length > 0) {
  console.error(`size: over budget: ${over.map(({ name }) => name).join(', ')}`)
  process.exitCode = 1
}

/** @param {string} entry in client/src @param {RegExp[]} apart what is not counted, besides Dexie and RxJS */
async function gzipped(entry, apart) {
  const result = await build({
    root: join(root, 'client'),
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['@tidemark/source', ...defaultClientConditions] },
    build: {
      write: false,
      target: 'es2022',
      modulePreload: { polyfill: false },
      rolldownOptions: {
        input: join(root, 'client/src', entry),
        preserveEntrySignatures: 'strict',
        external: [/^dexie(\/|$)/, /^rxjs(\/|$)/, ...apart],
      },
    },
  })
  const chunks = [result].flat().flatMap((part) => ('output' in part ? part.output.filter((chunk) => chunk.type === 'chunk') : []))
  const loaded = new Set(chunks.filter(({ isEntry }) => isEntry).map(({ fileName }) => fileName))
  // A set grows while it is walked: what is imported statically is loaded with the entry.
  for (const name of loaded) for (const imported of chunks.find(({ fileName }) => fileName === name)?.imports ?? []) loaded.add(imported)
  return chunks.filter(({ fileName }) => loaded.has(fileName)).reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0)
}
