// Goal: the live stage as its host and its viewers see it: the real page, the real server. What flies is drawn; where comments are
// to be read, the page shows them as a list, as it does for who wants no motion.
import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HOST } from '../../demo-app/live.ts'
import { isAccessible } from './accessible.ts'
import { ChatPage } from './chat-page.ts'
import { openStage, type Stage } from './stage.ts'

const STILL: BrowserContextOptions = { reducedMotion: 'reduce' }
const PHONE: BrowserContextOptions = { viewport: { width: 375, height: 812 }, hasTouch: true }

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
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

describe('the live stage', () => {
  it('shows everybody what the host plans, begins and ends, as it happens', async () => {
    const { page: host } = await viewer(HOST)
    const { page: guest } = await viewer('guest')
    expect(await guest.getByRole('button', { name: 'Add' }).count()).toBe(0)
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
})
