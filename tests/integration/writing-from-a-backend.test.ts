// Goal: what docs/guides/writing-from-a-backend.md tells to type works as it stands there. Method: its blocks are read from the page and run.
import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort, type ServerProcess, startServer } from '../harness/server-process.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const guide = readFileSync(join(root, 'docs/guides/writing-from-a-backend.md'), 'utf8')
const run = promisify(execFile)

/** The blocks of a language, in their order. */
const blocks = (language: string) =>
  [...guide.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, code = '']) => code)

const isThere = (program: string) => {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe('the guide to writing from a backend', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-guide-'))
  let server: ServerProcess
  beforeAll(async () => {
    server = await startServer({ data: folder, port: await freePort() })
  })
  afterAll(async () => {
    await server.end('SIGTERM')
    rmSync(folder, { recursive: true, force: true })
  })

  /** As a person's shell has it after the first block: the address and a key. */
  const shell = (script: string) =>
    run(
      'bash',
      [
        '-euo',
        'pipefail',
        '-c',
        `tidemark() { "$NODE" --conditions=@tidemark/source "$ROOT/server/src/main.ts" "$@"; }\n${blocks('bash')[0]}\nexport KEY\n${script}`,
      ],
      { env: { ...process.env, NODE_OPTIONS: '', NODE: process.execPath, ROOT: root, URL: server.url, TIDEMARK_DATA: folder } },
    )

  it.skipIf(!isThere('bash') || !isThere('curl'))('bash and curl: two spaces at once, and an answer for each commit', async () => {
    const [, curl = ''] = blocks('bash')
    const { stdout } = await shell(curl)
    const promised = /^# (\{.*\})$/m.exec(curl)?.[1]
    expect(JSON.parse(stdout)).toEqual(JSON.parse(promised ?? ''))
    expect(JSON.parse((await shell(curl)).stdout).commits[0]).toEqual({ in: { 'user:alice': 1, 'user:bob': 1 }, repeated: true })
  })

  it.skipIf(!isThere('bash') || !isThere('python3'))('Python without a library: once, however often', async () => {
    const file = join(folder, 'commit.py')
    writeFileSync(file, blocks('python')[0] ?? '')
    const { stdout } = await shell(`python3 '${file}'`)
    expect(stdout).toMatch(/^\[\{'in': \{'user:alice': \d\}\}\] \[\{'in': \{'user:alice': \d\}, 'repeated': True\}\]\n$/)
  })

  it('TypeScript in the process of the server', async () => {
    const own = mkdtempSync(join(tmpdir(), 'tidemark-guide-ts-'))
    symlinkSync(join(root, 'node_modules'), join(own, 'node_modules'), 'junction')
    const [code = ''] = blocks('ts')
    writeFileSync(join(own, 'backend.mts'), `${code}\nawait server.close()\n`)
    const { stdout } = await run(process.execPath, ['--conditions=@tidemark/source', join(own, 'backend.mts')], {
      env: { ...process.env, NODE_OPTIONS: '', TIDEMARK_SECRET: 'x'.repeat(32) },
    })
    rmSync(own, { recursive: true, force: true })
    const promised = /console\.log\(versions\) \/\/ (.*)$/m.exec(code)?.[1]
    expect(stdout.trim()).toBe(promised)
  })
})
