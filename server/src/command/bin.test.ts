// Goal: the command runs from a clone in which nothing was built, and from a package. Method: the linked file as a process of its own.
import { spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

const PACKAGE = fileURLToPath(new URL('../../', import.meta.url))
const BIN = join(PACKAGE, 'bin', 'tidemark.mjs')
const folder = mkdtempSync(join(tmpdir(), 'tidemark-bin-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function ran(
  file: string,
  args: readonly string[],
  { stopAt }: { stopAt?: string } = {},
): Promise<[code: number | string | null, out: string]> {
  const { NODE_ENV: _, NODE_OPTIONS: __, ...env } = process.env
  // A folder below, as a person may be anywhere in a project.
  const child = spawn(process.execPath, [file, ...args], { cwd: join(PACKAGE, 'src'), env })
  let out = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      out += data
      if (stopAt !== undefined && out.includes(stopAt)) child.kill('SIGTERM')
    })
  }
  return new Promise((resolve) => child.once('close', (code, signal) => resolve([signal ?? code, out])))
}

describe('the file that npm links the command to', { timeout: 30_000 }, () => {
  it('is in the repository, and may be run', () => {
    const { bin, files } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as { bin: object; files: string[] }
    expect([bin, files]).toEqual([{ tidemark: './bin/tidemark.mjs' }, expect.arrayContaining(['bin', 'dist'])])
    if (process.platform !== 'win32') expect(statSync(BIN).mode & 0o111).toBe(0o111)
  })

  it('in a clone runs the sources, those of the packages that the app imports too, and ends as it does', async () => {
    const link = join(folder, 'tidemark')
    symlinkSync(BIN, link)
    expect(await ran(link, ['nonsense'])).toEqual([2, expect.stringContaining('nonsense is no command')])
    const app = join(PACKAGE, 'test', 'served-app.ts')
    symlinkSync(join(PACKAGE, '..', 'node_modules'), join(folder, 'node_modules'), 'junction')
    writeFileSync(join(folder, 'app.mjs'), `export * from ${JSON.stringify(app)}\nconsole.log(import.meta.resolve('@tidemark/shared'))\n`)
    const [code, out] = await ran(link, ['serve', join(folder, 'app.mjs'), '--dev', '--port', '0', '--data', folder], { stopAt: 'Sign-in' })
    expect([code, out]).toEqual([
      process.platform === 'win32' ? 'SIGTERM' : 0,
      expect.stringMatching(/shared\/src\/index\.ts\nTidemark {2}http/),
    ])
  })

  it('in a package runs what was built', async () => {
    const place = join(folder, 'app', 'node_modules', '@tidemark', 'server')
    for (const part of ['bin', 'dist']) mkdirSync(join(place, part), { recursive: true })
    copyFileSync(BIN, join(place, 'bin', 'tidemark.mjs'))
    writeFileSync(join(place, 'package.json'), '{"type":"module"}')
    writeFileSync(join(place, 'dist', 'main.js'), "console.log('built', ...process.argv.slice(2))\nprocess.exitCode = 3\n")
    expect(await ran(join(place, 'bin', 'tidemark.mjs'), ['--help'])).toEqual([3, 'built --help\n'])
  })
})
