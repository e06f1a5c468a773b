import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { type Browser, type CDPSession, chromium } from 'playwright-core'
import { build, defaultClientConditions } from 'vite'
import { CHROMIUM_ARGS, findChromium } from '../tests/browser/find-chromium.ts'
import { Device, WireClient } from './drive/wire-client.ts'
import { withFolder } from './folder.ts'
import { assertDone, type Figure, figuresOf } from './measure/figure.ts'
import { startSubject } from './measure/subject.ts'
import type { Synced, SyncPage } from './page/page.ts'
import type { Scale } from './scale.ts'
import type { TidemarkReady } from './subjects/tidemark.child.ts'
import { tokenFor } from './token.ts'

const ROOM = 'room:r0'

/** A room that a browser has never seen, by the real client, beside bare Dexie that is handed the same rows in as many pages. */
export async function firstSync({ rounds, firstSync: { documents } }: Scale): Promise<readonly Figure[]> {
  const executablePath = await findChromium()
  if (executablePath === undefined) {
    console.log('first-sync: left out, there is no Chromium on this machine')
    return []
  }
  return withFolder(async (folder) => {
    await buildPage(folder('page'))
    const server = await startSubject<TidemarkReady>('tidemark', { data: folder('data'), page: folder('page') })
    await fill(server.ready.url, documents)
    const browser = await chromium.launch({ executablePath, args: CHROMIUM_ARGS })
    const token = await tokenFor('reader')
    let pages = 0
    const run = async () => {
      const before = await pagesRead(server.ready.url)
      const ours = await inFreshContext(browser, server.ready.url, (page, { token }) => page.ours('room:r0', token), { token, pages })
      // What the server has read a moment ago it does not read again for the same question: the first round tells how many pages there are.
      pages = Math.max(pages, (await pagesRead(server.ready.url)) - before)
      await server.ask('pages', rowsInPages(folder('data'), pages))
      const bare = await inFreshContext(browser, server.ready.url, (page, { pages }) => page.bare(pages), { token, pages })
      for (const { synced } of [ours, bare]) assertDone('documents in the browser', synced.documents, documents)
      return {
        'CPU s of the page': { ours: ours.pageCpuS, Dexie: bare.pageCpuS },
        'CPU s of the whole browser': { ours: ours.browserCpuS, Dexie: bare.browserCpuS },
        s: { ours: ours.synced.wallS, Dexie: bare.synced.wallS },
      }
    }
    const figures = await figuresOf('first-sync', `${documents} documents`, rounds, ['s'], () => ({ documents, pages }), run)
    await browser.close()
    await server.end()
    return figures
  })
}

export async function buildPage(outDir: string): Promise<void> {
  await build({
    root: fileURLToPath(new URL('page', import.meta.url)),
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['@tidemark/source', ...defaultClientConditions] },
    build: { outDir, target: 'es2022', reportCompressedSize: false },
  })
}

async function fill(url: string, documents: number): Promise<void> {
  const device = new Device('writer', ROOM)
  const client = await WireClient.open(url, device, [])
  for (let left = documents; left > 0; left -= 100) {
    const answered = new Promise<string>((resolve) => {
      client.onFrame = resolve
    })
    client.send({ t: 'mutate', ...device.batch(Math.min(100, left)) })
    await answered
  }
  client.close()
}

/** Ranges that the server has read, of those that brought something. */
async function pagesRead(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return ['log', 'compacted']
    .map((form) => Number(new RegExp(`^tidemark_ranges_total{form="${form}"} (\\d+)`, 'm').exec(text)?.[1] ?? 0))
    .reduce((sum, ranges) => sum + ranges, 0)
}

/** The rows of a copy, as JSON, in this many pages. */
function rowsInPages(data: string, pages: number): readonly string[] {
  const db = new DatabaseSync(join(data, 'tidemark.db'), { readOnly: true })
  const found = db.prepare('select id, version, doc from documents order by version').all() as {
    id: string
    version: number
    doc: string
  }[]
  db.close()
  const rows = found.map(({ id, version, doc }) => {
    return { ...JSON.parse(doc), $k: `1 ${id}`, $s: 1, $id: id, $v: version, $b: version, $p: 0 }
  })
  const size = Math.ceil(rows.length / pages)
  return Array.from({ length: pages }, (_, page) => JSON.stringify(rows.slice(page * size, (page + 1) * size)))
}

interface Measured {
  readonly synced: Synced
  readonly pageCpuS: number
  readonly browserCpuS: number
}

/** Runs `sync` in a page of a browser profile that has seen nothing. */
async function inFreshContext(
  browser: Browser,
  url: string,
  sync: (page: SyncPage, given: { token: string; pages: number }) => Promise<Synced>,
  given: { token: string; pages: number },
): Promise<Measured> {
  const context = await browser.newContext()
  const cdp = await browser.newBrowserCDPSession()
  try {
    const page = await context.newPage()
    await page.goto(url)
    await page.waitForFunction('globalThis.syncPage !== undefined')
    const before = await cpuOf(cdp)
    const synced = (await page.evaluate(`(${sync})(globalThis.syncPage, ${JSON.stringify(given)})`)) as Synced
    const after = await cpuOf(cdp)
    return { synced, pageCpuS: after.pageS - before.pageS, browserCpuS: after.browserS - before.browserS }
  } finally {
    await cdp.detach()
    await context.close()
  }
}

/** CPU seconds of the processes that run pages, and of all that the browser runs: IndexedDB works in another one. */
export async function cpuOf(cdp: CDPSession): Promise<{ readonly pageS: number; readonly browserS: number }> {
  const { processInfo } = await cdp.send('SystemInfo.getProcessInfo')
  const sum = (fits: (type: string) => boolean) =>
    processInfo.filter(({ type }) => fits(type)).reduce((total, { cpuTime }) => total + cpuTime, 0)
  return { pageS: sum((type) => type === 'renderer'), browserS: sum(() => true) }
}
