// Goal: the page speaks the language and has the theme of the browser, or the one that its person chose, and remembers it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isAccessible } from './accessible.ts'
import { ChatPage } from './chat-page.ts'
import { openStage, type Stage } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(async () => await stage?.close())

describe('the settings of a device', () => {
  it('a Chinese browser meets Chinese, names included; English is one step away, in all tabs, and stays', async () => {
    const { context, page } = await stage.device({ locale: 'zh-CN', viewport: { width: 375, height: 812 } })
    const chat = new ChatPage(page, stage.url)
    const language = () => page.locator('html').getAttribute('lang')
    await page.goto(stage.url)
    expect(await language()).toBe('zh-Hans')
    await page.getByLabel('你的名字').fill('小明')
    await page.getByRole('button', { name: '登录' }).click()
    await page.getByText('还没有房间').waitFor()
    await page.getByLabel('房间的名字').fill('三号码头')
    await page.getByRole('button', { name: '加入', exact: true }).click()
    await page.getByRole('heading', { name: '三号码头' }).waitFor()
    await page.getByRole('textbox', { name: '发消息到 三号码头' }).fill('有人吗？')
    await page.keyboard.press('Enter')
    await chat.becomes('有人吗？', 'confirmed')
    await chat.sees(async () => await page.getByTestId('sentence').textContent(), '已是最新。')
    await isAccessible(page)

    const bob = new ChatPage((await stage.device()).page, stage.url)
    await bob.signIn('bob')
    await bob.join('三号码头')
    await bob.becomes('有人吗？', 'confirmed')
    expect(await bob.page.locator('.message-author').textContent()).toContain('小明')

    await page.getByRole('link', { name: '所有房间' }).click()
    const second = await context.newPage()
    await second.goto(stage.url)
    await page.bringToFront()
    await chat.openSettings()
    await page.getByRole('radio', { name: 'English' }).check()
    await page.getByRole('button', { name: '小明, Settings' }).waitFor()
    await second.getByRole('button', { name: '小明, Settings' }).waitFor()
    expect(await language()).toBe('en')
    await page.reload()
    await page.getByRole('link', { name: /三号码头/ }).waitFor()
    expect(await language()).toBe('en')
    await chat.row('三号码头').filter({ hasText: 'You: 有人吗？' }).waitFor()
  })

  it('the theme is the system’s until one is chosen, from the first picture on, and goes back to it', async () => {
    const { page } = await stage.device({ colorScheme: 'light' })
    const chat = new ChatPage(page, stage.url)
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    const frame = () =>
      page.evaluate(
        () =>
          [...document.querySelectorAll('meta')].find(({ name, media }) => name === 'theme-color' && matchMedia(media).matches)?.content,
      )
    const [light, dark] = ['rgb(251, 250, 247)', 'rgb(11, 20, 32)']
    await chat.signIn('alice')
    expect([await ground(), await frame()]).toEqual([light, '#fbfaf7'])
    await page.emulateMedia({ colorScheme: 'dark' })
    await chat.sees(ground, dark)
    await chat.openSettings()
    await page.getByRole('radio', { name: 'Light' }).check()
    await chat.sees(ground, light)
    expect(await frame()).toBe('#fbfaf7')
    await page.emulateMedia({ colorScheme: 'light' })
    await page.getByRole('radio', { name: 'Dark' }).check()
    await chat.sees(ground, dark)
    await page.reload()
    await page.getByRole('navigation').waitFor()
    expect([await ground(), await frame()]).toEqual([dark, '#0b1420'])
    await chat.openSettings()
    await page.getByRole('radio', { name: 'System' }).check()
    await chat.sees(ground, light)
  })

  it('says whether the browser keeps what is here, and asks for it', async () => {
    const { page } = await stage.device()
    await page.addInitScript(() => {
      navigator.storage.persisted = async () => false
      navigator.storage.persist = async () => true
    })
    const chat = new ChatPage(page, stage.url)
    await chat.signIn('alice')
    await chat.openSettings()
    await page.getByText('The browser may clear your rooms').waitFor()
    await page.getByRole('button', { name: 'Ask to keep them' }).click()
    await page.getByText('Your rooms are kept here.').waitFor()
  })
})
