// Goal: who runs a show can do it from the console: see what is said, hold and release, block, stop, edit words, and find each act in the audit; nobody else can.
// Method: the real server with the page as it is built into its package, and a real browser. Viewers speak over HTTP, as a plain page would.
import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { http, tokenOf, type WireAnswer, WireOutbox } from '../harness/wire-peer.ts'
import { isAccessible } from './accessible.ts'
import { ConsolePage } from './console-page.ts'
import { pictured } from './pictured.ts'
import { sendAs } from './send-as.ts'
import { openStage, type Stage } from './stage.ts'

const SPACE = 'live:main'
const LANE = 'danmu'
const PATH = `/v1/spaces/${SPACE}/lanes/${LANE}`
const TITLES = ['Overview', 'Lanes', 'Held', 'People', 'Words', 'Spaces', 'Connections', 'Refused & limits', 'Audit']
const DESK = { width: 1280, height: 800 }
const PHONE = { width: 375, height: 812 }
const TICK_MS = 100
const isThorough = process.env.CI !== undefined

let stage: Stage
/** What the pages tried, and their own policy refused. */
const refusedByPolicy: string[] = []
beforeAll(async () => {
  stage = await openStage({ module: 'tests/e2e/show-backend.ts' })
  // Ticks are waited for many times.
  await asHost('adjust', { space: SPACE, lane: LANE, tickMs: TICK_MS })
})
afterAll(async () => await stage?.close())

async function arrive(user: string, options: BrowserContextOptions = {}): Promise<ConsolePage> {
  const { page } = await stage.device(options)
  page.on('console', (message) => /content security policy/i.test(message.text()) && refusedByPolicy.push(message.text()))
  const console = new ConsolePage(page, stage.url)
  await console.signIn(user)
  return console
}

/** Says something as somebody in the crowd; what the server answers. */
async function say(
  user: string,
  text: string,
  id?: string,
): Promise<{ readonly status: number; readonly body: { readonly error?: { code: string; message: string } } }> {
  return await http(new URL(stage.url).origin, user, PATH, { body: { ...(id !== undefined && { id }), body: { text } } })
}

const hostsOutbox = new WireOutbox()
/** Does it as another device of the host's would. */
async function asHost(name: string, args: object): Promise<void> {
  const { body } = await http<WireAnswer>(new URL(stage.url).origin, 'host', '/v1/mutations', {
    body: hostsOutbox.batch(hostsOutbox.next('moderation', name, args)),
  })
  expect(body.acks[0]?.error).toBeUndefined()
}

/** Texts that a viewer is given, oldest first. */
async function seenBy(user: string): Promise<string[]> {
  const { body } = await http<{ ticks: { items: { body: { text: string } }[] }[] }>(new URL(stage.url).origin, user, PATH)
  return body.ticks.flatMap(({ items }) => items.map((item) => item.body.text))
}

describe('who is let in', () => {
  it('whoever moderates is, who may look can press nothing, others are told that it is not for them, and a token is in no address', async () => {
    const eve = await arrive('eve')
    await eve.page.getByRole('heading', { name: 'This is not for you' }).waitFor()
    await pictured(eve.page, 'console-not-for-you')
    await eve.button('Sign in as somebody else').click()
    const token = await tokenOf(new URL(stage.url).origin, 'host')
    await eve.page.getByLabel('Token').fill(token)
    await pictured(eve.page, 'console-sign-in')
    await eve.button('Use token').click()
    await eve.page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
    await eve.page.reload()
    await eve.page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()

    const { page } = await eve.page
      .context()
      .browser()!
      .newContext()
      .then(async (context) => ({ page: await context.newPage() }))
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    await page.goto(`${stage.url}console#token=${token}`)
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
    expect(page.url()).not.toContain('token')
    await page.goto(`${stage.url}console#token=${await tokenOf(new URL(stage.url).origin, 'looker')}`)
    await page.getByText('may look, not act').waitFor()
    expect(page.url()).not.toContain('token')
    const looker = new ConsolePage(page, stage.url)
    await looker.openLane(SPACE, LANE)
    expect(await looker.button('Stop').isDisabled()).toBe(true)
    await looker.open('Words')
    await page.getByLabel('One a line').fill('spam')
    expect(await looker.button('Add 1 word').isDisabled()).toBe(true)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByLabel('Token').waitFor()
    expect(
      await page.evaluate(async () => [
        sessionStorage.length,
        (await indexedDB.databases()).map(({ name }) => name).filter((name) => name?.includes('looker')),
      ]),
    ).toEqual([0, []])
    expect(asked.filter((url) => url.includes(token))).toEqual([])
    await page.context().close()
  })
})

