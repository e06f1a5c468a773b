// What the client costs a page, minified and gzipped, held to its budgets. Dexie and RxJS are not counted: apps choose them too.
import './require-node.mjs'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build, defaultClientConditions } from 'vite'
import { root } from './node-child.mjs'

const CORE_MAX = 15 * 1024
const SCHEMA_LIBRARY_MAX = 3 * 1024

const entry = join(root, 'client/src/index.ts')
if (!existsSync(entry)) {
  console.error('size: client/src/index.ts is missing, so there is nothing to measure')
  process.exit(1)
}

/** @param {RegExp[]} external */
async function gzipped(external) {
  const result = await build({
    root: join(root, 'client'),
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['@tidemark/source', ...defaultClientConditions] },
    build: {
      write: false,
      target: 'es2022',
      lib: { entry, formats: ['es'] },
      // Vite keeps the white space of a library for its users' tools; a page is minified whole.
      rolldownOptions: { external, output: { minify: true } },
    },
  })
  const chunks = [result].flat().flatMap((part) => ('output' in part ? part.output : []))
  return chunks.reduce((sum, chunk) => sum + (chunk.type === 'chunk' ? gzipSync(chunk.code, { level: 9 }).length : 0), 0)
}

const apart = [/^dexie(\/|$)/, /^rxjs(\/|$)/]
const core = await gzipped(apart)
const schemaLibrary = core - (await gzipped([...apart, /^valibot$/]))

console.log(`size: client core ${core} of ${CORE_MAX} bytes gzip, the schema library's share ${schemaLibrary} of ${SCHEMA_LIBRARY_MAX}`)
if (core > CORE_MAX || schemaLibrary > SCHEMA_LIBRARY_MAX) {
  console.error('size: over budget')
  process.exitCode = 1
}
