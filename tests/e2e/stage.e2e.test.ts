// Goal: the live stage as its host and its viewers see it: the real page, the real server. What flies is drawn; where comments are
// to be read, the page shows them as a list, as it does for who wants no motion.
import { newId } from '@tidemark/client'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { HOST, STAGE } from '../../demo-app/live.ts'
import { isAccessible } from './accessible.ts'
import { ChatPage } from './chat-page.ts'
import { goOnStage, Show } from './show.ts'
import { openStage, type Stage } from './stage.ts'

const STILL: BrowserContextOptions = { reducedMotion: 'reduce' }
const PHONE: BrowserContextOptions = { viewport: { width: 375, height: 812 }, hasTouch: true }

let stage: Stage
let show: Show
beforeAll(async () => {
  stage = await openStage()
  show = new Show(stage.url)
})
afterAll(async () => await stage?.close())

/** A viewer before the stage, by the way that a person goes. */
async function viewer(user: string, options: BrowserContextOptions = STILL): Promise<{ page: Page; chat: ChatPage }> {
  const { page } = await stage.device(options)
  const chat = new ChatPage(page, stage.url)
  await chat.signIn(user)
  await page.getByRole('link', { name: /^(Live stage|直播现场)/ }).click()
  await page.getByTestId('on').waitFor()
  return { page, chat }
}

const box = (page: Page) => page.getByRole('textbox', { name: 'Say something to everybody' })
const say = async (page: Page, text: string) => {
  await box(page).fill(text)
  await page.keyboard.press('Enter')
}
const comments = (page: Page) => page.getByRole('list', { name: 'Newest comments' })

