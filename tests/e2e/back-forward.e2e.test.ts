// Goal: a page that is left holds no socket, can therefore stay in the back/forward cache, and is current when it comes back.
// Method: real Chromium with that cache; the server counts its connections.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ChatPage } from './chat-page.ts'
import { sendAs } from './send-as.ts'
import { openStage, type Stage } from './stage.ts'

/** How long a page is left alone in the cache, in ms. */
const AWAY_MS = process.env.CI === undefined ? 300 : 3_000

let stage: Stage
beforeAll(async () => {
  stage = await openStage({ backForwardCache: true })
})
afterAll(async () => await stage?.close())

async function connections(): Promise<number> {
  const text = await (await fetch(`${stage.url}metrics`)).text()
  return Number(/^tidemark_connections (\d+)$/m.exec(text)?.[1])
}
/** A page that is loaded anew has forgotten it. */
const remembers = (page: Page) => page.evaluate(() => 'wasHere' in globalThis)

describe('a page that is left and come back to', () => {
  it('holds no socket meanwhile, is not loaded anew, and shows at once what it missed', async () => {
    const { page } = await stage.device()
    const alice = new ChatPage(page, stage.url)
    await alice.signIn('alice')
    await alice.join('pier')
    await alice.say('before')
    await alice.becomes('before', 'confirmed')
    await page.evaluate(() => Object.assign(globalThis, { wasHere: true }))
    expect(await connections()).toBeGreaterThan(0)
    let sockets = 0
    page.on('websocket', () => sockets++)

    for (const text of ['meanwhile', 'and again']) {
      await page.goto(`${stage.url}healthz`)
      await alice.sees(connections, 0)
      await sendAs(stage.url, 'bob', 'room:pier', text)
      await new Promise((resolve) => setTimeout(resolve, AWAY_MS))
      expect([await connections(), sockets]).toEqual([0, 0])

      await page.evaluate(() => history.back())
      await alice.isLive()
      await alice.becomes(text, 'confirmed')
      expect(await remembers(page)).toBe(true)
      // The live one, and perhaps a probe beside it [B12].
      expect([1, 2]).toContain(await connections())
      expect([1, 2]).toContain(sockets)
      sockets = 0
    }
    await alice.say('back again')
    await alice.becomes('back again', 'confirmed')
    await alice.showsTexts(['before', 'meanwhile', 'and again', 'back again'])
  })
})
