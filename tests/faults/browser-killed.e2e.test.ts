// Goal: what a page was told is saved survives the death of its renderer and of its whole browser, nothing is half, and it reaches the
// server once (P1, P2, P9). Method: the real client in a real Chromium writes without pause beside a neighbour whose ranges come in, and
// tells this process of each call that has resolved; SIGKILL at a moment of chance; the same profile is opened again and looked at
// before it has a network.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { build, defaultClientConditions } from 'vite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CHROMIUM_ARGS, findChromium } from '../browser/find-chromium.ts'
import { devToken, freePort, type ServerProcess, startServer } from '../harness/server-process.ts'
import { http, WireOutbox } from '../harness/wire-peer.ts'
import type { Seen } from './killed-page/page.ts'
import { storedSpace } from './stored-log.ts'

const ROUNDS = process.env.CI === undefined ? 2 : 10
/** Every third death is the whole browser's. */
const KINDS = 3
const WRITES_MS = [250, 900] as const
const SPACE = 'room:k'

/** One browser on one profile. */
interface Started {
  readonly child: ChildProcess
  readonly browser: Browser
}

let folder: string
let server: ServerProcess
let started: Started | undefined
const saved = new Set<string>()
const neighbour = new WireOutbox()
let neighbours = 0

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-killed-'))
  await build({
    root: fileURLToPath(new URL('killed-page', import.meta.url)),
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['@tidemark/source', ...defaultClientConditions] },
    build: { outDir: join(folder, 'page'), target: 'es2022', reportCompressedSize: false },
  })
  server = await startServer({
    data: join(folder, 'data'),
    port: await freePort(),
    module: 'tests/faults/killed-page/app.ts',
    flags: ['--dev', '--page', join(folder, 'page')],
  })
})
afterAll(async () => {
  if (started) await killBrowser(started)
  await server?.end('SIGKILL')
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

/** Chromium by itself, in a process group of its own: a kill -9 of it is a kill -9, which a driver's browser would clean up after. */
async function startBrowser(): Promise<Started> {
  const flags = ['--headless=new', '--remote-debugging-port=0', '--no-default-browser-check', `--user-data-dir=${join(folder, 'profile')}`]
  const child = spawn((await findChromium()) as string, [...CHROMIUM_ARGS, ...flags, 'about:blank'], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  const address = await new Promise<string>((resolve, reject) => {
    child.stderr.on('data', (chunk) => {
      said += chunk
      const [, found] = /DevTools listening on (ws:\S+)/.exec(said) ?? []
      if (found) resolve(found)
    })
    child.once('exit', () => reject(new Error(`the browser ended:\n${said}`)))
  })
  return { child, browser: await chromium.connectOverCDP(address) }
}
async function killBrowser({ child }: Started): Promise<void> {
  const gone = once(child, 'exit')
  process.kill(-(child.pid as number), 'SIGKILL')
  await gone
}
/** All renderers: the page's, and the spare one that a browser keeps. Resolves once the browser has heard of their death. */
async function killRenderers({ browser }: Started): Promise<void> {
  const cdp = await browser.newBrowserCDPSession()
  const living = async () => {
    const { processInfo } = await cdp.send('SystemInfo.getProcessInfo')
    return processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id)
  }
  const killed = await living()
  expect(killed.length).toBeGreaterThan(0)
  for (const id of killed) process.kill(id, 'SIGKILL')
  await expect.poll(async () => (await living()).filter((id) => killed.includes(id)), { timeout: 10_000 }).toEqual([])
  await cdp.detach()
}

/** The browser may hand out a renderer of whose death it has not heard yet: such a page never ran, and another is asked for. */
async function newPage(browser: Browser): Promise<Page> {
  const [context] = browser.contexts() as [ReturnType<Browser['contexts']>[number]]
  for (let left = 5; ; left--) {
    try {
      return await context.newPage()
    } catch (error) {
      if (left === 0 || !String(error).includes('Target crashed')) throw error
    }
  }
}

async function openPage({ browser }: Started): Promise<{ page: Page; seen: Seen }> {
  const page = await newPage(browser)
  await page.exposeFunction('saved', (id: string) => void saved.add(id))
  await page.goto(server.url)
  await page.waitForFunction('globalThis.killedPage !== undefined')
  const token = await devToken(server.url, 'alice')
  return { page, seen: await page.evaluate((token) => globalThis.killedPage.open(token), token) }
}

/** Bob writes, too, so that the page applies ranges while it dies. */
async function writeBeside(until: () => boolean): Promise<void> {
  while (!until()) {
    const mutation = neighbour.next(SPACE, 'pair', { id: `bob-${neighbours++}` })
    const { body } = await http<{ acks: { in: object }[] }>(server.url, 'bob', '/v1/mutations', { body: neighbour.batch(mutation) })
    expect(body.acks.map((ack) => ack.in)).toEqual([{ [SPACE]: expect.any(Number) }])
  }
}

/** [P1 P9] */
function expectKept(seen: Seen, before: Seen | undefined): void {
  expect(seen.half).toEqual([])
  const shown = new Set(seen.whole)
  expect([...saved].filter((id) => !shown.has(id))).toEqual([])
  expect(seen.counted).toBe(seen.whole.length)
  const { created, confirmed, refused, pending, discarded } = seen.audit
  expect([created, refused, discarded]).toEqual([confirmed + pending, 0, 0])
  expect(seen.numbers).toEqual(Array.from({ length: pending }, (_, at) => created - pending + 1 + at))
  // What a page did not live to tell of may be there, too; nothing else is.
  expect(created).toBe(seen.whole.filter((id) => !id.startsWith('bob-')).length)
  expect(created).toBeGreaterThanOrEqual(saved.size)
  if (before) expect(seen.client).toBe(before.client)
}

it(`[P1 P2 P9] everything that was saved is there after ${ROUNDS} kills, nothing is half, and the server has it once`, {
  timeout: 300_000,
}, async () => {
  started = await startBrowser()
  let before: Seen | undefined
  for (let round = 0; round < ROUNDS; round++) {
    const { page, seen } = await openPage(started)
    expectKept(seen, before)
    before = seen
    const known = saved.size
    let stopped = false
    const beside = writeBeside(() => stopped)
    page.evaluate((round) => globalThis.killedPage.write(round), round).catch(() => {})
    await new Promise((resolve) => setTimeout(resolve, WRITES_MS[0] + Math.random() * (WRITES_MS[1] - WRITES_MS[0])))
    if (round % KINDS === 1) {
      await killBrowser(started)
      started = await startBrowser()
    } else {
      const crashed = page.waitForEvent('crash')
      await killRenderers(started)
      await crashed
      await page.close()
    }
    stopped = true
    await beside
    expect(saved.size).toBeGreaterThan(known)
  }

  const { page, seen } = await openPage(started)
  expectKept(seen, before)
  const settled = await page.evaluate(() => globalThis.killedPage.settle())
  expect(settled.audit).toMatchObject({ created: seen.audit.created, pending: 0, refused: 0 })

  expect(await server.end('SIGTERM')).toBe(0)
  const { commits, documents } = storedSpace(join(folder, 'data', 'tidemark.db'), SPACE)
  const made = commits.map(({ changes }) => changes.find(({ c, id }) => c === 'halves' && id.endsWith('-a'))?.id.slice(0, -2))
  expect([...made].sort()).toEqual([...settled.whole].sort())
  expect(new Set(made).size).toBe(made.length)
  expect(documents.get('counts/pairs')).toEqual({ count: made.length })
  // In the order in which they were made.
  const next = new Map<string, number>()
  for (const id of made) {
    const [round, lane, at] = id?.split('-') ?? []
    if (round === 'bob') continue
    expect([id, at]).toEqual([id, `${next.get(`${round}-${lane}`) ?? 0}`])
    next.set(`${round}-${lane}`, Number(at) + 1)
  }
})