describe('the live stage', () => {
  it('a comment is there at once for who says it, and then for everybody, once', async () => {
    const { page: host, chat } = await viewer(HOST)
    const { page: guest } = await viewer('guest')
    await guest.getByTestId('on').getByText('Nothing is on yet.').waitFor()
    await say(guest, '第一次看现场 👏')
    await comments(guest).getByText('第一次看现场 👏').waitFor()
    await comments(host).getByText('第一次看现场 👏').waitFor()
    await say(host, 'Welcome, all of you')
    await comments(guest).getByText('Welcome, all of you').waitFor()
    for (const page of [host, guest]) await chat.sees(async () => await comments(page).getByRole('listitem').count(), 2)
    await guest.getByTestId('comment-told').getByText('Sent.').waitFor()
    await isAccessible(guest)
  })

  it('the server draws the winners of a lucky draw, the same on every screen', async () => {
    const { page: host } = await viewer(HOST)
    const { page: guest } = await viewer('guest', { ...STILL, ...PHONE })
    await host.getByLabel('Prize').fill('A brass tide clock')
    await host.keyboard.press('Enter')
    await guest.getByRole('button', { name: 'Take part A brass tide clock' }).click()
    await host.getByTestId('draw').getByText('1 takes part').waitFor()
    await host.getByRole('button', { name: 'Draw A brass tide clock' }).click()
    for (const page of [host, guest]) await page.getByTestId('won').getByText('guest').waitFor()
    await guest.getByTestId('draw').getByText('You have won!').waitFor()
    await isAccessible(guest)
  })
  // Where there is no time, these two show that the parts of it meet.
  if (process.env.CI === undefined) return

  it('shows everybody what the host plans, begins and ends, as it happens', async () => {
    const { page: host } = await viewer(HOST)
    const { page: guest } = await viewer('guest')
    expect(await guest.getByRole('button', { name: 'Add' }).count()).toBe(0)
    expect(await guest.getByRole('link', { name: 'Console' }).count()).toBe(0)
    expect(await host.getByRole('link', { name: 'Console' }).getAttribute('href')).toBe('/console')
    for (const title of ['Doors open', '潮汐合唱团']) {
      await host.getByLabel('What comes').fill(title)
      await host.keyboard.press('Enter')
      await guest.getByRole('listitem').filter({ hasText: title }).waitFor()
    }
    await host.getByRole('button', { name: 'Begin Doors open' }).click()
    await guest.getByTestId('on').getByText('Doors open').waitFor()
    await host.getByRole('button', { name: 'Begin 潮汐合唱团' }).click()
    await guest.getByTestId('on').getByText('潮汐合唱团').waitFor()
    await guest.getByRole('listitem').filter({ hasText: 'Doors open' }).getByText('Over').waitFor()
    await isAccessible(host)
  })

  it('counts its viewers', async () => {
    const { page, chat } = await viewer('ada')
    const watching = async () => await page.getByTestId('viewers').innerText()
    await chat.sees(watching, '1 watching')
    const { page: other } = await viewer('bo')
    await chat.sees(watching, '2 watching')
    await other.close()
    await chat.sees(watching, '1 watching')
  })

  it('lets comments fly for who likes motion, and keeps them still by a key', async () => {
    const { page, chat } = await viewer('ada', {})
    const flying = async () => Number(await page.getByTestId('sky').getAttribute('data-flying'))
    for (const text of ['one', 'two', 'three']) await say(page, text)
    await chat.sees(async () => (await flying()) >= 3, true)
    const asList = page.getByRole('button', { name: 'As a list' })
    await asList.focus()
    await page.keyboard.press('Enter')
    for (const text of ['one', 'two', 'three']) await comments(page).getByText(text, { exact: true }).waitFor()
    expect(await page.getByTestId('sky').count()).toBe(0)
    await page.reload()
    await comments(page).getByText('three', { exact: true }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('navigation', { name: 'Rooms' }).waitFor()
  })

  it('says that comments are stopped, takes the screen clean, and goes on', async () => {
    const { page, chat } = await viewer('ada')
    await say(page, 'rude words')
    await page.getByTestId('comment-told').getByText('Sent.').waitFor()
    await show.mutate('moderation', 'stop', { space: STAGE, lane: 'danmu' })
    await page.getByTestId('comment-told').getByText('The host has stopped comments for now.').waitFor()
    expect(await box(page).isDisabled()).toBe(true)
    await show.mutate('moderation', 'clear', { space: STAGE, lane: 'danmu' })
    await chat.sees(async () => await comments(page).getByText('rude words').count(), 0)
    await show.mutate('moderation', 'resume', { space: STAGE, lane: 'danmu' })
    await chat.sees(async () => await box(page).isDisabled(), false)
    await show.mutate('moderation', 'announce', { id: newId(), space: STAGE, lane: 'danmu', text: 'Please be kind' })
    await page.getByRole('status').getByText('Please be kind').waitFor()
  })

  it('without a network it says so, and offers again what did not go out', async () => {
    const { page, chat } = await viewer('ada')
    const { page: other } = await viewer('bo')
    await page.context().setOffline(true)
    await page.getByTestId('stage-away').waitFor()
    await say(page, 'from the tunnel')
    await comments(page).getByText('from the tunnel').waitFor()
    await page.getByTestId('unsent').getByText('“from the tunnel” may have reached nobody else').waitFor()
    expect(await comments(other).getByText('from the tunnel').count()).toBe(0)
    await page.context().setOffline(false)
    await page.getByRole('button', { name: 'Say it again' }).click()
    await comments(other).getByText('from the tunnel').waitFor()
    await chat.sees(async () => await page.getByTestId('unsent').count(), 0)
  })

  it('keeps what somebody said on an empty stage whose network went', async () => {
    const empty = await openStage()
    onTestFinished(async () => await empty.close())
    const { page } = await empty.device(STILL)
    await goOnStage(page, empty.url, 'ada')
    await page.getByText('Nothing is on yet.').waitFor()
    await page.context().setOffline(true)
    await say(page, 'from the tunnel')
    await page.getByTestId('unsent').getByText('“from the tunnel” may have reached nobody else').waitFor()
    await comments(page).getByText('from the tunnel').waitFor()
  })
})
