import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, describe, expect, it } from 'vitest'

// The command as a process: what it prints, how it ends, what a restart keeps.

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))
const APP = fileURLToPath(new URL('../../test/served-app.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'tidemark-command-'))
const THROWS = join(folder, 'throws.mjs')
writeFileSync(THROWS, '\nthrow new Error("of its own")')
const children: ChildProcess[] = []

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Run {
  readonly child: ChildProcess
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string | null>
  stdout: string
  stderr: string
  /** The address, once it is printed with all that is printed with it. */
  readonly ready: Promise<string>
}

function tidemark(args: readonly string[], env: Record<string, string> = {}, cwd = process.cwd()): Run {
  const { NODE_ENV: _, ...inherited } = process.env
  const child = spawn(process.execPath, ['--conditions=@tidemark/source', MAIN, ...args], {
    cwd,
    env: { ...inherited, PORT: '0', ...env },
  })
  children.push(child)
  let readied: (url: string) => void = () => {}
  const run: Run = {
    child,
    stdout: '',
    stderr: '',
    ended: new Promise((resolve) => child.once('close', (code, signal) => resolve(signal ?? code))),
    ready: new Promise((resolve) => {
      readied = resolve
    }),
  }
  child.stdout.on('data', (data) => {
    run.stdout += data
    if (run.stdout.split('\n').length > 3) readied(/http:\S+/.exec(run.stdout)?.[0] ?? '')
  })
  child.stderr.on('data', (data) => {
    run.stderr += data
  })
  return run
}

async function signIn(url: string, user: string): Promise<string> {
  const answer = await fetch(`${url}/v1/dev/token`, { method: 'POST', body: JSON.stringify({ user }) })
  return ((await answer.json()) as { token: string }).token
}

const put = (token: string, n: number) => ({
  method: 'POST',
  headers: { authorization: `Bearer ${token}` },
  body: JSON.stringify({
    client: `c_${'A'.repeat(22)}`,
    on: n === 1 ? '' : (n - 1).toString(16).padStart(16, '0'),
    mutations: [
      {
        n,
        nonce: n.toString(16).padStart(16, '0'),
        space: 'open:a',
        name: 'put',
        args: { c: 'notes', id: `m${n}`, doc: { text: 'hi' } },
        madeMs: 0,
      },
    ],
  }),
})

describe('tidemark serve', { timeout: 30_000 }, () => {
  it('prints address, data and sign-in in three lines, and ends with 0 at SIGTERM', async () => {
    const data = join(folder, 'one')
    const run = tidemark(['serve', APP, '--dev', '--data', data])
    const url = await run.ready
    expect(run.stdout.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^Tidemark +http:\/\/localhost:\d+$/),
      `Data      ${join(data, 'tidemark.db')}`,
      expect.stringContaining('development mode'),
    ])
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    run.child.kill('SIGTERM')
    expect([await run.ended, run.stderr]).toEqual([0, ''])
  })

  it('after kill -9 starts again with all that was acknowledged, and tokens still count', async () => {
    const args = ['serve', APP, '--dev', '--data', join(folder, 'two')]
    const first = tidemark(args)
    const url = await first.ready
    const token = await signIn(url, 'alice')
    for (let n = 1; n <= 5; n++) expect((await fetch(`${url}/v1/mutations`, put(token, n))).status).toBe(200)
    first.child.kill('SIGKILL')
    await first.ended
    const second = tidemark(args)
    const again = await second.ready
    const answer = await fetch(`${again}/v1/spaces/open:a/changes?since=0`, { headers: { authorization: `Bearer ${token}` } })
    expect(await answer.json()).toMatchObject({ to: 5, head: 5 })
    const secret = join(folder, 'two', 'dev-secret')
    if (process.platform !== 'win32')
      expect([secret, join(folder, 'two')].map((path) => statSync(path).mode & 0o777)).toEqual([0o600, 0o700])
    expect(`${second.stdout}${second.stderr}${first.stdout}${first.stderr}`).not.toContain(readFileSync(secret, 'utf8'))
  })

  it('--anonymous gives whoever asks a name, whose token counts after kill -9, too, and is written nowhere', async () => {
    const args = ['serve', APP, '--dev', '--anonymous', '--data', join(folder, 'anonymous')]
    const first = tidemark(args)
    const { token, user } = (await (await fetch(`${await first.ready}/v1/anonymous`, { method: 'POST' })).json()) as Record<string, string>
    expect(first.stdout).toContain('or a name made by chance')
    first.child.kill('SIGKILL')
    await first.ended
    const second = tidemark(args)
    const authorization = `Bearer ${token}`
    const again = await fetch(`${await second.ready}/v1/anonymous`, { method: 'POST', headers: { authorization } })
    expect(await again.json()).toMatchObject({ user, token })
    const answer = await fetch(`${await second.ready}/v1/spaces/open:a/changes?since=0`, { headers: { authorization } })
    expect(answer.status).toBe(200)
    const secret = readFileSync(join(folder, 'anonymous', 'anonymous-secret'), 'utf8')
    const said = `${second.stdout}${second.stderr}${first.stdout}${first.stderr}`
    expect([said.includes(secret), said.includes(token ?? '')]).toEqual([false, false])
  })

  it("serves the guide's app from an empty folder, by a file of settings alone", async () => {
    const guide = readFileSync(fileURLToPath(new URL('../../../docs/guides/command-line.md', import.meta.url)), 'utf8')
    const code = /```ts\n\/\/ app\.ts\n(.*?)```/s.exec(guide)?.[1] ?? ''
    const place = join(folder, 'guide')
    mkdirSync(place)
    // As an install would leave it.
    symlinkSync(fileURLToPath(new URL('../../../node_modules', import.meta.url)), join(place, 'node_modules'), 'junction')
    writeFileSync(join(place, 'app.ts'), code)
    writeFileSync(join(place, 'tidemark.json'), JSON.stringify({ module: 'app.ts', port: 0 }))
    const run = tidemark(['serve', '--dev'], { PORT: '' }, place)
    const url = await run.ready
    expect(run.stdout).toContain(join(place, 'data', 'tidemark.db'))
    const token = await signIn(url, 'alice')
    const batch = put(token, 1)
    for (const [space, code] of [
      ['user:alice', undefined],
      ['user:bob', 'forbidden'],
    ] as const) {
      const answer = await fetch(`${url}/v1/spaces/${space}/changes?since=0`, { headers: batch.headers })
      expect(((await answer.json()) as { error?: { code: string } }).error?.code).toBe(code)
    }
    const done = await fetch(`${url}/v1/mutations`, { ...batch, body: batch.body.replace('open:a', 'user:alice') })
    expect(await done.json()).toMatchObject({ acks: [{ n: 1, in: { 'user:alice': 1 } }] })
    run.child.kill('SIGTERM')
    expect([await run.ended, run.stderr]).toEqual([0, ''])
  })

  it('warns of what lets more people in than one may think', async () => {
    const data = join(folder, 'wide')
    const url = 'https://id.example/keys'
    const args = ['serve', APP, '--dev', '--host', '0.0.0.0', '--data', data, '--jwks-url', url, '--algorithms', 'RS256']
    const run = tidemark(args)
    await run.ready
    run.child.kill('SIGTERM')
    expect(await run.ended).toBe(0)
    expect(run.stderr.trimEnd().split('\n')).toEqual([
      'Warning: Without --audience, tokens count that the same issuer made for other apps.',
      'Warning: --dev on 0.0.0.0: whoever reaches this machine signs in under any name.',
    ])
  })

  it.each<[string, string[], number]>([
    ['on loopback, where no origins are named, may', ['--dev'], 200],
    ['where origins are named, may not', ['--dev', '--origins', 'https://app.example'], 403],
    ['where other machines reach the server, may not', ['--dev', '--host', '0.0.0.0'], 403],
    ['without --dev, may not', [], 403],
  ])('a page of a development server beside it: %s', async (name, args, status) => {
    const env: Record<string, string> = args.includes('--dev') ? {} : { TIDEMARK_SECRET: 'x'.repeat(32) }
    const run = tidemark(['serve', APP, '--data', join(folder, name.length.toString()), ...args], env)
    const url = await run.ready
    const origin = 'http://localhost:5173'
    const answer = await fetch(`${url}/v1/mutations`, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } })
    const allowed = status === 200
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([allowed ? 204 : 403, allowed ? origin : null])
  })

  it('without --dev has no development sign-in', async () => {
    const run = tidemark(['serve', APP, '--data', join(folder, 'three')], { TIDEMARK_SECRET: 'x'.repeat(32) })
    const url = await run.ready
    expect((await fetch(`${url}/v1/dev/token`, { method: 'POST', body: '{"user":"alice"}' })).status).toBe(404)
    run.child.kill('SIGINT')
    expect(await run.ended).toBe(0)
  })

  it('data that another process serves are one clear line, exit code 1, until that one is gone; keys are made meanwhile', async () => {
    const data = join(folder, 'served')
    const args = ['serve', APP, '--dev', '--data', data]
    const first = tidemark(args)
    const url = await first.ready
    const second = tidemark(args)
    expect([await second.ended, second.stdout]).toEqual([1, ''])
    expect(second.stderr).toBe(
      `${join(data, 'tidemark.db')} is in use by process ${first.child.pid}: stop it, or set TIDEMARK_DATA to another folder.\n`,
    )
    const keys = tidemark(['keys', 'create', '--name', 'billing', '--scope', 'commit:*', '--data', data])
    expect(await keys.ended).toBe(0)
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    first.child.kill('SIGKILL')
    await first.ended
    const third = tidemark(args)
    expect((await fetch(`${await third.ready}/readyz`)).status).toBe(200)
  })

  it('a port in use is one clear line, and exit code 1', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    const address = taken.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const run = tidemark(['serve', APP, '--dev', '--data', join(folder, 'four'), '--port', String(port)])
    expect([await run.ended, run.stdout]).toEqual([1, ''])
    expect(run.stderr).toBe(`Port ${port} is in use: stop what listens there, or set PORT to another one.\n`)
    taken.close()
  })

  it.each<[string, string[], RegExp, number]>([
    ['a module that is not there', ['serve', join(folder, 'nothing.ts'), '--dev'], /could not be loaded/, 2],
    ['a page that was not built', ['serve', APP, '--dev', '--data', join(folder, 'five'), '--page', folder], /build the page first/, 1],
    ['nothing that tells who anyone is', ['serve', APP], /^TIDEMARK_SECRET is missing/, 2],
    ['a module that throws', ['serve', THROWS, '--dev'], /throws\.mjs could not be loaded: Error: of its own \(.*throws\.mjs:2:7\)\n$/, 2],
    ['no module', ['serve', '--dev'], /^The app's module is missing.*tidemark serve --help tells more\.\n$/, 2],
    ['a misspelt option', ['serve', APP, '--devv'], /Did you mean --dev\?\n$/, 2],
  ])('%s is said in one clear line, in production too', async (_, args, message, exitCode) => {
    const run = tidemark(args, { NODE_ENV: args.includes('--dev') ? 'development' : 'production' })
    expect([await run.ended, run.stdout]).toEqual([exitCode, ''])
    expect(run.stderr).toMatch(message)
    expect(run.stderr.trimEnd().split('\n')).toHaveLength(1)
  })

  it('--json: one object a line for programs, errors too', async () => {
    const data = join(folder, 'six')
    const run = tidemark(['serve', APP, '--dev', '--json', '--data', data])
    await new Promise((resolve) => run.child.stdout?.once('data', resolve))
    const [listening, ...rest] = run.stdout.trimEnd().split('\n')
    expect(JSON.parse(listening ?? '')).toEqual({
      event: 'listening',
      url: expect.stringMatching(/^http:\/\/localhost:\d+$/),
      port: expect.any(Number),
      data: join(data, 'tidemark.db'),
      signIn: 'development mode: anyone gets in under any name',
    })
    expect(rest).toEqual([])
    const { port } = JSON.parse(listening ?? '') as { port: number }
    const second = tidemark(['serve', APP, '--dev', '--data', join(folder, 'seven'), '--port', String(port)], { TIDEMARK_JSON: '1' })
    expect([await second.ended, second.stdout]).toEqual([1, ''])
    expect(JSON.parse(second.stderr)).toMatchObject({ event: 'error', code: 'port-in-use' })
    const third = tidemark(['serve', APP, '--json', '--prot', '1'])
    expect(await third.ended).toBe(2)
    expect(JSON.parse(third.stderr)).toEqual({ event: 'error', code: 'settings', message: '--prot is no option. Did you mean --port?' })
    run.child.kill('SIGTERM')
    expect(await run.ended).toBe(0)
  })
})

