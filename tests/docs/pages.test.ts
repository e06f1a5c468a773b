// Goal: the code on the pages of the project works as it stands there. Method: the files of each page are taken from it (page-code.ts), compiled all
// at once, and run: page.ts with a disk and a server of its own.
import 'fake-indexeddb/auto'
import { execFile } from 'node:child_process'
import { globSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { format, promisify, stripVTControlCharacters } from 'node:util'
import type { Replica } from '@tidemark/client'
import { type AccessRules, createSyncServer, jwt, type Listening, memoryChangelog, ownerOnly, serve, signToken } from '@tidemark/server'
import type { App } from '@tidemark/shared'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { filesOf, isKept, promisedBy, telling } from './page-code.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const SECRET = 'the secret of the pages, long enough for HS256'
/** Where the pages say that their server listens. */
const SERVER = 'http://localhost:8787'
/** On a machine that is busy; only what is never printed takes so long. */
const TOLD_WITHIN_MS = 30_000
/** A page that is not there: whether anybody looks. */
const WRONG = 'wrong.md'

const pages = new Map<string, string>()
for (const page of globSync(['README.md', 'docs/**/*.md'], { cwd: root }).sort()) {
  const text = await readFile(join(root, page), 'utf8')
  if (filesOf(text).size > 0) pages.set(page.replaceAll('\\', '/'), text)
}
/** What pages go on from, where they have no file of that name. */
const common = {
  'app.ts': filesOf(pages.get('README.md') ?? '').get('app.ts') ?? '',
  'hooks.ts': filesOf(pages.get('README.md') ?? '').get('hooks.ts') ?? '',
  'replica.ts': filesOf(pages.get('docs/guides/client.md') ?? '').get('replica.ts') ?? '',
}

let folder: string
beforeAll(async () => {
  await mkdir(join(root, 'test-results'), { recursive: true })
  // Inside the project, so that the packages are found.
  folder = await mkdtemp(join(root, 'test-results', 'pages-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Writes the files of a page, and those that it goes on from. */
async function written(base: string, files: ReadonlyMap<string, string>): Promise<void> {
  for (const [name, code] of [...Object.entries(common), ...files]) {
    await mkdir(dirname(join(base, name)), { recursive: true })
    await writeFile(join(base, name), code)
  }
}

describe('the code of', () => {
  const said = new Map<string, string[]>()
  beforeAll(async () => {
    const base = join(folder, 'compiled')
    for (const [page, text] of [...pages, [WRONG, '```ts\nexport const three: number = "3"\n```\n'] as const])
      await written(join(base, page), filesOf(text))
    const compilerOptions = { lib: ['es2024', 'dom', 'dom.iterable'], types: ['node', 'svelte'], jsx: 'react-jsx', incremental: false }
    const config = { extends: join(root, 'tsconfig.json'), compilerOptions, include: ['**/*.ts', '**/*.tsx'], references: [] }
    await writeFile(join(base, 'tsconfig.json'), JSON.stringify(config))
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [join(root, 'node_modules/typescript/bin/tsc'), '-p', '.', '--pretty', 'false'],
      {
        cwd: base,
      },
    ).catch((error: { stdout: string }) => error)
    // Lines that begin otherwise go on from one before, or are about the packages themselves, which `npm run check` compiles each in its own world.
    for (const line of stripVTControlCharacters(stdout).split('\n')) {
      const page = [...pages.keys(), WRONG].find((name) => line.startsWith(`${name}/`))
      if (page === undefined) continue
      said.set(page, [...(said.get(page) ?? []), line])
    }
  })

  it('a page that is wrong does not compile', () => {
    expect(said.get(WRONG)).toEqual([expect.stringContaining('page.ts(2,14): error TS2322')])
  })

  it.each([...pages.keys()])('%s compiles', (page) => {
    expect(said.get(page) ?? []).toEqual([])
  })
})

describe('what a page says happens:', () => {
  /** By page and line. What is left of a page may print when the next one runs. */
  const printed = new Map<string, Map<number, string[]>>()
  beforeAll(() => {
    for (const method of ['log', 'warn', 'error'] as const) vi.spyOn(console, method).mockImplementation(() => {})
    vi.stubGlobal('told', (page: string, line: number) => (...values: unknown[]) => {
      const told = printed.get(page) ?? new Map()
      told.set(line, [...(told.get(line) ?? []), format(...values)])
    })
  })
  afterAll(() => {
    vi.restoreAllMocks()
    vi.unstubAllGlobals()
  })
  it.each([...pages].filter(([, text]) => filesOf(text).has('page.ts') || filesOf(text).has('app.ts')))('%s', async (page, text) => {
    const files = filesOf(text, { run: true })
    const promised = promisedBy(files.get('page.ts') ?? '')
    const base = join(folder, 'run', page)
    await written(base, files)
    const load = (name: string) => import(/* @vite-ignore */ pathToFileURL(join(base, name)).href)

    const { app, access } = (await load('app.ts')) as { app: App; access?: AccessRules<App> }
    const server = await listening(app, access)
    for (const [name, code] of Object.entries({ ...common, ...Object.fromEntries(files) }))
      if (name !== 'app.ts') await writeFile(join(base, name), telling(page, code).replaceAll(SERVER, server.url))

    const told = new Map<number, string[]>()
    printed.set(page, told)
    vi.mocked(console.error).mockClear()
    try {
      if (files.has('page.ts')) await load('page.ts')
      const isTold = () => isKept(promised, told)
      for (const endMs = performance.now() + TOLD_WITHIN_MS; !isTold() && performance.now() < endMs; )
        await new Promise((resolve) => setTimeout(resolve, 10))
      if (!isTold()) expect(Object.fromEntries(told)).toEqual(Object.fromEntries(promised.map(({ line, texts }) => [line, texts])))
      expect(vi.mocked(console.error).mock.calls).toEqual([])
    } finally {
      if (files.get('page.ts')?.includes("'./replica.ts'")) await ((await load('replica.ts')) as { replica: Replica<App> }).replica.close()
      await server.close()
      for (const { name } of await indexedDB.databases()) if (name) indexedDB.deleteDatabase(name)
    }
  })
})

/** A server as `tidemark serve app.ts --dev` starts it, with an empty memory. */
async function listening(app: App, access?: AccessRules<App>): Promise<Listening> {
  const owned = Object.fromEntries(Object.keys(app.spaces).map((kind) => [kind, ownerOnly]))
  const server = createSyncServer({
    app,
    access: access ?? (owned as AccessRules<App>),
    changelog: memoryChangelog(),
    authenticate: jwt({ secret: SECRET, algorithms: ['HS256'] }),
    dev: { token: (user) => signToken({ secret: SECRET, user, nowMs: Date.now(), expiresInS: 3600 }) },
  })
  return serve(server, { port: 0 })
}
