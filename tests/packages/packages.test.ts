// Goal: what npm would publish is whole, right in its types, and costs nothing where it is not used. Method: the tarballs themselves, put into a folder
// outside of this repository, and read there by publint, are-the-types-wrong, TypeScript, Vite and Node.
import { execFile } from 'node:child_process'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bareFolder, PACKAGES, type PackedPackages, packPackages } from '../harness/packed-packages.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const run = promisify(execFile)

/** Where a command begins. */
const STARTED = ['dist/main.js']
/** Each check of types costs a second or more. */
const isQuick = process.env.CI === undefined

interface Manifest {
  readonly name: string
  readonly version: string
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly dependencies: Readonly<Record<string, string>>
}

const manifests = await Promise.all(
  PACKAGES.map(async (name) => JSON.parse(await readFile(join(root, name, 'package.json'), 'utf8')) as Manifest),
)
const entriesOf = ({ name, exports }: Manifest) => Object.keys(exports).map((path) => join(name, path))
const [shared, client, server] = manifests.map(entriesOf) as [string[], string[], string[]]

let packed: PackedPackages
let folder: string
beforeAll(async () => {
  packed = await packPackages()
  folder = await bareFolder({})
  await packed.link(folder)
})
afterAll(async () => {
  if (folder) await rm(folder, { recursive: true, force: true })
})

describe.each(manifests)('the tarball of $name', ({ name, exports, version, dependencies }) => {
  it('holds its licence, what it is about, its code and its source, and no test', async () => {
    const { stdout } = await run('tar', ['-tzf', packed.tarballs[name] ?? ''])
    const files = stdout.split('\n')
    expect(files).toEqual(expect.arrayContaining(['package/LICENSE', 'package/README.md', 'package/dist/index.js', 'package/src/index.ts']))
    expect(files.filter((file) => /\.test\.|tsbuildinfo|tsconfig/.test(file))).toEqual([])
    // The page that it serves at /console, as it was built.
    if (name === '@tidemark/server') expect(files).toContain('package/console/index.html')
    expect(await readFile(join(folder, 'node_modules', name, 'LICENSE'), 'utf8')).toBe(await readFile(join(root, 'LICENSE'), 'utf8'))
  })

  it('holds no code that none of its entries comes to', async () => {
    const place = join(folder, 'node_modules', name)
    const reached = new Set([
      ...Object.values(exports).map(({ default: path = '' }) => join(place, path)),
      ...STARTED.map((path) => join(place, path)),
    ])
    // A set grows while it is walked.
    for (const file of reached) {
      const code = await readFile(file, 'utf8').catch(() => '')
      for (const [, path = ''] of code.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)) reached.add(join(dirname(file), path))
    }
    const unreached: string[] = []
    for (const file of await readdir(join(place, 'dist'), { recursive: true })) {
      if (!file.endsWith('.js') || reached.has(join(place, 'dist', file))) continue
      // What declares types alone has code of one line.
      if (!(await readFile(join(place, 'dist', file), 'utf8')).startsWith('export {};')) unreached.push(file)
    }
    expect(unreached, 'what an earlier build left: delete dist, and build again').toEqual([])
  })

  it('names for each entry its source, its types and its code, in the order in which they are looked for', async () => {
    for (const [path, conditions] of Object.entries(exports)) {
      const file = path === '.' ? 'index' : path.slice(2)
      expect(Object.entries(conditions)).toEqual([
        ['@tidemark/source', expect.stringMatching(new RegExp(`^\\./src/(${file}|.*/${file}|${file}/index)\\.tsx?$`))],
        ['types', conditions.default?.replace(/\.js$/, '.d.ts')],
        ['default', conditions['@tidemark/source']?.replace('/src/', '/dist/').replace(/\.tsx?$/, '.js')],
      ])
    }
  })

  it('needs those of ours in the very version with which it was built', () => {
    for (const [dependency, wanted] of Object.entries(dependencies)) if (dependency.startsWith('@tidemark/')) expect(wanted).toBe(version)
  })

  it('has nothing that publint would mend', async () => {
    const bytes = await readFile(packed.tarballs[name] ?? '')
    const pack = { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) }
    const { messages, pkg } = await publint({ strict: true, pack })
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([])
  })
})