describe('a show', () => {
  it('is run from here: items come, one is held and released once, a user is blocked, a lane stopped, words are hot, and all of it is in the audit', async () => {
    const host = await arrive('host')
    await host.open('Words')
    await host.isLive()
    await host.page.getByLabel('One a line').fill('casino\nlottery')
    await host.button('Add 2 words').click()
    await host.row('casino').waitFor()
    await host.sees(async () => await host.page.getByText('on its way').count(), 0)

    await host.openLane(SPACE, LANE)
    await expect.poll(async () => (await say('ann', 'Good evening')).status, { timeout: 10_000 }).toBe(200)
    await host.item('Good evening').first().waitFor()

    // A released comment appears once, to everybody; before that to nobody.
    expect((await say('bob', 'Win at the CASINO', 'bobs-item')).status).toBe(200)
    await host.open('Held')
    const held = host.page.getByRole('listitem').filter({ hasText: 'Win at the CASINO' })
    await held.waitFor()
    expect(await seenBy('ann')).not.toContain('Win at the CASINO')
    await held.getByRole('button', { name: 'Release' }).click()
    await held.waitFor({ state: 'detached' })
    await host.sees(async () => (await seenBy('ann')).filter((text) => text === 'Win at the CASINO').length, 1)
    await host.openLane(SPACE, LANE)
    await host.sees(async () => await host.item('Win at the CASINO').count(), 1)

    await host.item('Win at the CASINO').getByRole('button', { name: 'Mute or block bob' }).click()
    const dialog = host.page.getByRole('dialog')
    await dialog.getByLabel('Act').selectOption('block')
    await dialog.getByLabel('Because').fill('advertises')
    await dialog.getByRole('button', { name: 'Block' }).click()
    await host.sees(async () => (await say('bob', 'Again')).status, 403)

    await host.button('Stop').click()
    await host.button('Resume').waitFor()
    await host.sees(async () => (await say('ann', 'Nobody hears this')).status, 503)
    await host.button('Resume').click()
    await host.sees(async () => (await say('ann', 'Back again')).status, 200)
    await host.page.getByLabel('Announcement').fill('The second part begins at nine.')
    await host.button('Announce').click()
    await host.item('The second part begins at nine.').getByText('announcement', { exact: true }).waitFor()

    await host.open('Words')
    await host.row('casino').getByRole('checkbox').check()
    await host.button('Remove 1 word').click()
    await host.row('casino').waitFor({ state: 'detached' })
    await host.sees(async () => {
      const text = `casino ${Math.random()}`
      await say('carl', text)
      await new Promise((resolve) => setTimeout(resolve, 2 * TICK_MS))
      return (await seenBy('ann')).includes(text)
    }, true)

    await host.open('People')
    await host.row('bob').getByText('blocked').waitFor()
    await host.open('Audit')
    for (const [did, what] of [
      ['added words to hold', 'casino, lottery'],
      ['released', 'bob: Win at the CASINO'],
      ['blocked', 'bob'],
      ['stopped', `${SPACE} ${LANE}`],
      ['resumed', `${SPACE} ${LANE}`],
      ['announced', 'The second part begins at nine.'],
      ['removed words', 'casino'],
    ])
      await host.page.getByRole('row').filter({ hasText: did }).filter({ hasText: what }).first().waitFor()
  })

  it('the hold queue is walked by keys alone', async () => {
    const host = await arrive('host')
    await host.open('Words')
    await host.isLive()
    await host.page.getByLabel('One a line').fill('bingo')
    await host.button('Add 1 word').click()
    await host.row('bingo').waitFor()
    await host.sees(async () => await host.page.getByText('on its way').count(), 0)
    for (const text of ['bingo one', 'bingo two', 'bingo three'])
      await expect.poll(async () => (await say(`k-${text.slice(6)}`, text)).status, { timeout: 10_000 }).toBe(200)

    await tabTo(host.page, 'Held')
    await host.page.keyboard.press('Enter')
    const items = host.page.getByRole('list', { name: 'Held comments' }).getByRole('listitem')
    await host.sees(async () => await items.count(), 3)
    const chosen = async () => (await items.and(host.page.locator('[aria-current]')).locator('.held-said').textContent()) ?? ''
    await host.sees(chosen, 'bingo one')
    await host.page.keyboard.press('j')
    await host.sees(chosen, 'bingo two')
    await pictured(host.page, 'console-held-queue')
    await host.page.keyboard.press('d')
    await host.sees(chosen, 'bingo three')
    await host.page.keyboard.press('k')
    await host.sees(chosen, 'bingo one')
    await host.page.keyboard.press('r')
    await host.sees(async () => await items.count(), 1)
    await host.sees(chosen, 'bingo three')
    await host.sees(async () => (await seenBy('ann')).filter((text) => text.startsWith('bingo')), ['bingo one'])
    await host.page.keyboard.press('d')
    await host.page.getByRole('heading', { name: 'Nothing waits for you' }).waitFor()
  })

  it('what cannot be done is said: at once where it is no act, later where somebody else was faster while the network was away', async () => {
    const host = await arrive('host')
    await host.isLive()
    await host.open('People')
    const form = host.page.getByRole('region', { name: 'Mute or block' })
    await form.getByLabel('User').fill('no such name!')
    await form.getByRole('button', { name: 'Mute' }).click()
    await host.page.getByText('Nothing was done.').waitFor()
    await host.button('Close').click()

    await asHost('addWords', { words: ['raffle'], action: 'hold' })
    await host.open('Held')
    await host.sees(async () => {
      if ((await host.page.locator('.held-item').count()) === 0) await say('dora', 'raffle tickets', 'one-raffle')
      return await host.page.locator('.held-item').count()
    }, 1)
    const held = host.page.locator('.held-item')
    const id = await held.getAttribute('data-id')
    await host.page.context().setOffline(true)
    await held.getByRole('button', { name: 'Release' }).click()
    await held.waitFor({ state: 'detached' })
    // A page that is offline finds out by itself: its open connection is held back, not cut.
    await host.page.getByText(/1 act (will be sent|on the way)/).waitFor()
    await asHost('discard', { id })
    await host.page.context().setOffline(false)
    await host.page.getByText('somebody else was here first').waitFor()
    await pictured(host.page, 'console-refused-act')
    await host.button('Dismiss').click()
    await host.sees(async () => await host.page.getByText('somebody else was here first').count(), 0)
    expect(await seenBy('ann')).not.toContain('raffle tickets')
  })
})

