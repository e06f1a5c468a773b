// The code of README.md, run as a newcomer would: in a folder of its own, `tidemark serve` for app.ts, Node for page.ts. tests/docs compiles it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort, type ServerProcess, startServer } from '../harness/server-process.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** Lines of code that the README asks a visitor to read. */
const LINES_MAX = 30

const readme = await readFile(join(root, 'README.md'), 'utf8')
/** Each code block that begins with the name of its file. */
const files = new Map(
  [...readme.matchAll(/```ts\n\/\/ (\S+\.ts)\b[^\n]*\n([\s\S]*?)```/g)].map(([, name, code]) => [name ?? '', code ?? '']),
)

describe('the code of the README', () => {
  let folder: string
  let data: string
  let server: ServerProcess

  beforeAll(async () => {
    await mkdir(join(root, 'test-results'), { recursive: true })
    // Inside the project, so that the packages are found; the data elsewhere.
    folder = await mkdtemp(join(root, 'test-results', 'readme-'))
    data = await mkdtemp(join(tmpdir(), 'tidemark-readme-'))
    const port = await freePort()
    for (const [name, code] of files) await writeFile(join(folder, name), code.replaceAll(':8787', `:${port}`))
    server = await startServer({ data, port, module: join(folder, 'app.ts') })
  })
  afterAll(async () => {
    await server?.end('SIGTERM')
    await rm(folder, { recursive: true, force: true })
    await rm(data, { recursive: true, force: true })
  })

  it(`is two files of ${LINES_MAX} lines together, and a server`, () => {
    expect([...files.keys()]).toEqual(['app.ts', 'page.ts', 'server.ts'])
    const lines = `${files.get('app.ts')}${files.get('page.ts')}`.split('\n').filter((line) => line.trim() !== '')
    expect(lines.length).toBeLessThanOrEqual(LINES_MAX)
  })

  it('sends a message, sees it at once and again from the server, and a second device finds it', async () => {
    const page = ['--conditions=@tidemark/source', '--import', 'fake-indexeddb/auto', join(folder, 'page.ts')]
    const first = await ran(page)
    expect(first.output).toContain('hi')
    expect(first.code).toBe(0)
    const second = await ran(page)
    expect(second.output.match(/'hi', 'hi'|'hi',\s+'hi'/)).not.toBeNull()
  })
})

async function ran(args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1' },
  })
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  const [code] = (await once(child, 'exit')) as [number | null]
  return { code, output }
}
