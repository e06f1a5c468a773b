// What the client costs a page, bundled and minified as an app's build does it, in bytes of gzip; held to its budgets (docs/decisions/033).
import './require-node.mjs'
import { gzipSync } from 'node:zlib'
import { build, defaultClientConditions } from 'vite'
import { root } from './node-child.mjs'

/** What a page has to have before it can read and write, Dexie and the RxJS in use included. */
const OPENING_MAX = 56 * 1024
/** What it loads meanwhile, to connect. This and all below are ratchets: lower them with each saving. */
const CONNECTING_MAX = 19.9 * 1024
/** Everything that some page ever loads: where WebSockets are blocked, of several addresses the best one, without IndexedDB. */
const ALL_MAX = 83.25 * 1024
/** The client core: the replica on ports alone, and what connects it, without schema library, IndexedDB and browser. */
const CORE_MAX = 33.3 * 1024
/** The schema library, as much of it as the client uses. */
const SCHEMA_LIBRARY_MAX = 3 * 1024

const libraries = [/^dexie(\/|$)/, /^rxjs(\/|$)/]
const schemaLibrary = /^valibot$/
const page = `import { openReplica } from '@tidemark/client'
import { collection, defineApp, space } from '@tidemark/shared'
console.log(openReplica, collection, defineApp, space)`
const core = ['create-replica.ts', 'connected.ts'].map((file) => `export * from '/src/${file}'`).join('\n')

const { atOnce: opening, connecting, all } = await gzipped(page)
const { atOnce: own } = await gzipped(page, libraries)
const { atOnce: coreBytes } = await gzipped(core, [...libraries, schemaLibrary])
const { all: withoutSchemas } = await gzipped(page, [schemaLibrary])

const figures = [
  { name: 'opening', bytes: opening, max: OPENING_MAX },
  { name: 'connecting', bytes: connecting, max: CONNECTING_MAX },
  { name: 'all', bytes: all, max: ALL_MAX },
  { name: 'core', bytes: coreBytes, max: CORE_MAX },
  { name: 'schema library', bytes: all - withoutSchemas, max: SCHEMA_LIBRARY_MAX },
]
const told = figures.map(({ name, bytes, max }) => `${name} ${bytes} of ${Math.floor(max)}`).join(', ')
console.log(`size: ${told} bytes gzip; Dexie and RxJS are ${opening - own} of opening`)
const over = figures.filter(({ bytes, max }) => bytes > max)
if (over.length > 0) {
  console.error(`size: over budget: ${over.map(({ name }) => name).join(', ')}`)
  process.exitCode = 1
}

/** @param {string} code of a page @param {RegExp[]} apart what is not counted */
async function gzipped(code, apart = []) {
  const entry = 'virtual:page'
  const result = await build({
    root: `${root}client`,
    configFile: false,
    logLevel: 'error',
    plugins: [{ name: 'page', resolveId: (id) => (id === entry ? id : undefined), load: (id) => (id === entry ? code : undefined) }],
    resolve: { conditions: ['@tidemark/source', ...defaultClientConditions] },
    build: {
      write: false,
      target: 'es2022',
      modulePreload: { polyfill: false },
      rolldownOptions: {
        input: entry,
        // As in an app, of whose entry nobody imports; what exports something here is all to be kept.
        preserveEntrySignatures: code.startsWith('export') ? 'strict' : false,
        external: apart,
      },
    },
  })
  const chunks = [result].flat().flatMap((part) => ('output' in part ? part.output.filter((chunk) => chunk.type === 'chunk') : []))
  const atOnce = new Set(chunks.filter(({ isEntry }) => isEntry).map(({ fileName }) => fileName))
  // A set grows while it is walked: what is imported statically is loaded with the entry.
  for (const name of atOnce) for (const imported of chunks.find(({ fileName }) => fileName === name)?.imports ?? []) atOnce.add(imported)
  /** @param {(chunk: { fileName: string, name: string }) => boolean} isMeant */
  const sum = (isMeant) => chunks.filter(isMeant).reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0)
  return {
    atOnce: sum(({ fileName }) => atOnce.has(fileName)),
    connecting: sum(({ name }) => name === 'web-connected'),
    all: sum(() => true),
  }
}
