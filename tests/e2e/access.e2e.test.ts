// Goal: the demo is usable by keyboard and by screen reader. Method: Chromium's own accessibility tree, and keys only.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ChatPage } from './chat-page.ts'
import { sendAs } from './send-as.ts'
import { openStage, type Stage } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(async () => await stage?.close())

const SIZES = [
  { width: 375, height: 812 },
  { width: 1280, height: 800 },
]
const CONTROLS = ['button', 'link', 'textbox', 'switch', 'checkbox', 'combobox', 'log', 'region', 'navigation', 'img']

/** Roles of what a person must be able to tell apart, and has no name. */
async function nameless(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page)
  const { nodes } = await session.send('Accessibility.getFullAXTree')
  return nodes
    .filter(({ ignored, role, name }) => !ignored && CONTROLS.includes(role?.value) && !String(name?.value ?? '').trim())
    .map(({ role }) => String(role?.value))
}

describe('by keyboard and screen reader', () => {
  for (const viewport of process.env.CI === undefined ? SIZES.slice(0, 1) : SIZES) {
    it(`signs in, joins, writes and goes offline with keys alone at ${viewport.width} px, and every control has a name`, async () => {
      const { page } = await stage.device({ viewport })
      const chat = new ChatPage(page, stage.url)
      await page.goto(stage.url)
      await page.getByLabel('Your name').waitFor()
      expect(await nameless(page)).toEqual([])
      await page.keyboard.type('x'.repeat(33))
      await page.keyboard.press('Enter')
      await page.getByRole('alert').waitFor()
      await page.keyboard.press('ControlOrMeta+a')
      await page.keyboard.type(`keys${viewport.width}`)
      await page.keyboard.press('Enter')
      const join = page.getByRole('button', { name: 'Join lobby' })
      await join.waitFor()
      expect(await nameless(page)).toEqual([])
      await tabTo(page, 'Join lobby')
      await page.keyboard.press('Enter')
      await chat.composer.waitFor()

      await tabTo(page, 'Message to lobby')
      await page.keyboard.type(`${viewport.width} px`)
      await page.keyboard.press('Shift+Enter')
      await page.keyboard.type('second line')
      await page.keyboard.press('Enter')
      await chat.message(`${viewport.width} px\nsecond line`).waitFor()
      await chat.sees(async () => await chat.composer.inputValue(), '')
      await page.keyboard.type(`focus stays here, ${viewport.width}`)
      await page.keyboard.press('Enter')
      await chat.becomes(`focus stays here, ${viewport.width}`, 'confirmed')
      expect(await nameless(page)).toEqual([])

      await tabTo(page, 'Online')
      await page.keyboard.press('Space')
      await chat.sees(async () => await chat.waterLine.getAttribute('data-tide'), 'dashed')
      expect(await page.locator('html').evaluate((html) => html.scrollWidth)).toBe(viewport.width)
    })
  }

  it('the arrow keys walk the rooms, Enter opens one, Escape leads back, and motion is spared who wants none', async () => {
    const { page } = await stage.device({ reducedMotion: 'reduce' })
    const chat = new ChatPage(page, stage.url)
    await chat.signIn('walker')
    await chat.join('one')
    // Rooms are listed by time: from here on it is the server's.
    await chat.isLive()
    for (const room of ['two', 'three']) await chat.join(room)
    const focused = () => page.evaluate(() => document.activeElement?.querySelector(':scope > .room-list-title')?.textContent)
    await chat.sees(async () => await chat.rooms(), ['three', 'two', 'one'])
    await chat.sees(() => page.evaluate(() => document.activeElement?.getAttribute('placeholder')), 'Message to three')
    await page.keyboard.press('Escape')
    await chat.sees(focused, 'three')
    const walk = []
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown', 'Home', 'End', 'ArrowUp']) {
      await page.keyboard.press(key)
      walk.push(await focused())
    }
    expect(walk).toEqual(['two', 'one', 'one', 'three', 'one', 'two'])
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'two' }).waitFor()
    await chat.sees(async () => await chat.composer.evaluate((element) => element === document.activeElement), true)
    expect(await page.locator('.room-list-row[tabindex="-1"]').count()).toBe(2)
    const longestMs = await page.evaluate(() =>
      Math.max(0, ...document.getAnimations().map((one) => Number(one.effect?.getComputedTiming().activeDuration))),
    )
    expect(longestMs).toBeLessThanOrEqual(1)

    await page.setViewportSize({ width: 375, height: 812 })
    await page.keyboard.press('Escape')
    await chat.sees(focused, 'two')
    expect(await page.getByRole('heading', { name: 'two' }).count()).toBe(0)
  })

  it('a screen reader is told of one message in words, of several in number, and not of its own', async () => {
    const { page } = await stage.device()
    const chat = new ChatPage(page, stage.url)
    const news = () => page.getByTestId('news').textContent()
    await chat.signIn('listener')
    await chat.join('hall')
    await chat.say('Mine')
    await chat.becomes('Mine', 'confirmed')
    expect(await news()).toBe('')
    await sendAs(stage.url, 'bob', 'room:hall', 'The bell rings at six.')
    await chat.sees(news, 'bob: The bell rings at six.')
    expect(await page.getByRole('log').getAttribute('aria-live')).toBe('off')
  })

  it('does not send while an input method composes', async () => {
    const { page } = await stage.device()
    const chat = new ChatPage(page, stage.url)
    await chat.signIn('ime')
    await chat.join('ime')
    await chat.composer.focus()
    const session = await page.context().newCDPSession(page)
    await session.send('Input.imeSetComposition', { text: '你好', selectionStart: 2, selectionEnd: 2 })
    await chat.composer.dispatchEvent('keydown', { key: 'Enter', keyCode: 229, isComposing: true, bubbles: true, cancelable: true })
    expect(await chat.page.getByTestId('message').count()).toBe(0)
    await session.send('Input.insertText', { text: '你好' })
    await page.keyboard.press('Enter')
    await chat.becomes('你好', 'confirmed')
  })
})

/** Moves the focus forward until it stands on the control of this name. */
async function tabTo(page: Page, name: string): Promise<void> {
  const on = () =>
    page.evaluate(() => {
      const element = document.activeElement as HTMLElement | null
      const label = (element as HTMLTextAreaElement | null)?.labels?.[0]?.textContent
      return element?.getAttribute('aria-label') ?? label ?? element?.textContent ?? ''
    })
  for (let steps = 0; steps < 40; steps += 1) {
    if ((await on()).trim() === name) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`40 tabs do not reach ${name}`)
}
