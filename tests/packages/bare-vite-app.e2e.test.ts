// Goal: the packages make a page where nothing is known of this repository. Method: a folder of its own, into which the tarballs are installed (with CI, by npm
// itself), a page and its definition, built by Vite; `tidemark serve` as the install brings it, and a real browser.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { chromium } from 'playwright-core'
import { expect, it, onTestFinished } from 'vitest'
import { CHROMIUM_ARGS, findChromium } from '../browser/find-chromium.ts'
import { bareFolder, packPackages } from '../harness/packed-packages.ts'
import { freePort } from '../harness/server-process.ts'

const run = promisify(execFile)
/** What `npm install` takes on a slow day, in ms, and the page. */
const WITHIN_MS = 300_000

const FILES = {
  'src/app.ts': `
import { collection, defineApp, space } from '@tidemark/shared'
import * as v from 'valibot'

const Message = v.object({ text: v.string() })
export const app = defineApp({ version: '1', spaces: { room: space({ collections: { messages: collection(Message) } }) } })
export const access = { room: () => 'write' as const }
`,
  'src/page.ts': `
import { newId, openReplica } from '@tidemark/client'
import { liveQuery } from 'dexie'
import { app } from './app.ts'

const url = new URLSearchParams(location.search).get('server')!
const token = async () => (await (await fetch(\`\${url}/v1/dev/token\`, { method: 'POST', body: '{"user":"alice"}' })).json()).token
const replica = await openReplica({ app, url, user: 'alice', token })
const room = replica.space('room:1')
liveQuery(() => room.messages.toArray()).subscribe((messages) => {
  document.querySelector('ul')!.replaceChildren(...messages.map(({ text }) => Object.assign(document.createElement('li'), { textContent: text })))
})
replica.status$.subscribe(({ phase, pending }) => (document.querySelector('output')!.textContent = \`\${phase}, \${pending} pending\`))
document.querySelector('form')!.onsubmit = async (event) => {
  event.preventDefault()
  const text = document.querySelector('input')!.value
  await room.mutate.put({ c: 'messages', id: newId(), doc: { text } })
}
`,
  'index.html': `<!doctype html><html lang="en"><title>Bare</title><output></output><ul></ul><form><input aria-label="Text"><button>Send</button></form>
<script type="module" src="/src/page.ts"></script></html>`,
}

it(
  'a bare Vite app is built, opens in a browser, writes and reads, online, offline, after a reload without a server, and without the file that connects',
  async () => {
    const packed = await packPackages()
    const folder = await bareFolder(FILES)
    const processes: ChildProcess[] = []
    const browser = await chromium.launch({ executablePath: await findChromium(), args: CHROMIUM_ARGS })
    onTestFinished(async () => {
      await browser.close()
      for (const one of processes) await ended(one)
      await rm(folder, { recursive: true, force: true })
    })
    if (process.env.CI === undefined) await packed.link(folder)
    else {
      await packed.install(folder, ['@tidemark/shared', '@tidemark/client', 'dexie', 'valibot'])
      await packed.install(folder, ['-D', '@tidemark/server', 'vite'])
    }
    // As `npx` finds it, and run by this Node.
    const command = async (name: string) => await realpath(join(folder, 'node_modules/.bin', name))
    const env = { ...process.env, NODE_ENV: '', NODE_OPTIONS: '', NO_COLOR: '1' }
    const vite = await command('vite')
    const { stderr } = await run(process.execPath, [vite, 'build', '--logLevel', 'warn', '--target', 'es2022'], { cwd: folder, env })
    expect(stderr).toBe('')

    const [pagePort, serverPort] = [await freePort(), await freePort()]
    const start = async (program: string, args: string[], url: string) => {
      const child = spawn(process.execPath, [program, ...args], { cwd: folder, env, stdio: ['ignore', 'ignore', 'inherit'] })
      processes.push(child)
      await expect.poll(async () => (await fetch(url).catch(() => undefined))?.ok, { timeout: 30_000 }).toBe(true)
      return child
    }
    const tidemark = await command('tidemark')
    const serve = ['serve', 'src/app.ts', '--dev', '--port', String(serverPort)]
    const startServer = () => start(tidemark, serve, `http://127.0.0.1:${serverPort}/readyz`)
    await start(vite, ['preview', '--host', '127.0.0.1', '--port', String(pagePort), '--strictPort'], `http://127.0.0.1:${pagePort}/`)
    const server = await startServer()

    const page = await browser.newPage()
    const thrown: string[] = []
    page.on('pageerror', (error) => thrown.push(String(error)))
    page.setDefaultTimeout(30_000)
    const send = async (text: string) => {
      await page.getByLabel('Text').fill(text)
      await page.getByRole('button').click()
      await page.getByText(text).waitFor()
    }
    const online = () => page.evaluate(() => dispatchEvent(new Event('online')))
    // As after a deployment, when the files of an open page are gone: it reads and writes, and goes on where they come.
    await page.route('**/web-connected*', (route) => route.fulfill({ status: 404 }))
    await page.goto(`http://127.0.0.1:${pagePort}/?server=http://127.0.0.1:${serverPort}`)
    await page.getByText('waiting, 0 pending').waitFor()
    await send('without what connects')
    await page.getByText('waiting, 1 pending').waitFor()
    await page.unroute('**/web-connected*')
    await online()
    await page.getByText('live, 0 pending').waitFor()
    await send('with a server')
    await page.getByText('live, 0 pending').waitFor()
    await ended(server)
    await send('without a server')
    await page.getByText(', 1 pending').waitFor()
    await page.reload()
    await page.getByText('without a server').waitFor()
    expect(await page.getByRole('listitem').count()).toBe(3)
    await startServer()
    // Back-off is cut short, as by a network that is back.
    await online()
    await page.getByText('live, 0 pending').waitFor()
    expect(await page.getByRole('listitem').count()).toBe(3)
    expect(thrown).toEqual([])
  },
  WITHIN_MS,
)

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}
