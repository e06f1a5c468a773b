// Goal: of several tabs of one device one is connected, all show and do the same, and whatever becomes of that one, another goes on.
// Method: the demo in two or three pages of one real browser; the server counts its sockets. A page is closed, its renderer is killed, it is
// frozen as the browser freezes (`Page.setWebLifecycleState`), hangs in a loop as one that is frozen without a word, or is hidden.
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type BarePage, startBareChromium } from '../browser/bare-chromium.ts'
import { ChatPage } from './chat-page.ts'
import { sendAs } from './send-as.ts'
import { openStage, type Stage } from './stage.ts'

/** From the end of a leader to another tab that is live and current: the promise, and what a busy machine takes for it. */
const HANDED_OVER_MS = 2000
/** A tab in front asks every 5 s, and takes no answer for 5 s for silence. */
const TAKEN_OVER_MS = 12_000

/** The others take their time. */
const ALWAYS = ['crashes']
const patiently = (name: string, work: () => Promise<void>) => {
  if (process.env.CI !== undefined) it(name, work)
}

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(async () => await stage?.close())

/** What the server counts: the connection of each device, and beside it at most one that is silent, to learn what the path bears. */
async function expectSockets(connections: number): Promise<void> {
  const sockets = async () => {
    const text = await (await fetch(new URL('metrics', stage.url))).text()
    return Number(/^tidemark_connections (\d+)$/m.exec(text)?.[1])
  }
  await expect.poll(sockets).toBeLessThanOrEqual(2 * connections)
  expect(await sockets()).toBeGreaterThanOrEqual(connections)
}

/** A tab, and its live connections; those that only probe do not count. */
class Tab extends ChatPage {
  opened = 0
  open = 0

  constructor(page: Page) {
    super(page, stage.url)
    page.on('websocket', (socket) => {
      let isLive: boolean | undefined
      socket.on('framesent', ({ payload }) => {
        if (isLive !== undefined) return
        isLive = !String(payload).includes('"probe":true')
        this.opened += Number(isLive)
        this.open += Number(isLive)
      })
      socket.on('close', () => {
        this.open -= Number(isLive ?? false)
      })
    })
  }
}

/** One device with so many tabs of one user in one room; the first one leads. */
async function tabs(count: number, user: string, room: string, context?: BrowserContext): Promise<Tab[]> {
  const device = context ?? (await stage.device()).context
  const all: Tab[] = []
  for (let n = 0; n < count; n++) {
    const tab = new Tab(await device.newPage())
    if (n === 0) {
      await tab.signIn(user)
      await tab.join(room)
    } else await tab.page.goto(`${stage.url}#/room/${room}`)
    await tab.isLive()
    all.push(tab)
  }
  return all
}

/** Sends as somebody else, and resolves with how long it takes until the tab shows it, in ms. */
async function shownAfter(tab: Tab, room: string, text: string): Promise<number> {
  const sinceMs = performance.now()
  await sendAs(stage.url, 'bob', `room:${room}`, text)
  await tab.becomes(text, 'confirmed')
  return performance.now() - sinceMs
}