describe('how the server stands', () => {
  it('connections, spaces and the tail of a log, a user, what was refused, and the limits', async () => {
    await sendAs(stage.url, 'zoe', 'room:pier', 'The ferry is late.')
    const outbox = new WireOutbox()
    const { body } = await http<WireAnswer>(new URL(stage.url).origin, 'zoe', '/v1/mutations', {
      body: outbox.batch(outbox.next('room:pier', 'send', { id: 'x', text: '' })),
    })
    expect(body.acks[0]?.error?.code).toBe('invalid')

    const host = await arrive('host')
    await host.open('Spaces')
    await host.page.getByRole('link', { name: 'room:pier' }).click()
    await host.page.getByText('"text":"The ferry is late."').waitFor()
    await pictured(host.page, 'console-log')
    await host.open('Connections')
    await host.row('host').getByText('at the head').first().waitFor()
    await host.open('Refused & limits')
    await host.row('zoe').getByText('invalid').waitFor()
    // Of bob, who was blocked before.
    await host.row('danmu in live:main').getByText('forbidden').first().waitFor()
    await host.page.getByText('Live connections').click()
    await host.page.getByText('connections max', { exact: true }).waitFor()
    await host.page.getByRole('row').getByRole('link', { name: 'zoe' }).click()
    await host.page.getByRole('heading', { name: 'zoe' }).waitFor()
    await host.page.getByText('2 devices on which they wrote').waitFor()
  })

  it('is readable for everybody, light and dark, on a phone too', async () => {
    for (const viewport of isThorough ? [DESK, PHONE] : [PHONE]) {
      const host = await arrive('host', { colorScheme: 'light', viewport })
      await host.isLive()
      for (const theme of ['light', 'dark']) {
        if (theme === 'dark') await host.button('Dark').click()
        for (const title of isThorough ? TITLES : theme === 'light' ? ['Overview', 'Words'] : ['Lanes', 'People']) {
          if (title === 'Lanes') await host.openLane(SPACE, LANE)
          else await host.open(title)
          await host.sees(async () => await host.page.locator('.skeleton').count(), 0)
          await isAccessible(host.page)
          expect(await host.page.locator('html').evaluate((html) => html.scrollWidth)).toBe(viewport.width)
          await pictured(host.page, `console-${title.split(' ')[0]?.toLowerCase()}-${viewport.width}-${theme}`)
        }
      }
    }
    expect(refusedByPolicy).toEqual([])
  })

  it('is found under an app whose service worker answers all other pages', async () => {
    const { page } = await stage.device()
    await page.goto(stage.url)
    await page.evaluate(async () => await navigator.serviceWorker.ready)
    await page.reload()
    await page.getByLabel('Your name').waitFor()
    await page.goto(`${stage.url}console`)
    await page.getByRole('heading', { name: 'Tidemark console' }).waitFor()
  })

  it('a long list stays readable: its head stays, and what is looked for is found', async () => {
    const host = await arrive('host')
    await host.isLive()
    await host.open('Words')
    const words = Array.from({ length: isThorough ? 1200 : 60 }, (_, n) => `spam number ${n}`)
    await host.page.getByLabel('One a line').fill(words.join('\n'))
    await host.button(`Add ${words.length.toLocaleString('en')} words`).click()
    await host.row('spam number 55').first().waitFor()
    if (isThorough) await host.page.getByText('The first 1,000 are shown.').waitFor()
    const table = host.page.getByRole('region', { name: 'Words of the filter' })
    await table.evaluate((scrolls) => scrolls.scrollTo(0, 20_000))
    const head = host.page.getByRole('columnheader', { name: 'Word' })
    const [headTop, tableTop] = [(await head.boundingBox())?.y, (await table.boundingBox())?.y]
    expect(headTop).toBeCloseTo(tableTop ?? -1, 0)
    await host.page.getByLabel('Filter: Words of the filter').fill(`number ${words.length - 1}`)
    await host.row(`spam number ${words.length - 1}`).waitFor()
    await host.sees(async () => await host.page.getByRole('row').count(), 2)
  })
})

/** Moves the focus forward until it stands on what begins with this name. */
async function tabTo(page: Page, name: string): Promise<void> {
  const isThere = (wanted: string) =>
    document.activeElement !== document.body && document.activeElement?.textContent?.startsWith(wanted) === true
  for (let steps = 0; steps < 60; steps += 1) {
    if (await page.evaluate(isThere, name)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`60 tabs do not reach ${name}`)
}
