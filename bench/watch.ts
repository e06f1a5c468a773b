import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { CHROMIUM_ARGS, findChromium } from '../tests/browser/find-chromium.ts'
import { buildPage, cpuOf } from './first-sync.ts'
import { withFolder } from './folder.ts'
import { assertDone, type Figure, figuresOf } from './measure/figure.ts'
import type { How, WatchPage } from './page/watch-page.ts'
import type { Scale } from './scale.ts'

const HOWS: readonly How[] = ['watch', 'liveQuery', 'nobody']

/** One document of a long list changes at a time: who watches it, beside Dexie's liveQuery for the same list; in one tab, and from one to another. */
export async function watch({ rounds, watch: { documents, changes } }: Scale): Promise<readonly Figure[]> {
  const executablePath = await findChromium()
  if (executablePath === undefined) {
    console.log('watch: left out, there is no Chromium on this machine')
    return []
  }
  return withFolder(async (folder) => {
    await buildPage(folder('page'))
    const browser = await chromium.launch({ executablePath, args: CHROMIUM_ARGS })
    const context = await browser.newContext()
    const here = await opened(context, folder('page'), documents)
    const there = await opened(context, folder('page'), documents)
    let version = documents + 1
    const round = (writer: Page) => async () => {
      const cpuMs: Record<string, number> = {}
      for (const how of HOWS) {
        const listed = await asked(here, (page, how) => page.listen(how), how)
        if (how !== 'nobody') assertDone('documents of the result', listed, documents)
        // The browser tells CPU time in steps of 10 ms: of what costs little more is done.
        const count = how === 'liveQuery' ? changes : changes * 10
        const before = await cpuMsOf(browser)
        const told = await asked(writer, (page, { version, count, how }) => page.change(version, count, how !== 'nobody'), {
          version,
          count,
          how,
        })
        cpuMs[how] = ((await cpuMsOf(browser)) - before) / count
        if (how !== 'nobody') assertDone('changes that were told', told, count)
        version += count
        await asked(here, (page) => page.end(), undefined)
      }
      const { watch = Number.NaN, liveQuery = Number.NaN, nobody = Number.NaN } = cpuMs
      return {
        'CPU ms of the pages a change, its commit among them': { ours: watch, 'Dexie liveQuery': liveQuery, 'the commit alone': nobody },
      }
    }
    const figures: Figure[] = []
    for (const [name, writer] of [
      ['changed in the same tab', here],
      ['changed in another tab', there],
    ] as const) {
      // Not counted: the page's code is compiled.
      await round(writer)()
      figures.push(
        ...(await figuresOf('watch', `${documents} documents, ${name}`, rounds, [], () => ({ documents, changes }), round(writer))),
      )
    }
    await browser.close()
    return figures
  })
}

/** A tab of one browser profile, with the replica open. */
async function opened(context: BrowserContext, folder: string, documents: number): Promise<Page> {
  const page = await context.newPage()
  const types: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' }
  await page.route('**/*', async (route) => {
    const { pathname } = new URL(route.request().url())
    const file = pathname === '/' ? 'index.html' : pathname
    await route.fulfill({ body: await readFile(join(folder, file)), contentType: types[extname(file)] ?? 'application/octet-stream' })
  })
  await page.goto('http://localhost/')
  await page.waitForFunction('globalThis.watchPage !== undefined')
  await asked(page, (page, documents) => page.open(documents), documents)
  return page
}

/** Runs `work` in the page. */
function asked<Given, Answer>(
  page: Page,
  work: (page: WatchPage, given: Given) => Answer | Promise<Answer>,
  given: Given,
): Promise<Answer> {
  return page.evaluate(`(${work})(globalThis.watchPage, ${JSON.stringify(given)})`) as Promise<Answer>
}

async function cpuMsOf(browser: Browser): Promise<number> {
  const cdp = await browser.newBrowserCDPSession()
  try {
    return (await cpuOf(cdp)).pageS * 1000
  } finally {
    await cdp.detach()
  }
}
