// Goal: the first command of README.md, `npm start`, opens the chat. Method: it is typed in the project itself, with its data elsewhere. It runs
// alone, after all browser tests: it builds the pages anew that servers of theirs would be serving.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { devToken, freePort } from '../harness/server-process.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

it('npm start builds the chat, serves it beside its API, and ends with npm', async () => {
  const data = await mkdtemp(join(tmpdir(), 'tidemark-npm-start-'))
  onTestFinished(() => rm(data, { recursive: true, force: true }))
  const port = await freePort()
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_)/i.test(name))
  const env = {
    ...Object.fromEntries(kept),
    PORT: String(port),
    TIDEMARK_DATA: data,
    PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
  }
  const npm = spawn('npm', ['start'], { cwd: root, env, shell: process.platform === 'win32' })
  onTestFinished(() => void npm.kill('SIGKILL'))
  let said = ''
  for (const stream of [npm.stdout, npm.stderr]) stream.on('data', (chunk) => (said += chunk))
  const ended = once(npm.stdout, 'close')
  const url = `http://localhost:${port}`
  await expect.poll(() => said, { timeout: 60_000 }).toContain(url)

  const page = await (await fetch(url)).text()
  expect(page).toContain('<title>Tidemark')
  const [, script = ''] = /<script[^>]+src="([^"]+)"/.exec(page) ?? []
  expect((await fetch(new URL(script, url))).status).toBe(200)
  expect(await devToken(url, 'alice')).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/)

  npm.kill('SIGTERM')
  await ended // whoever held it: npm, and the server behind it
  await expect(fetch(url)).rejects.toThrow()
})
