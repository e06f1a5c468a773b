// Goal: comments fly smoothly, however many there are. A frame is the time from one
// requestAnimationFrame to the next; 16.7 ms where none is missed. Headless browsers draw in software.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createSyncServer, jwt, type Listening, memoryChangelog, serve } from '@tidemark/server'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHROMIUM_ARGS, findChromium } from '../browser/find-chromium.ts'
import { buildPage } from './build-page.ts'
import { app } from './burst-page/app.ts'
import type { Frames } from './burst-page/frames.ts'
import { tasksDuring } from './page-tasks.ts'
import type { SkyPage } from './sky-page/page.tsx'

const PER_S = 200
const MEASURED_S = process.env.CI === undefined ? 5 : 20
const FRAME_P95_MS_MAX = 20
/** Of a task the time counts in which it ran: where another program has the core meanwhile no page can help it. Both are told. */
const TASK_MS_MAX = 50
/** Tasks are traced apart from frames, for tracing costs some. */
const TRACED_S = process.env.CI === undefined ? 2 : 20
/** Another program may take the machine for a moment: the best of so many counts. */
const TRIES = 3
const TEST_WITHIN_MS = (TRIES + 1) * MEASURED_S * 1000 + 60_000
/** Speed and letters have come to rest, and the canvas is as full as it gets. */
const WARM_UP_MS = 4000

const percentile = (values: readonly number[], share: number) => [...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? 0

describe('comments that fly', () => {
  let folder: string
  let listening: Listening
  let browser: Browser
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidemark-sky-'))
    await buildPage(fileURLToPath(new URL('sky-page', import.meta.url)), folder)
    const authenticate = jwt({ secret: 'of a page that signs nobody in, on loopback', algorithms: ['HS256'] })
    const server = createSyncServer({ app, access: { board: () => 'none' }, changelog: memoryChangelog(), authenticate, page: folder })
    listening = await serve(server, { port: 0 })
    browser = await chromium.launch({ executablePath: await findChromium(), args: CHROMIUM_ARGS })
  })
  afterAll(async () => {
    await browser?.close()
    await listening?.close()
    await rm(folder, { recursive: true, force: true })
  })

  it(
    `are drawn within ${FRAME_P95_MS_MAX} ms in 19 of 20 frames with ${PER_S} a second at 1280 x 720, with no task over 50 ms, and all of them fly`,
    async () => {
      const page = await browser.newPage({ viewport: { width: 1280, height: 720 } })
      const thrown: string[] = []
      page.on('pageerror', (error) => thrown.push(String(error)))
      await page.goto(listening.url)
      await page.locator('canvas').waitFor()
      await page.evaluate(`skyPage.feed(${PER_S})`)
      await page.waitForTimeout(WARM_UP_MS)

      const counts = async () => (await page.evaluate('skyPage.counts()')) as ReturnType<SkyPage['counts']>
      const tries: { p95: number; missed: number }[] = []
      const isGood = ({ p95, missed }: (typeof tries)[number]) => p95 <= FRAME_P95_MS_MAX && missed === 0
      for (let attempt = 0; attempt < TRIES && !tries.some(isGood); attempt++) {
        const before = await counts()
        await page.evaluate('skyPage.begin()')
        await page.waitForTimeout(MEASURED_S * 1000)
        const { frameMs, longTasksMs } = (await page.evaluate('skyPage.end()')) as Frames
        const after = await counts()
        const p95 = percentile(frameMs, 0.95)
        const missed = after.missed - before.missed
        tries.push({ p95, missed })
        console.log(
          `${after.fed - before.fed} comments, ${after.flying} fly, ${missed} missed, ${frameMs.length} frames, p50 ${percentile(frameMs, 0.5).toFixed(1)} ms, p95 ${p95.toFixed(1)} ms, longest ${Math.max(...frameMs).toFixed(1)} ms, long tasks ${longTasksMs.map(Math.round).join(', ') || 'none'}`,
        )
        expect(after.flying).toBeGreaterThan(PER_S)
      }
      expect(tries).toContainEqual(expect.toSatisfy(isGood))

      const tasks = await tasksDuring(browser, page, () => page.waitForTimeout(TRACED_S * 1000))
      const longestMs = Math.max(...tasks.map(({ ranMs }) => ranMs))
      console.log(
        `of ${tasks.length} tasks the longest ran ${longestMs.toFixed(1)} ms, and took ${Math.max(...tasks.map(({ wallMs }) => wallMs)).toFixed(1)} ms`,
      )
      expect(tasks.length).toBeGreaterThan(TRACED_S * 20)
      expect(longestMs).toBeLessThanOrEqual(TASK_MS_MAX)
      expect(thrown).toEqual([])
      await page.close()
    },
    TEST_WITHIN_MS,
  )
})
