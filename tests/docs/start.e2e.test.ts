// Goal: the pages "Start in 5 minutes" are true to the letter. Method: each is followed from an empty folder: its commands are typed, its files written,
// its two windows opened in a real browser, and what it says happens there has to happen. Ports are others, as 8787 may be taken; packages are those that npm would
// publish. With CI they are installed by npm, else linked, and only what the page is about is done, without checks of types and a build.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
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
  await packed?.close()
})

describe.each(['typescript', 'vite-react'])('docs/start/%s.md', (name) => {
  it('leads from an empty folder to a list on two devices that is written without a server', async () => {
    const ports = { 8787: await freePort(), 5173: await freePort() }
    const elsewhere = (text: string) => text.replaceAll('8787', String(ports[8787])).replaceAll('5173', String(ports[5173]))
    const blocks = blocksOf(elsewhere(await readFile(join(root, 'docs/start', `${name}.md`), 'utf8')))
    const terminal = await openTerminal(packed, { quick: isQuick, port: ports[8787] })
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
    await expect.poll(() => one.getByRole('checkbox').first().isChecked(), { timeout: WITHIN_MS }).toBe(true)

    if (isQuick) return
    await endServer()
    await terminal.start(`${serve} --page dist`)
    const third = await openWindow()
    await third.goto(`http://localhost:${ports[8787]}`)
    await shows(third, ['Bread', 'Milk'])
  }, 600_000)
})

async function add(page: Page, title: string): Promise<void> {
  await page.getByLabel('What to buy').fill(title)
  await page.getByRole('button', { name: 'Add' }).click()
}
const shows = (page: Page, items: readonly string[]) =>
  expect.poll(() => page.getByRole('listitem').allInnerTexts(), { timeout: WITHIN_MS }).toEqual(items)
const says = (page: Page, text: string) => expect.poll(() => page.getByRole('status').innerText(), { timeout: WITHIN_MS }).toBe(text)

/** A private window: a device of its own. What its page throws fails the test. */
async function openWindow(): Promise<Page> {
  const context = await browser.newContext()
  context.setDefaultTimeout(WITHIN_MS)
  const thrown: string[] = []
  context.on('weberror', (error) => thrown.push(String(error.error().stack ?? error.error())))
  onTestFinished(async () => {
    await context.close()
    expect(thrown).toEqual([])
  })
  return context.newPage()
}
