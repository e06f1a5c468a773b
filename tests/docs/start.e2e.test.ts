// Goal: the pages "Start in 5 minutes" are true to the letter. Method: each is followed from an empty folder: its commands are typed, its files written,
// its two windows opened in a real browser, and what it says happens there has to happen. Ports are others, as 8787 may be taken; packages are those that npm would
// publish. With CI they are installed by npm; else they are linked, types are not checked, nothing is built, and one page has to do.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CHROMIUM_ARGS, findChromium } from '../browser/find-chromium.ts'
import { type PackedPackages, packPackages } from '../harness/packed-packages.ts'
import { freePort } from '../harness/server-process.ts'
import { blocksOf, nameOf } from './page-code.ts'
import { openTerminal } from './terminal.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const isQuick = process.env.CI === undefined
/** Also the first time that Vite bundles what the page imports, on two busy cores. */
const WITHIN_MS = 60_000
/** The commands that end when their terminal does. */
const KEEPS_RUNNING = /^npx (tidemark serve|vite --port)/
/** Those that only check and build. */
const MAY_WAIT = /^npx (tsc|vite build)$/

let packed: PackedPackages
let browser: Browser
beforeAll(async () => {
  packed = await packPackages()
  browser = await chromium.launch({ executablePath: await findChromium(), args: CHROMIUM_ARGS })
})
afterAll(async () => {
  await browser?.close()
})

// Side by side: most of it is waiting.
it.concurrent.for(isQuick ? ['vite-react'] : ['typescript', 'vite-react'])(
  'docs/start/%s.md leads from an empty folder to a list on two devices that is written without a server',
  { timeout: 300_000 },
  async (name, { onTestFinished }) => {
    const ports = { 8787: await freePort(), 5173: await freePort() }
    const elsewhere = (text: string) => text.replaceAll('8787', String(ports[8787])).replaceAll('5173', String(ports[5173]))
    const blocks = blocksOf(elsewhere(await readFile(join(root, 'docs/start', `${name}.md`), 'utf8')))
    const terminal = await openTerminal(packed, { quick: isQuick, port: ports[8787] })
    onTestFinished(terminal.close)
    const openWindow = async () => {
      const { page, close } = await openPrivateWindow()
      onTestFinished(close)
      return page
    }
    const servers: (() => Promise<void>)[] = []
    for (const block of blocks) {
      const file = nameOf(block)
      if (file !== undefined) await terminal.write(file, block.code)
      else if (block.language === 'sh')
        for (const line of block.code.trim().split('\n')) {
          if (KEEPS_RUNNING.test(line)) servers.push(await terminal.start(line))
          else if (!isQuick || !MAY_WAIT.test(line)) await terminal.type(line)
        }
    }
    let [endServer = async () => {}] = servers
    const serve = blocks.flatMap(({ code }) => code.split('\n')).find((line) => line.startsWith('npx tidemark serve')) ?? ''

    const [one, two] = [await openWindow(), await openWindow()]
    for (const page of [one, two]) {
      await page.goto(`http://localhost:${ports[5173]}`)
      await says(page, 'live, 0 to send')
    }
    await add(one, 'Bread')
    await shows(two, ['Bread'])
    await says(one, 'live, 0 to send')

    await endServer()
    await add(one, 'Milk')
    await shows(one, ['Bread', 'Milk (on its way)'])
    await one.reload()
    await shows(one, ['Bread', 'Milk (on its way)'])

    endServer = await terminal.start(serve)
    await shows(two, ['Bread', 'Milk'])
    await shows(one, ['Bread', 'Milk'])
    await two.getByRole('checkbox').first().click()
    await comesTo(() => one.getByRole('checkbox').first().isChecked(), true)

    if (isQuick) return
    await endServer()
    await terminal.start(`${serve} --page dist`)
    const third = await openWindow()
    await third.goto(`http://localhost:${ports[8787]}`)
    await shows(third, ['Bread', 'Milk'])
  },
)

async function add(page: Page, title: string): Promise<void> {
  await page.getByLabel('What to buy').fill(title)
  await page.getByRole('button', { name: 'Add' }).click()
}
const shows = (page: Page, items: readonly string[]) => comesTo(() => page.getByRole('listitem').allInnerTexts(), items)
const says = (page: Page, text: string) => comesTo(() => page.getByRole('status').innerText(), text)

/** `expect.poll`, which tests that run side by side cannot share. */
async function comesTo<T>(read: () => Promise<T>, expected: T): Promise<void> {
  const endMs = performance.now() + WITHIN_MS
  while (!isDeepStrictEqual(await read(), expected) && performance.now() < endMs) await new Promise((resolve) => setTimeout(resolve, 20))
  expect(await read()).toEqual(expected)
}

/** A device of its own. `close` rejects with what its page threw. */
async function openPrivateWindow(): Promise<{ readonly page: Page; close(): Promise<void> }> {
  const context = await browser.newContext()
  context.setDefaultTimeout(WITHIN_MS)
  const thrown: string[] = []
  context.on('weberror', (error) => thrown.push(String(error.error().stack ?? error.error())))
  return {
    page: await context.newPage(),
    async close() {
      await context.close()
      expect(thrown).toEqual([])
    },
  }
}
