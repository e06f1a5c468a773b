// Goal: what docs/guides/writing-from-a-backend.md and docs/coming-from/moving-data.md tell to type works as it stands there. Method: their blocks are read
// from the pages and run.
import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { blocksOf } from '../docs/page-code.ts'
import { devToken, freePort, type ServerProcess, startServer } from '../harness/server-process.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const guide = readFileSync(join(root, 'docs/guides/writing-from-a-backend.md'), 'utf8')
const moving = readFileSync(join(root, 'docs/coming-from/moving-data.md'), 'utf8')
const run = promisify(execFile)

/** The blocks of a language, in their order. */
const blocks = (language: string, page = guide) => blocksOf(page).flatMap((block) => (block.language === language ? [block.code] : []))

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
  const shell = (script: string) => typed(`${blocks('bash')[0]}\nexport KEY\n${script}`)
  const typed = (script: string) =>
    run(
      'bash',
      [
        '-euo',
        'pipefail',
        '-c',
        `tidemark() { "$NODE" --conditions=@tidemark/source "$ROOT/server/src/main.ts" "$@"; }\nnode() { "$NODE" "$@"; }\n${script}`,
      ],
      {
        cwd: folder,
        env: { ...process.env, NODE_OPTIONS: '', NODE: process.execPath, ROOT: root, URL: server.url, TIDEMARK_DATA: folder },
      },
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

  it.skipIf(!isThere('bash'))('moving data in: a line is taken once, and one that the schema does not allow is named', async () => {
    const [line = ''] = blocks('json', moving)
    const room = 'room:moved'
    const good = Array.from({ length: 150 }, (_, at) => line.trim().replace('"m1"', `"m${at}"`).replace('room:42', room))
    writeFileSync(join(folder, 'import.ts'), blocks('ts', moving)[0] ?? '')
    writeFileSync(join(folder, 'lines.jsonl'), [...good, good[0]?.replace('"text": "hi"', '"text": 7'), ''].join('\n'))
    const [commands = ''] = blocks('bash', moving)
    for (const _ of ['at first', 'once more']) {
      const { stdout, stderr } = await typed(commands.replace('http://localhost:8787', server.url))
      expect(stdout).toBe('151 lines\n')
      expect(stderr).toMatch(/^line 151: .*text/m)
    }
    const headers = { authorization: `Bearer ${await devToken(server.url, 'alice')}` }
    const body = await (await fetch(`${server.url}/v1/spaces/${room}/changes?since=0`, { headers })).text()
    expect(body).toContain('"head":150')
  })
})
