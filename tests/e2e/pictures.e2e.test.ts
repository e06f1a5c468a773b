// Goal: pictures of the demo with a real conversation, on phone and desk, light and dark, for the eye and for the README.
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ChatPage } from './chat-page.ts'
import { sendAs } from './send-as.ts'
import { openStage, type Stage } from './stage.ts'

const folder = fileURLToPath(new URL('./artefacts/', import.meta.url))
const SCREENS = [
  { screen: 'phone', viewport: { width: 375, height: 812 }, hasTouch: true },
  { screen: 'desk', viewport: { width: 1280, height: 800 }, hasTouch: false },
]
const TALK = [
  ['bob', 'High water is at 10:12 tomorrow. We have about two hours for the inner channel before it gets too shallow.'],
  ['mei', '天气预报说早上有雾，大家带上外套。'],
  ['mei', '我八点在三号码头等你们。'],
  ['alice', 'I take the 7:40 ferry, so I am there a little earlier.'],
  ['bob', 'Then I bring coffee for three ☕'],
  ['alice', '太好了，明天见！🌊'],
] as const

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
  for (const [user, text] of TALK) await sendAs(stage.url, user, 'room:lobby', text)
  await sendAs(stage.url, 'mei', 'room:pier-3', '船已经到了。')
})
afterAll(async () => await stage?.close())

async function picture(page: Page, name: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  // What moves has come to rest: the longest motion is 200 ms.
  await page.waitForTimeout(250)
  await page.screenshot({ path: `${folder}${name}.png` })
  expect(await page.locator('html').evaluate((html) => html.scrollWidth <= html.clientWidth)).toBe(true)
}

describe('pictures', () => {
  for (const { screen, viewport, hasTouch } of SCREENS) {
    for (const colorScheme of ['light', 'dark'] as const) {
      it(`are taken on a ${screen}, ${colorScheme}`, async () => {
        const { page } = await stage.device({ viewport, hasTouch, colorScheme, timezoneId: 'Europe/Zurich', locale: 'en-GB' })
        const chat = new ChatPage(page, stage.url)
        await page.goto(stage.url)
        await page.getByLabel('Your name').waitFor()
        await picture(page, `sign-in-${screen}-${colorScheme}`)
        await chat.signIn('alice')
        if ((await page.getByRole('link', { name: /pier-3/ }).count()) === 0) {
          await chat.join('pier-3')
          if (screen === 'phone') await page.goBack()
        }
        await page
          .getByRole('button', { name: 'Join lobby' })
          .or(page.getByRole('link', { name: /^lobby/ }))
          .click()
        await chat.showsTexts(TALK.map(([, text]) => text))
        await chat.isLive()
        await picture(page, `room-${screen}-${colorScheme}`)

        await chat.switchOnline(false)
        for (const text of ['On the ferry, no signal here.', '船上没有信号。']) await chat.say(text)
        await picture(page, `offline-${screen}-${colorScheme}`)
        for (const text of ['On the ferry, no signal here.', '船上没有信号。']) await chat.becomes(text, 'pending')
        if (screen === 'phone') {
          await page.getByRole('link', { name: 'All rooms' }).click()
          await picture(page, `list-${screen}-${colorScheme}`)
        }
      })
    }
  }
})
