// Goal: who runs a show can do it from the console: see what is said, hold and release, block, stop, edit words, and find each act in the audit; nobody else can.
// Method: the real server with the page as it is built into its package, and a real browser. Viewers speak over HTTP, as a plain page would.
import type { BrowserContextOptions } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { http, tokenOf, type WireAnswer, WireOutbox } from '../harness/wire-peer.ts'
import { isAccessible } from './accessible.ts'
import { ConsolePage } from './console-page.ts'
import { pictured } from './pictured.ts'
import { sendAs } from './send-as.ts'
import { openStage, type Stage } from './stage.ts'

const TITLES = ['Overview', 'Lanes', 'Held', 'People', 'Words', 'Spaces', 'Connections', 'Refused & limits', 'Audit']
const isThorough = process.env.CI !== undefined

let stage: Stage
beforeAll(async () => {
  stage = await openStage({ module: 'tests/e2e/show-backend.ts' })
})
afterAll(async () => await stage?.close())

async function arrive(user: string, options: BrowserContextOptions = {}): Promise<ConsolePage> {
  const { page } = await stage.device(options)
  const console = new ConsolePage(page, stage.url)
  await console.signIn(user)
  return console
}

describe('who is let in', () => {
  it('whoever moderates is, others are told that it is not for them, and a token is in no address', async () => {
    const eve = await arrive('eve')
    await eve.page.getByRole('heading', { name: 'This is not for you' }).waitFor()
    await eve.button('Sign in as somebody else').click()
    const token = await tokenOf(new URL(stage.url).origin, 'host')
    await eve.page.getByLabel('Token').fill(token)
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
    expect(asked.filter((url) => url.includes(token))).toEqual([])
    await page.context().close()
  })

  it('who may look is shown everything, and can press nothing', async () => {
    const looker = await arrive('looker')
    await looker.page.getByText('may look, not act').waitFor()
    await looker.open('Words')
    await looker.page.getByLabel('One a line').fill('spam')
    expect(await looker.button('Add 1 word').isDisabled()).toBe(true)
  })
})

describe('a show', () => {
  it('what the server refuses is said, and tried again or dismissed', async () => {
    const host = await arrive('host')
    await host.isLive()
    await host.open('People')
    const form = host.page.getByRole('region', { name: 'Mute or block' })
    await form.getByLabel('User').fill('no such name!')
    await form.getByRole('button', { name: 'Mute' }).click()
    await host.page.getByText('Nothing was done.').waitFor()
    await host.button('Close').click()
    await host.sees(async () => await host.page.getByText('Nothing was done.').count(), 0)
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
    await host.open('Connections')
    await host.row('host').getByText('at the head').first().waitFor()
    await host.open('Refused & limits')
    await host.row('zoe').getByText('invalid').waitFor()
    await host.page.getByText('Live connections').click()
    await host.page.getByText('connections max', { exact: true }).waitFor()
    await host.page.getByRole('row').getByRole('link', { name: 'zoe' }).click()
    await host.page.getByRole('heading', { name: 'zoe' }).waitFor()
    await host.page.getByText('2 devices on which they wrote').waitFor()
  })

  it.each(['light', 'dark'] as const)('is readable for everybody, on a phone too: %s', async (colorScheme) => {
    const pages = isThorough ? TITLES : colorScheme === 'light' ? ['Overview', 'Words', 'Lanes'] : ['Held', 'People', 'Connections']
    for (const viewport of isThorough
      ? [
          { width: 1280, height: 800 },
          { width: 375, height: 812 },
        ]
      : [{ width: 375, height: 812 }]) {
      const host = await arrive('host', { colorScheme, viewport })
      await host.isLive()
      for (const title of pages) {
        await host.open(title)
        await host.page.waitForLoadState('networkidle')
        await isAccessible(host.page)
        expect(await host.page.locator('html').evaluate((html) => html.scrollWidth)).toBe(viewport.width)
        await pictured(host.page, `console-${title.split(' ')[0]?.toLowerCase()}-${viewport.width}-${colorScheme}`)
      }
    }
  })
})
