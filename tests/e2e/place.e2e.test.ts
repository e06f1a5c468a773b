// Goal: a room of many messages stays usable: the newest come first, and a reader keeps their place whatever comes in above or below.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ChatPage } from './chat-page.ts'
import { sendAllAs } from './send-as.ts'
import { openStage, type Stage } from './stage.ts'

const MESSAGES = 700

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
  const messages = Array.from({ length: MESSAGES }, (_, index) => index + 1)
  await sendAllAs(
    stage.url,
    'bob',
    'room:log',
    messages.map((n) => ({ id: `m${n}`, text: `Sounding ${n}: ${(n % 90) / 10} m` })),
  )
})
afterAll(async () => await stage?.close())

describe('a room of many messages', () => {
  it('shows the newest first, earlier ones on demand, and keeps the place of its reader', async () => {
    const chat = new ChatPage((await stage.device()).page, stage.url)
    await chat.signIn('alice')
    await chat.join('log')
    await chat.sees(async () => (await chat.texts()).at(-1), `Sounding ${MESSAGES}: 7 m`)
    await chat.sees(async () => (await chat.texts()).length, 200)

    const moved = await chat.page.getByRole('log', { name: 'Messages' }).evaluate(placeWhileLoading, 400)
    expect(moved.map((px) => Math.round(px)).filter((px) => Math.abs(px) > 1)).toEqual([])
    await chat.sees(async () => (await chat.texts()).length, 400)
    const inSight = chat.page.locator('[data-id="m501"]')
    const top = async () => Math.round((await inSight.boundingBox())?.y ?? Number.NaN)
    const before = await top()

    const bob = new ChatPage((await stage.device()).page, stage.url)
    await bob.signIn('carol')
    await bob.join('log')
    await bob.say('Slack water now')
    await bob.say('平潮了')
    const pill = chat.page.getByRole('button', { name: '2 new messages' })
    await pill.waitFor()
    expect(Math.abs((await top()) - before)).toBeLessThanOrEqual(2)
    await pill.click()
    await chat.message('平潮了').waitFor()
    await chat.sees(async () => await pill.count(), 0)
    await chat.sees(async () => (await chat.texts()).length, 200)
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