it.each(isQuick ? manifests.filter(({ name }) => name === '@tidemark/client') : manifests)(
  'are-the-types-wrong finds none that are: $name',
  async ({ name, exports }) => {
    const attw = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js')
    const args = [attw, packed.tarballs[name] ?? '', '--profile', 'esm-only', '--format', 'json']
    const { stdout } = await run(process.execPath, args, { maxBuffer: 64 << 20 })
    const { analysis } = JSON.parse(stdout) as { analysis: { entrypoints: object; problems: { resolutionKind?: string }[] } }
    expect(Object.keys(analysis.entrypoints)).toEqual(Object.keys(exports))
    // Nobody can `require` ES modules in these two ways, and the report names each entry for it.
    expect(analysis.problems.filter(({ resolutionKind = '' }) => !['node10', 'node16-cjs'].includes(resolutionKind))).toEqual([])
  },
)

describe('an app that installed them', () => {
  const page = [...shared, ...client]
  const isolated = ['process', 'Buffer', 'setImmediate', '__dirname'].map((name) => `// @ts-expect-error\nvoid ${name}\n`).join('')
  const browser = { types: [], lib: ['es2024', 'dom', 'dom.iterable'] }
  const forPages = [{ of: 'a page, found by its bundler', entries: page, code: isolated, options: { module: 'preserve', ...browser } }]
  const forNode = [
    { of: 'a page, found by Node', entries: page, code: isolated, options: { module: 'nodenext', ...browser } },
    { of: 'a server', entries: server, code: '', options: { module: 'nodenext', types: ['node'], lib: ['es2024'] } },
  ]
  // Their declarations are checked, too, and what a page imports brings no name of Node.
  it.each(isQuick ? forPages : [...forPages, ...forNode])('compiles with no types but those of $of', async ({ entries, code, options }) => {
    const imports = entries.map((entry, n) => `import * as entry${n} from '${entry}'\nexport type Entry${n} = typeof entry${n}\n`)
    await writeFile(join(folder, 'types.ts'), imports.join('') + code)
    const strict = {
      strict: true,
      noEmit: true,
      skipLibCheck: false,
      target: 'es2024',
      verbatimModuleSyntax: true,
      exactOptionalPropertyTypes: true,
    }
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: { ...strict, ...options }, files: ['types.ts'] }))
    const tsc = join(folder, 'node_modules/typescript/bin/tsc')
    const { stdout } = await run(process.execPath, [tsc, '-p', folder], { cwd: folder }).catch((error) => error)
    expect(stdout).toBe('')
  })

  it('pays nothing for an entry of which it uses nothing', async () => {
    for (const entry of [...shared, ...client]) {
      expect(await bundled(`import * as unused from '${entry}'\nimport '${entry}'\nconsole.log('page')\n`)).toBeLessThan(60)
    }
  })

  it('pays for one name no more than for what it needs', async () => {
    const whole = await bundled(`import { openReplica } from '@tidemark/client'\nconsole.log(openReplica)\n`)
    expect(await bundled(`import { newId } from '@tidemark/client'\nconsole.log(newId())\n`)).toBeLessThan(500)
    expect(await bundled(`import { BadRequestError } from '@tidemark/shared'\nconsole.log(BadRequestError)\n`)).toBeLessThan(700)
    expect(whole).toBeGreaterThan(10_000)
  })

  it('finds nothing changed, begun or printed by an import, outside of a browser too', async () => {
    const entries = [...shared, ...client, ...server]
    await writeFile(
      join(folder, 'imports.mjs'),
      `const keys = () => Reflect.ownKeys(globalThis).map(String).filter((key) => !key.includes('undici'))
      const before = keys()
      for (const entry of ${JSON.stringify(entries)}) await import(entry)
      console.log(JSON.stringify({ added: keys().filter((key) => !before.includes(key)), left: process.getActiveResourcesInfo().filter((name) => /Timeout|Immediate|Server|Worker/.test(name)) }))`,
    )
    const { stdout, stderr } = await run(process.execPath, [join(folder, 'imports.mjs')])
    expect(stderr).toBe('')
    // By which Dexie finds that it was loaded twice; what Node loads late of its own (undici) is not counted.
    expect(JSON.parse(stdout)).toEqual({ added: ['Symbol(Dexie)'], left: [] })
  })
})

/** Bytes of gzip that a page with this code loads at once, Dexie and RxJS apart. */
async function bundled(code: string): Promise<number> {
  await writeFile(join(folder, 'bundled.js'), code)
  const result = await build({
    root: folder,
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      modulePreload: { polyfill: false },
      rolldownOptions: { input: join(folder, 'bundled.js'), external: [/^dexie/, /^rxjs/, /^react/, /^@capacitor/] },
    },
  })
  const chunks = [result].flat().flatMap((part) => ('output' in part ? part.output.filter((chunk) => chunk.type === 'chunk') : []))
  return chunks.filter(({ isEntry }) => isEntry).reduce((sum, { code }) => sum + gzipSync(code).length, 0)
}
