// Goal: what was written without a network reaches the server by the service worker alone, after the page is gone, and once.
// Method: real Chromium before a server that is down, for what DevTools takes for offline holds for pages alone. The page asks the browser
// itself; DevTools wakes the worker at the moment that suits the test.
import type { BrowserContext, CDPSession, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ChatPage } from './chat-page.ts'
import { openStage, type Stage } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(async () => await stage?.close())

/** What wakes the worker of the chat, from a page that is none of its. */
async function alarmClock(context: BrowserContext): Promise<() => Promise<void>> {
  const cdp: CDPSession = await context.newCDPSession(await context.newPage())
  const registrationId = new Promise<string>((resolve) => {
    cdp.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      for (const { registrationId, scopeURL } of registrations) if (scopeURL === stage.url) resolve(registrationId)
    })
  })
  await cdp.send('ServiceWorker.enable')
  const registration = { origin: new URL(stage.url).origin, registrationId: await registrationId }
  return async () => void (await cdp.send('ServiceWorker.dispatchSyncEvent', { ...registration, tag: 'tidemark:alice', lastChance: false }))
}

/** Wakes the worker by hand; what becomes of that. */
async function woken(context: BrowserContext): Promise<string> {
  const [worker = await context.waitForEvent('serviceworker')] = context.serviceWorkers()
  return await worker.evaluate(async () => {
    const ended: Promise<unknown>[] = []
    const event = Object.assign(new Event('sync'), { tag: 'tidemark:alice', waitUntil: (work: Promise<unknown>) => ended.push(work) })
    dispatchEvent(event)
    return await Promise.all(ended).then(
      () => 'done',
      (error) => (error as Error).message,
    )
  })
}

const tags = (page: Page) =>
  page.evaluate(async () => {
    const worker = (await navigator.serviceWorker.ready) as ServiceWorkerRegistration & { sync: { getTags(): Promise<string[]> } }
    return await worker.sync.getTags()
  })

describe('without a page', () => {
  it('the worker sends what was written offline; the page finds it done, once', async () => {
    const { context, page } = await stage.device({ backgroundSync: true })
    const alice = new ChatPage(page, stage.url)
    await alice.signIn('alice')
    await alice.join('pier')
    await alice.say('before')
    await alice.becomes('before', 'confirmed')
    await alice.isKeptForOffline()
    expect(await tags(page)).toEqual([])
    const wake = await alarmClock(context)

    await stage.killServer()
    await alice.say('written offline')
    await alice.say('and this')
    await alice.becomes('and this', 'pending')
    await alice.sees(() => tags(page), ['tidemark:alice'])
    await page.close()
    await wake()

    await stage.startServer()
    const bob = new ChatPage((await stage.device()).page, stage.url)
    await bob.signIn('bob')
    await bob.join('pier')
    await bob.showsTexts(['before'])
    await wake()
    const all = ['before', 'written offline', 'and this']
    await bob.showsTexts(all)

    const again = new ChatPage(await context.newPage(), stage.url)
    await again.page.goto(`${stage.url}#/room/pier`)
    await again.isLive()
    await again.showsTexts(all)
    for (const text of all) await again.becomes(text, 'confirmed')
    await again.sees(async () => await again.waterLine.getAttribute('data-pending'), '0')

    // And once more, with page and worker at it at once.
    await Promise.all([again.say('both'), wake(), wake()])
    await again.becomes('both', 'confirmed')
    await bob.showsTexts([...all, 'both'])
  })

  it('the worker leaves alone what was written after the person switched the chat offline', async () => {
    const { context, page } = await stage.device({ backgroundSync: true })
    const alice = new ChatPage(page, stage.url)
    await alice.signIn('alice')
    await alice.join('mole')
    await alice.say('before')
    await alice.becomes('before', 'confirmed')
    await alice.isKeptForOffline()
    await alice.switchOnline(false)
    await alice.say('not yet')
    await alice.becomes('not yet', 'pending')
    expect(await tags(page)).toEqual([])

    expect(await woken(context)).toBe('token() failed: Error: this device was told to stay offline')
    await alice.becomes('not yet', 'pending')
    await alice.switchOnline(true)
    await alice.becomes('not yet', 'confirmed')
    expect(await woken(context)).toBe('done')
  })
})
