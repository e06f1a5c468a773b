// Goal: the panel shows what a replica does while it does it, in both widths and themes, to whoever uses keys or listens. Method: the
// demo, where a key opens it.
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isAccessible } from './accessible.ts'
import { ChatPage } from './chat-page.ts'
import { pictured } from './pictured.ts'
import { openStage, type Stage } from './stage.ts'

const assets = fileURLToPath(new URL('../../demo-app/dist/assets/', import.meta.url))
const TABS = ['Spaces', 'Outbox', 'Frames', 'Events', 'Beat', 'Storage', 'Report']
const DESK = { viewport: { width: 1280, height: 800 } }
const PHONE = { viewport: { width: 375, height: 812 }, hasTouch: true }
const LIGHT = { colorScheme: 'light' } as const
const DARK = { colorScheme: 'dark' } as const
const LOOKS =
  process.env.CI === undefined
    ? [{ name: 'phone-dark', tabs: ['Spaces', 'Outbox', 'Frames', 'Beat'], ...PHONE, ...DARK }]
    : [
        { name: 'desk-light', tabs: TABS, ...DESK, ...LIGHT },
        { name: 'desk-dark', tabs: TABS, ...DESK, ...DARK },
        { name: 'phone-light', tabs: TABS, ...PHONE, ...LIGHT },
        { name: 'phone-dark', tabs: TABS, ...PHONE, ...DARK },
      ]

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(async () => await stage?.close())

/** The panel as a person uses it. */
class Panel {
  readonly page: Page
  readonly whole: Locator
  constructor(page: Page) {
    this.page = page
    this.whole = page.getByRole('region', { name: 'Tidemark devtools' })
  }

  async open(): Promise<void> {
    await this.page.keyboard.press('F2')
    await this.whole.waitFor()
  }

  async select(tab: string): Promise<Locator> {
    await this.whole.getByRole('tab', { name: new RegExp(`^${tab}`) }).click()
    return this.whole.getByRole('tabpanel', { name: new RegExp(`^${tab}`) })
  }

  /** A row of the frames, by its kind. */
  frame(kind: string): Locator {
    return this.whole.getByRole('row').filter({ has: this.page.getByRole('cell', { name: kind }) })
  }
}

async function inRoom(room: string, user: string, page: Page): Promise<ChatPage> {
  const chat = new ChatPage(page, stage.url)
  await chat.signIn(user)
  await chat.join(room)
  await chat.isLive()
  return chat
}

describe('the devtools panel', () => {
  it('is in no file that the page begins with', async () => {
    const html = await readFile(`${assets}../index.html`, 'utf8')
    const files = await readdir(assets)
    const withPanel: string[] = []
    for (const file of files.filter((name) => name.endsWith('.js')))
      if ((await readFile(assets + file, 'utf8')).includes('Tidemark devtools')) withPanel.push(file)
    expect(withPanel.length).toBe(1)
    expect(html).toContain('/assets/')
    for (const file of withPanel) expect(html).not.toContain(file)
  })

  it('opens by a key, shows the frames of a chat, the offline state and a refusal, which is sent again, and writes a report', async () => {
    const { page, context } = await stage.device()
    let isTooLong = true
    await page.routeWebSocket(/\/v1\/connect$/, (socket) => {
      const server = socket.connectToServer()
      socket.onMessage((frame) => server.send(isTooLong ? String(frame).replace('my words', 'x'.repeat(2001)) : frame))
    })
    const chat = await inRoom('lobby', 'alice', page)
    const panel = new Panel(page)
    await panel.open()
    await panel.whole.getByText(/^Live since /).waitFor()
    const frames = await panel.select('Frames')
    await chat.say('Secret words')
    await panel.frame('out: mutate').first().waitFor()
    await panel.frame('in: range').first().waitFor()
    await frames.getByText(/In the last minute \d+ in, \d+ B; \d+ out, \d+ B/).waitFor()
    await frames.getByRole('searchbox').fill('range -ack')
    // Ranges of other spaces may still have come when the panel was there.
    await panel.frame('out: mutate').first().waitFor({ state: 'detached' })
    await panel.frame('in: range').first().waitFor()
    await frames.getByRole('searchbox').fill('')
    await frames.getByRole('button', { name: 'Pause' }).click()
    await chat.say('while it is paused')
    await frames.getByText(/^Paused; [1-9]/).waitFor()
    await frames.getByRole('button', { name: 'Pause' }).click()

    await chat.switchOnline(false)
    await panel.whole.getByText('Paused by the app: nothing is sent or received until resume().').waitFor()
    await chat.say('my words')
    const outbox = await panel.select('Outbox')
    await outbox.getByText('not sent yet').waitFor()
    await chat.switchOnline(true)
    await outbox.getByRole('button', { name: /^Send again/ }).waitFor()
    await chat.becomes('my words', 'refused')
    isTooLong = false
    await outbox.getByRole('button', { name: /^Send again/ }).click()
    await chat.becomes('my words', 'confirmed')
    await outbox.getByText('Nothing was refused.').waitFor()

    const events = await panel.select('Events')
    await events.getByText('Greeted by the server.').first().waitFor()
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    const report = await panel.select('Report')
    await report.getByRole('button', { name: 'Copy' }).click()
    await report.getByText(/^Copied/).waitFor()
    const text = await page.evaluate(() => navigator.clipboard.readText())
    expect(JSON.parse(text)).toMatchObject({ user: 'alice', status: { phase: 'live', spaces: { 'room:lobby': { version: 3 } } } })
    expect(text).not.toContain('Secret words')
    const saved = page.waitForEvent('download')
    await report.getByRole('button', { name: 'Save as JSON' }).click()
    expect((await saved).suggestedFilename()).toMatch(/^tidemark-\d{4}-.*\.json$/)

    await page.keyboard.press('Escape')
    await panel.whole.waitFor({ state: 'detached' })
  })

  it('opens from the settings, and in a second tab says that another one is connected', async () => {
    const { context, page } = await stage.device()
    await inRoom('lobby', 'bob', page)
    const second = await context.newPage()
    await second.goto(page.url())
    const other = new ChatPage(second, stage.url)
    await other.isLive()
    await other.openSettings()
    await second.getByRole('button', { name: 'Devtools' }).click()
    const panel = new Panel(second)
    await panel.whole.getByText(/Another tab \(number \d+\) is connected for this one\./).waitFor()
    const frames = await panel.select('Frames')
    await frames.getByText(/Open the devtools there\.$/).waitFor()
    await (await panel.select('Spaces')).getByText('room:lobby').waitFor()
    await page.close()
    await panel.whole.getByText(/This tab leads \(number \d+\)\./).waitFor()
    await other.isLive()
    await (await panel.select('Frames')).getByRole('cell', { name: 'in: welcome' }).waitFor()
  })

  for (const { name, tabs, ...options } of LOOKS)
    it(`is right to look at and to listen to: ${name}`, async () => {
      const { page } = await stage.device(options)
      const chat = await inRoom(name, 'alice', page)
      const panel = new Panel(page)
      await panel.open()
      await chat.say('High water is at 10:12 tomorrow.')
      await chat.becomes('High water is at 10:12 tomorrow.', 'confirmed')
      await chat.switchOnline(false)
      await chat.say('On the ferry, no signal here.')
      for (const tab of tabs) {
        await panel.select(tab)
        // What moves has come to rest.
        await page.waitForTimeout(200)
        await pictured(page, `devtools-${name}-${tab.toLowerCase()}`)
        await isAccessible(page)
      }
    })
})