describe('tidemark', { timeout: 30_000 }, () => {
  it('--help and --version answer on stdout, with 0', async () => {
    const runs = [tidemark(['--help']), tidemark(['serve', 'nothing.ts', '--help']), tidemark(['--version'])]
    expect(await Promise.all(runs.map(({ ended }) => ended))).toEqual([0, 0, 0])
    expect(runs.map(({ stderr }) => stderr)).toEqual(['', '', ''])
    const [help, ofServe, version] = runs.map(({ stdout }) => stdout)
    expect(help).toMatch(/Exit codes: 0 .*; 1 .*; 2 /)
    expect(ofServe).toMatch(/--jwks-url URL/)
    expect(version).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it('what is no command is told in one line that names the help, with 2', async () => {
    const runs = [tidemark([]), tidemark(['run', 'app.ts'])]
    expect(await Promise.all(runs.map(({ ended }) => ended))).toEqual([2, 2])
    expect(runs.map(({ stdout }) => stdout)).toEqual(['', ''])
    expect(runs[0]?.stderr).toBe('A command is missing: tidemark --help tells more.\n')
    expect(runs[1]?.stderr).toBe('run is no command: tidemark --help tells more.\n')
  })

  it('keys makes, lists and revokes API keys in the folder that settings name', async () => {
    const data = join(folder, 'keys')
    writeFileSync(join(folder, 'keys.json'), JSON.stringify({ data: 'keys' }))
    const env = { TIDEMARK_CONFIG: join(folder, 'keys.json') }
    const made = tidemark(['keys', 'create', '--name', 'billing', '--scope', 'commit:*', '--json'], env)
    expect(await made.ended).toBe(0)
    const { id, key } = JSON.parse(made.stdout) as { id: string; key: string }
    expect(readFileSync(join(data, 'api-keys.json'), 'utf8')).not.toContain(key)
    const listed = tidemark(['keys', 'list', '--data', data])
    expect([await listed.ended, listed.stdout]).toEqual([0, expect.stringContaining(id)])
    const revoked = tidemark(['keys', 'revoke', id], env)
    expect(await revoked.ended).toBe(0)
    const none = tidemark(['keys', 'revoke', 'zzz', '--json'], env)
    expect(await none.ended).toBe(2)
    expect(JSON.parse(none.stderr.trimEnd())).toMatchObject({ event: 'error', code: 'settings' })
  })
})
