// Goal: what a person wrote is told as data after whatever becomes of the page: waiting, refused, taken back or done, and never two of them or none.
// Method: a real server, a real browser with its own IndexedDB; the page is reloaded, closed and opened in two tabs, with its network away.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createSyncServer, jwt, type Listening, memoryChangelog, serve, signToken } from '@tidemark/server'
import { type Browser, type BrowserContext, chromium, type Page, type WebSocketRoute } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHROMIUM_ARGS, findChromium } from '../browser/find-chromium.ts'
import { buildPage } from './build-page.ts'
import { app, CLOSED } from './written-page/app.ts'
import type { Told } from './written-page/page.ts'

const SECRET = 'shown to nobody but this page, on loopback'
const WITHIN_MS = 30_000

let folder: string
let listening: Listening
let browser: Browser
let url: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-written-'))
  await buildPage(fileURLToPath(new URL('written-page', import.meta.url)), folder)
  const server = createSyncServer({
    app,
    access: { board: (_, space) => (space === CLOSED ? 'read' : 'write') },
    changelog: memoryChangelog(),
    authenticate: jwt({ secret: SECRET, algorithms: ['HS256'] }),
    page: folder,
  })
  listening = await serve(server, { port: 0 })
  url = `${listening.url}/?token=${await signToken({ secret: SECRET, user: 'alice', nowMs: Date.now(), expiresInS: 3600 })}`
  browser = await chromium.launch({ executablePath: await findChromium(), args: CHROMIUM_ARGS })
})
afterAll(async () => {
  await browser?.close()
  await listening?.close()
  await rm(folder, { recursive: true, force: true })
})

/** The page comes, and what syncs does not, while it is away. */
async function networkOf(context: BrowserContext): Promise<(isThere: boolean) => Promise<void>> {
  let isAway = false
  const sockets = new Set<WebSocketRoute>()
  await context.route('**/v1/**', (route) => (isAway ? route.abort() : route.continue()))
  await context.routeWebSocket(/\/v1\/connect/, async (socket) => {
    if (isAway) return socket.close()
    sockets.add(socket)
    socket.connectToServer()
  })
  return async (isThere) => {
    isAway = !isThere
    for (const socket of isAway ? sockets : []) await socket.close()
    sockets.clear()
  }
}
const isReady = (page: Page) => expect.poll(() => page.evaluate('typeof written'), { timeout: WITHIN_MS }).toBe('object')
async function openPage(context: BrowserContext): Promise<Page> {
  const page = await context.newPage()
  await page.goto(url)
  await isReady(page)
  return page
}
const told = (page: Page) => page.evaluate('written.told()') as Promise<Told>
const act = (page: Page, name: string, ...args: readonly string[]) =>
  page.evaluate(`written.${name}(${args.map((one) => JSON.stringify(one)).join()})`)
const becomes = (page: Page, expected: object) =>
  expect.poll(() => told(page), { timeout: WITHIN_MS, interval: 50 }).toMatchObject(expected)

describe('what was written in a browser', () => {
  it('is told after a reload, in another tab and after both are gone, each in its place', async () => {
    const context = await browser.newContext()
    const network = await networkOf(context)
    const page = await openPage(context)
    await act(page, 'write', 'done', 'open')
    await act(page, 'write', 'refused', 'closed')
    await act(page, 'write', 'refused and let go', 'closed')
    const { states } = await becomes(page, { pending: [], refused: ['refused', 'refused and let go'] }).then(() => told(page))
    expect([states.done?.at(-1), states.refused?.at(-1)]).toEqual(['confirmed', 'refused'])

    await network(false)
    for (const title of ['waits', 'taken back', 'waits, too']) await act(page, 'write', title, 'open')
    await becomes(page, { pending: ['waits', 'taken back', 'waits, too'] })
    await page.reload()
    await isReady(page)
    await becomes(page, { pending: ['waits', 'taken back', 'waits, too'], refused: ['refused', 'refused and let go'] })
    const other = await openPage(context)
    await act(other, 'dismiss', 'taken back')
    await act(page, 'dismiss', 'refused and let go')
    const left = {
      pending: ['waits', 'waits, too'],
      refused: ['refused'],
      cards: ['done', 'waits', 'waits, too'],
      audit: { created: 6, confirmed: 1, refused: 1, pending: 2, discarded: 2 },
    }
    for (const tab of [page, other]) await becomes(tab, left)
    await page.close()
    await other.close()

    const last = await openPage(context)
    await becomes(last, left)
    await network(true)
    await act(last, 'retry', 'waits')
    await becomes(last, {
      pending: [],
      refused: ['refused'],
      cards: ['done', 'waits', 'waits, too'],
      audit: { created: 6, confirmed: 3, refused: 1, pending: 0, discarded: 2 },
    })
    await context.close()

    // And that is what the server has.
    const elsewhere = await browser.newContext()
    await becomes(await openPage(elsewhere), { cards: ['done', 'waits', 'waits, too'] })
    await elsewhere.close()
  })
})
