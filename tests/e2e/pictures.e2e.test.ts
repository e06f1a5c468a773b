// Goal: pictures of the demo for the README, with real conversations, the same whenever they are taken. Method: the messages bear
// times of their own, and page and server agree on one moment. `npm run screenshots` puts them into docs/images; any other run
// only shows that they can be taken.
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { BrowserContextOptions, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { STAGE } from '../../demo-app/live.ts'
import { http, type WireAnswer, WireOutbox } from '../harness/wire-peer.ts'
import { ChatPage } from './chat-page.ts'
import { middleMan } from './middle-man.ts'
import { goOnStage, Show } from './show.ts'
import { openStage, type Stage } from './stage.ts'

const isForDocs = process.env.TIDEMARK_SCREENSHOTS === '1'
const takesAll = isForDocs || process.env.CI !== undefined
const folder = fileURLToPath(new URL(isForDocs ? '../../docs/images/' : './artefacts/', import.meta.url))
const BYTES_MAX = 200_000
/** A sky full of letters. */
const STAGE_BYTES_MAX = 500_000

const NOW_MS = Date.parse('2026-06-10T18:42:00+02:00')
const MINUTE_MS = 60_000
const DESK = { viewport: { width: 1280, height: 800 } }
const PHONE = { viewport: { width: 375, height: 812 }, hasTouch: true }
/** `小美`, as an id. */
const MEI = '~5bCP576O'

/** Room, author, minutes before now, text. */
const TALK: readonly (readonly [room: string, author: string, minutesAgo: number, text: string])[] = [
  ['lobby', 'bob', 1475, 'Survey boat is back. Depths are in the sheet, the bar has moved east by forty metres.'],
  ['lobby', MEI, 1460, '收到，我今晚更新海图。'],
  ['lobby', 'joan', 96, 'High water is at 10:12 tomorrow. We have about two hours for the inner channel before it gets too shallow.'],
  ['lobby', MEI, 88, '天气预报说早上有雾，大家带上外套。'],
  ['lobby', MEI, 87, '我八点在三号码头等你们。'],
  ['lobby', 'alice', 62, 'I take the 7:40 ferry, so I am there a little earlier.'],
  ['lobby', 'bob', 60, 'Then I bring coffee for three ☕'],
  ['lobby', 'alice', 58, '太好了，明天见！🌊'],
  ['lobby', 'joan', 21, 'One more thing: the north buoy is off station. Keep it well to port.'],
  ['lobby', 'bob', 19, 'Noted. I will log it with the harbour office.'],
  ['~5LiJ5Y-356CB5aS0', MEI, 35, '船已经靠好了，缆绳是新的。'],
  ['~5LiJ5Y-356CB5aS0', 'bob', 12, 'Fuel is full, water too.'],
  ['~5LiJ5Y-356CB5aS0', MEI, 4, '明早我先检查发动机。'],
  ['night-watch', 'joan', 190, 'Wind south-west four, gusts six after midnight.'],
  ['night-watch', 'alice', 185, 'I take the first watch.'],
  ['tide-tables', 'bob', 2950, 'June is complete, July follows on Friday.'],
]

let stage: Stage
beforeAll(async () => {
  await mkdir(folder, { recursive: true })
  stage = await openStage()
  const origin = new URL(stage.url).origin
  const outboxes = new Map<string, WireOutbox>()
  const write = async (user: string, space: string, name: string, args: unknown) => {
    const outbox = outboxes.get(user) ?? new WireOutbox()
    outboxes.set(user, outbox)
    const { body } = await http<WireAnswer>(origin, user, '/v1/mutations', { body: outbox.batch(outbox.next(space, name, args)) })
    expect(body.acks[0]?.error).toBeUndefined()
  }
  for (const [index, [room, author, minutesAgo, text]] of TALK.entries()) {
    const doc = { text, author, sentAtMs: NOW_MS - minutesAgo * MINUTE_MS }
    await write(author, `room:${room}`, 'put', { c: 'messages', id: `m${index}`, doc })
  }
  // Ten messages of the lobby are read, one of the pier, all of the night watch.
  for (const [room, title, readTo] of [
    ['lobby', 'lobby', 10],
    ['~5LiJ5Y-356CB5aS0', '三号码头', 1],
    ['night-watch', 'night-watch', 2],
    ['tide-tables', 'tide-tables', 0],
  ] as const)
    await write('alice', 'user:alice', 'put', { c: 'chats', id: room, doc: { title, joinedAtMs: 0, readTo } })
})
afterAll(async () => await stage?.close())

/** Alice's device, at the moment of the pictures. */
async function arrive(options: BrowserContextOptions): Promise<ChatPage> {
  const { page } = await stage.device({ timezoneId: 'Europe/Zurich', locale: 'en-GB', ...options })
  const between = await middleMan(page)
  between.server((frame) => ('nowMs' in frame ? { ...frame, nowMs: NOW_MS } : frame))
  await page.clock.setFixedTime(NOW_MS)
  const chat = new ChatPage(page, stage.url)
  await page.goto(stage.url)
  // The one font of the free ones that has both scripts, where it is installed.
  await page.addStyleTag({ content: ':root { --font: "Noto Sans CJK SC", system-ui, sans-serif }' })
  await page.getByRole('textbox').fill('alice')
  await page.keyboard.press('Enter')
  await chat.row('lobby').waitFor()
  return chat
}

async function picture(page: Page, name: string, of: Page | Locator = page, bytesMax = BYTES_MAX): Promise<void> {
  await page.mouse.move(0, 0)
  // What moves has come to rest: the longest motion is 200 ms.
  await page.waitForTimeout(300)
  const png = await of.screenshot({ path: `${folder}${name}.png`, caret: 'hide' })
  expect(png.length).toBeLessThan(bytesMax)
}

const caughtUp = async (chat: ChatPage) => {
  await chat.sees(async () => await chat.rooms(), ['三号码头', 'lobby', 'night-watch', 'tide-tables'])
  await chat.sees(async () => await chat.unread('三号码头'), '2')
  await chat.sees(async () => await chat.unread('tide-tables'), '1')
}

describe('pictures', () => {
  it('of a desk in Chinese, in the dark', async () => {
    const chat = await arrive({ ...DESK, colorScheme: 'dark', locale: 'zh-CN' })
    await caughtUp(chat)
    await chat.row('lobby').click()
    await chat.message('太好了，明天见！🌊').waitFor()
    await chat.sees(async () => await chat.waterLine.getAttribute('data-tide'), 'calm')
    await picture(chat.page, 'chat-desk-dark')
  })
  // Where there is no time, that one shows that they can be taken.
  if (!takesAll) return

  it('of a desk: the list and a room, up to date', async () => {
    const chat = await arrive({ ...DESK, colorScheme: 'light' })
    await caughtUp(chat)
    await chat.row('lobby').click()
    await chat.message('Noted. I will log it with the harbour office.').waitFor()
    await chat.sees(async () => await chat.waterLine.getAttribute('data-tide'), 'calm')
    await picture(chat.page, 'chat-desk-light')
  })

  it('of a phone: what is unread', async () => {
    const chat = await arrive({ ...PHONE, colorScheme: 'light' })
    await caughtUp(chat)
    await picture(chat.page, 'chat-phone-light')
  })

  it('of a phone without a network, in the dark; and of the water line by itself', async () => {
    const chat = await arrive({ ...PHONE, colorScheme: 'dark' })
    await caughtUp(chat)
    await chat.switchOnline(false)
    await chat.row('lobby').click()
    for (const text of ['On the ferry, no signal here.', '船上没有信号。', 'Back in range at eight.']) await chat.say(text)
    await chat.sees(async () => await chat.waterLine.getAttribute('data-pending'), '3')
    await picture(chat.page, 'chat-phone-dark')

    const desk = await arrive({ viewport: { width: 960, height: 600 }, deviceScaleFactor: 2, colorScheme: 'light' })
    await caughtUp(desk)
    await desk.row('lobby').click()
    await desk.message('Noted. I will log it with the harbour office.').waitFor()
    await desk.switchOnline(false)
    for (const text of ['On the ferry, no signal here.', '船上没有信号。', 'Back in range at eight.']) await desk.say(text)
    await picture(desk.page, 'water-line-offline', desk.page.getByRole('main'))
  })

  it('of the live stage with a crowd, on a desk and on a phone; comments are where they have flown by then', async () => {
    const show = new Show(stage.url)
    const beginsMs = new Date().setHours(19, 30, 0, 0)
    for (const [at, title] of ['Doors open', '开场：潮汐合唱团', 'What a water line tells', '抽奖与合影'].entries())
      await show.mutate(STAGE, 'plan', { id: `item-${at}`, title, startsAtMs: beginsMs + at * 30 * MINUTE_MS })
    await show.mutate(STAGE, 'end', { id: 'item-0' })
    await show.mutate(STAGE, 'begin', { id: 'item-1' })
    await show.mutate(STAGE, 'openDraw', { id: 'clock', prize: 'A brass tide clock', places: 2 })
    for (const user of ['alice', 'joan', MEI]) await show.mutate(STAGE, 'enter', { id: 'clock' }, user)
    show.speak(20, 90)
    onTestFinished(() => show.end())

    const { page } = await stage.device({ ...DESK, locale: 'en-GB' })
    await goOnStage(page, stage.url, 'alice')
    await page.waitForTimeout(4000)
    await page.getByRole('textbox', { name: 'Say something to everybody' }).fill('Hello from pier three 🌊')
    await page.keyboard.press('Enter')
    await page.waitForTimeout(4000)
    await picture(page, 'stage-desk', page, STAGE_BYTES_MAX)

    const { page: phone } = await stage.device({ ...PHONE, locale: 'zh-CN' })
    await goOnStage(phone, stage.url, '小美')
    await phone.waitForTimeout(4000)
    await show.mutate(STAGE, 'draw', { id: 'clock' })
    await phone.getByTestId('won').waitFor()
    await picture(phone, 'stage-phone', phone, STAGE_BYTES_MAX)
  })
})
