// Goal: a room of many messages stays usable: the newest come first, and a reader keeps their place whatever comes in above or below.
import type { Locator } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isAccessible } from './accessible.ts'
import { ChatPage } from './chat-page.ts'
import { sendAllAs } from './send-as.ts'
import { openStage, type Stage } from './stage.ts'

const MESSAGES = 700

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
  const messages = Array.from({ length: MESSAGES }, (_, index) => index + 1)
  for (const room of ['room:log', 'room:log2']) {
    await sendAllAs(
      stage.url,
      'bob',
      room,
      messages.map((n) => ({ id: `m${n}`, text: `Sounding ${n}` })),
    )
  }
})
afterAll(async () => await stage?.close())

async function arrive(user: string, room: string) {
  const { page, context } = await stage.device()
  const chat = new ChatPage(page, stage.url)
  await chat.signIn(user)
  await chat.join(room)
  await chat.message(`Sounding ${MESSAGES}`).waitFor()
  return { page, context, chat, log: page.getByRole('log', { name: 'Messages' }), older: page.getByTestId('older') }
}
const OLDER = /\/collections\/messages\/older\?/
const toTop = (log: Element) => {
  log.scrollTop = 0
}
/** What is seen by a reader who scrolls up until they see it: who stands at the newest is kept there while something comes. */
const atTop = (log: Locator, look: () => Promise<unknown>) => async () => {
  await log.evaluate(toTop)
  return await look()
}

describe('a room of many messages', () => {
  it('shows the newest first, older ones as its reader scrolls up, and keeps the place whatever comes in above or below', async () => {
    const { page, chat, log, older } = await arrive('alice', 'log')
    await chat.sees(async () => (await chat.texts()).length, 200)
    for (const messages of [400, 600]) {
      const moved = await log.evaluate(placeWhileLoading, messages)
      expect(moved.map((px) => Math.round(px)).filter((px) => Math.abs(px) > 1)).toEqual([])
    }
    const inSight = page.locator('[data-id="m301"]')
    const top = async () => Math.round((await inSight.boundingBox())?.y ?? Number.NaN)
    const before = await top()
    await sendAllAs(stage.url, 'carol', 'room:log', [{ text: 'Slack water now' }, { text: '平潮了' }])
    const pill = page.getByRole('button', { name: '2 new messages' })
    await pill.waitFor()
    expect(Math.abs((await top()) - before)).toBeLessThanOrEqual(1)

    await log.evaluate(toTop)
    await chat.sees(async () => (await chat.texts()).length, MESSAGES + 2)
    await log.evaluate(toTop)
    await chat.sees(async () => await older.textContent(), 'The beginning of this room')
    const all = Array.from({ length: MESSAGES }, (_, index) => `Sounding ${index + 1}`)
    expect(await chat.texts()).toEqual([...all, 'Slack water now', '平潮了'])

    await pill.click()
    await chat.message('平潮了').waitFor()
    await chat.sees(async () => await pill.count(), 0)
    await chat.sees(async () => (await chat.texts()).length, 200)
  })

  it('says when older ones do not come, tries again when asked, and by itself once there is a connection', async () => {
    const { page, context, chat, log, older } = await arrive('dora', 'log2')
    await chat.isKeptForOffline()
    await chat.isLive()
    let asked = 0
    let answers = false
    await page.route(OLDER, async (route) => {
      asked += 1
      if (answers) await route.fallback()
      else await route.fulfill({ status: 500, json: { error: { code: 'internal', message: 'No.', retryable: true } } })
    })
    await chat.sees(
      atTop(log, () => older.textContent()),
      'Older messages did not come.Try again',
    )
    expect(asked).toBe(1)
    await isAccessible(page)
    answers = true
    await page.getByRole('button', { name: 'Try again' }).click()
    await chat.sees(async () => (await chat.texts()).length, 400)
    expect(asked).toBe(2)

    await chat.switchOnline(false)
    await context.setOffline(true)
    await page.reload()
    await chat.sees(async () => (await chat.texts()).length, 200)
    await chat.sees(
      atTop(log, async () => (await chat.texts()).length),
      400,
    )
    await chat.sees(
      atTop(log, () => older.textContent()),
      'Older messages come when you are back.',
    )
    await context.setOffline(false)
    await chat.switchOnline(true)
    await chat.sees(async () => (await chat.texts()).length, 600)
  })
})

/** Scrolls to the top and says for each frame how far the message there has moved, in px, until so many messages are listed. */
async function placeWhileLoading(scroller: Element, messages: number): Promise<number[]> {
  // After the frame is drawn: what is drawn for the first time has its own height only then.
  const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
  scroller.scrollTop = 0
  const message = scroller.querySelector('.message') as HTMLElement
  const first = message.getBoundingClientRect().top
  const moved: number[] = []
  for (let after = 0; after < 10; ) {
    await frame()
    moved.push(message.getBoundingClientRect().top - first)
    if (scroller.querySelectorAll('.message').length >= messages) after += 1
  }
  return moved
}