describe('two tabs', () => {
  it('have one socket, and each shows what either of them, or anybody else, wrote', async () => {
    const [first, second, third] = (await tabs(3, 'alice', 'pier')) as [Tab, Tab, Tab]
    await expectSockets(1)
    expect([first, second, third].map(({ opened }) => opened)).toEqual([1, 0, 0])
    await second.say('from the second')
    await third.say('from the third')
    await sendAs(stage.url, 'bob', 'room:pier', 'from bob')
    for (const tab of [first, second, third])
      for (const text of ['from the second', 'from the third', 'from bob']) await tab.becomes(text, 'confirmed')
    await third.join('lobby')
    await third.isLive()
    await sendAs(stage.url, 'bob', 'room:lobby', 'in the lobby')
    await third.becomes('in the lobby', 'confirmed')
    await expectSockets(1)
  })

  for (const how of process.env.CI === undefined ? ALWAYS : [...ALWAYS, 'is closed'])
    it(`a leader that ${how}: the other is live within 2 s, and what was written meanwhile is sent once`, async () => {
      const room = how.replaceAll(' ', '-')
      const [first, second] = (await tabs(2, `carol-${room}`, room)) as [Tab, Tab]
      expect([first.open, second.open]).toEqual([1, 0])
      const cdp = await first.page.context().newCDPSession(first.page)
      if (how === 'is closed') await first.page.close()
      else await Promise.race([cdp.send('Page.crash').catch(() => {}), first.page.waitForEvent('crash')])
      const tookMs = await shownAfter(second, room, 'meanwhile')
      expect(tookMs).toBeLessThan(HANDED_OVER_MS)
      expect(second.opened).toBe(1)
      await second.say('mine')
      await second.becomes('mine', 'confirmed')
      await expectSockets(1)
    })

  patiently(
    'a leader that the browser freezes lets go: the other is live within 2 s, and the one that thaws shows what it missed',
    async () => {
      const browser = await startBareChromium()
      onTestFinished(async () => await browser.close())
      const open = async () => {
        const page = await browser.open(stage.url)
        await sees(page, `location.href.startsWith('${stage.url}') && document.readyState === 'complete'`)
        await page.evaluate(`localStorage.setItem('tidemark:user', 'gina'); location.hash = '#/room/ice'; location.reload()`)
        await sees(page, live)
        return page
      }
      const live = `document.querySelector('[data-testid=water-line]')?.dataset.phase === 'live'`
      const shows = (text: string) => `[...document.querySelectorAll('.message-bubble')].some((it) => it.textContent === '${text}')`
      const sees = async (page: BarePage, expression: string) =>
        await expect.poll(async () => await page.evaluate(expression), { timeout: 30_000, interval: 20 }).toBe(true)

      const first = await open()
      await sendAs(stage.url, 'bob', 'room:ice', 'before')
      await sees(first, shows('before'))
      const second = await open()
      await expectSockets(1)
      await first.evaluate(`globalThis.heard = []; document.addEventListener('freeze', () => heard.push('freeze'))`)
      await first.send('Page.setWebLifecycleState', { state: 'frozen' })
      const sinceMs = performance.now()
      await sendAs(stage.url, 'bob', 'room:ice', 'meanwhile')
      await sees(second, `${shows('meanwhile')} && ${live}`)
      expect(performance.now() - sinceMs).toBeLessThan(HANDED_OVER_MS)
      expect(await first.evaluate(`JSON.stringify(heard)`)).toBe('["freeze"]')
      await expectSockets(1)
      await first.send('Page.setWebLifecycleState', { state: 'active' })
      await sees(first, `${shows('meanwhile')} && ${live}`)
      await expectSockets(1)
    },
  )

  patiently(
    'a leader that hangs without a word: the tab in front takes over, and nothing is sent twice when the other runs on',
    async () => {
      const [first, second] = (await tabs(2, 'dora', 'hang')) as [Tab, Tab]
      // Not frozen as the browser does, which tells: nothing of it runs, and its lock stays.
      const hung = first.page.evaluate((forMs) => {
        const endMs = performance.now() + forMs
        while (performance.now() < endMs);
      }, TAKEN_OVER_MS + 2000)
      await second.say('while it hangs')
      const sinceMs = performance.now()
      await second.becomes('while it hangs', 'confirmed')
      expect(performance.now() - sinceMs).toBeLessThan(TAKEN_OVER_MS)
      await hung
      await first.becomes('while it hangs', 'confirmed')
      await first.isLive()
      await expectSockets(1)
      expect([first.open, second.open]).toEqual([0, 1])
    },
  )

  patiently('a tab in front takes over from one that was hidden', async () => {
    const [first, second] = (await tabs(2, 'erin', 'hidden')) as [Tab, Tab]
    const set = (tab: Tab, state: 'hidden' | 'visible') =>
      tab.page.evaluate((state) => {
        Object.defineProperty(document, 'visibilityState', { value: state, configurable: true })
        document.dispatchEvent(new Event('visibilitychange'))
      }, state)
    await set(second, 'hidden')
    await set(first, 'hidden')
    await set(second, 'visible')
    await second.sees(async () => [first.open, second.open], [0, 1])
    expect(await shownAfter(first, 'hidden', 'both see it')).toBeLessThan(HANDED_OVER_MS)
    await expectSockets(1)
  })

  patiently('without locks, or without a channel, each is connected for itself', async () => {
    for (const missing of ['locks', 'channel']) {
      const { context } = await stage.device()
      await context.addInitScript((missing) => {
        if (missing === 'locks') Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })
        else Reflect.deleteProperty(globalThis, 'BroadcastChannel')
      }, missing)
      const [first, second] = (await tabs(2, `frank-${missing}`, missing, context)) as [Tab, Tab]
      expect([first.opened, second.opened]).toEqual([1, 1])
      await first.say('one')
      await second.say('two')
      for (const tab of [first, second]) for (const text of ['one', 'two']) await tab.becomes(text, 'confirmed')
      await context.close()
      await expectSockets(0)
    }
  })
})
