// Goal: a person scrolls smoothly while a server commits 200 changes a second into what is on the screen: a list of 10,000 rows.
// A frame is the time from one requestAnimationFrame to the next; 16.7 ms where none is missed.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createSyncServer, jwt, type Listening, type SyncServer, serve, signToken, sqliteChangelog } from '@tidemark/server'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHROMIUM_ARGS, findChromium } from '../browser/find-chromium.ts'
import { filesOf } from '../docs/page-code.ts'
import { buildPage } from './build-page.ts'
import { app, BOARD } from './burst-page/app.ts'
import type { Frames } from './burst-page/frames.ts'

const ROWS = 10_000
const CHANGES_PER_S = 200
const BURST_S = process.env.CI === undefined ? 5 : 60
const FRAME_P95_MS_MAX = 20
/** Another program may take the machine for a moment: the best of so many bursts counts. */
const TRIES = 3
const TEST_WITHIN_MS = TRIES * BURST_S * 1000 + 60_000
const COMMITS_AT_ONCE = 500
const SECRET = 'shown to nobody but this page, on loopback'

let folder: string
let server: SyncServer<typeof app>
let listening: Listening
let browser: Browser
/** Cards in order of their creation, as the server has them: what a row shows, by id. */
const cards = new Map<string, string>()
let made = 0

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-burst-'))
  await buildPage(fileURLToPath(new URL('burst-page', import.meta.url)), join(folder, 'page'))
  server = createSyncServer({
    app,
    access: { board: () => 'read' },
    changelog: sqliteChangelog(join(folder, 'tidemark.db')),
    authenticate: jwt({ secret: SECRET, algorithms: ['HS256'] }),
    page: join(folder, 'page'),
  })
  listening = await serve(server, { port: 0 })
  while (cards.size < ROWS) await commit(Array.from({ length: COMMITS_AT_ONCE }, add))
  browser = await chromium.launch({ executablePath: await findChromium(), args: CHROMIUM_ARGS })
})
afterAll(async () => {
  await browser?.close()
  await listening?.close()
  await rm(folder, { recursive: true, force: true })
})

type Run = Parameters<typeof server.commit<typeof BOARD>>[1]

function add(): Run {
  const id = `card${made}`
  const title = `Card ${made++}`
  cards.set(id, `${title} 0`)
  return (tx) => tx.cards.create(id, { title, points: 0 })
}
function update(): Run {
  const id = anyCard()
  const points = ++made
  cards.set(id, cards.get(id)?.replace(/\d+$/, String(points)) ?? '')
  return (tx) => tx.cards.patch(id, { points })
}
function remove(): Run {
  const id = anyCard()
  cards.delete(id)
  return (tx) => tx.cards.delete(id)
}
const KINDS = [update, add, update, remove, update]

function anyCard(): string {
  // Spread over the list, the same in every run.
  const at = (made * 7919) % cards.size
  return [...cards.keys()][at] ?? ''
}

async function commit(runs: readonly Run[]): Promise<void> {
  for (const ended of await server.commitMany(runs.map((run) => ({ space: BOARD, run })))) if (ended.error) throw ended.error
}

/** One change a commit, evenly spread; what is late is made up for. Returns how many. */
async function burst(seconds: number): Promise<number> {
  const beganMs = performance.now()
  let count = 0
  while (count < seconds * CHANGES_PER_S) {
    const due = Math.min(seconds * CHANGES_PER_S, Math.floor(((performance.now() - beganMs) * CHANGES_PER_S) / 1000))
    const runs: Run[] = []
    for (; count < due; count++) runs.push((KINDS[count % KINDS.length] as () => Run)())
    if (runs.length > 0) await commit(runs)
    await new Promise((resolve) => setTimeout(resolve, 1000 / CHANGES_PER_S))
  }
  return count
}

const percentile = (values: readonly number[], share: number) => [...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? 0
const showsAll = (page: Page) =>
  expect
    .poll(async () => (await page.evaluate('burstPage.texts().join("\\n")')) === [...cards.values()].join('\n'), {
      timeout: 30_000,
      interval: 100,
    })
    .toBe(true)

describe('a list of 10,000 rows', () => {
  it('is the one of the guide', async () => {
    const text = (path: string) => readFile(new URL(path, import.meta.url), 'utf8')
    const onPage = filesOf(await text('../../docs/guides/long-lists.md')).get('blocks.ts')
    expect(onPage?.split('\n').filter(Boolean).slice(1)).toEqual((await text('burst-page/blocks.ts')).split('\n').filter(Boolean))
  })

  it(
    `takes ${CHANGES_PER_S} changes a second for ${BURST_S} s: 19 of 20 frames within ${FRAME_P95_MS_MAX} ms, at most one render a frame, and nothing is missing`,
    async () => {
      const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
      const thrown: string[] = []
      page.on('pageerror', (error) => thrown.push(String(error)))
      const token = await signToken({ secret: SECRET, user: 'reader', nowMs: Date.now(), expiresInS: 3600 })
      await page.goto(`${listening.url}/?token=${token}`)
      await page.locator('.card').first().waitFor()
      await showsAll(page)

      const p95s: number[] = []
      for (let attempt = 0; attempt < TRIES && !p95s.some((ms) => ms <= FRAME_P95_MS_MAX); attempt++) {
        await page.evaluate('burstPage.begin()')
        const changes = await burst(BURST_S)
        const { frameMs, longTasksMs, renders } = (await page.evaluate('burstPage.end()')) as Frames
        const p95 = percentile(frameMs, 0.95)
        p95s.push(p95)
        console.log(
          `${changes} changes, ${frameMs.length} frames, p50 ${percentile(frameMs, 0.5).toFixed(1)} ms, p95 ${p95.toFixed(1)} ms, longest ${Math.max(...frameMs).toFixed(1)} ms, ${renders} renders, ${longTasksMs.length} long tasks`,
        )
        expect(changes).toBe(BURST_S * CHANGES_PER_S)
        expect(renders).toBeGreaterThan(0)
        expect(renders).toBeLessThanOrEqual(frameMs.length + 1)
        await showsAll(page)
      }
      expect(Math.min(...p95s)).toBeLessThanOrEqual(FRAME_P95_MS_MAX)
      expect(thrown).toEqual([])
      await page.close()
    },
    TEST_WITHIN_MS,
  )
})
