// Goal: each state of the chat has a design of its own, says what is true, and is accessible. Method: a man in the middle and a
// broken browser bring the states about; axe judges the drawn page; with CI, pictures of each go to artefacts/, for the eye.
import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isAccessible } from './accessible.ts'
import { ChatPage } from './chat-page.ts'
import { middleMan } from './middle-man.ts'
import { pictured } from './pictured.ts'
import { sendAllAs, sendAs } from './send-as.ts'
import { openStage, type Stage } from './stage.ts'

const SCREENS: readonly (Omit<BrowserContextOptions, 'screen'> & { readonly screen: string })[] = [
  {
    screen: 'phone',
    viewport: { width: 375, height: 812 },
    hasTouch: true,
    colorScheme: 'light',
    locale: 'en-GB',
    reducedMotion: 'reduce',
  },
  { screen: 'desk', viewport: { width: 1280, height: 800 }, colorScheme: 'dark', locale: 'en-GB', reducedMotion: 'reduce' },
]

let stage: Stage
beforeAll(async () => {
  stage = await openStage({ module: 'tests/e2e/closed-backend.ts' })
  const texts = ['Fog until nine, then clear.', '九点前有雾，之后放晴。', 'I keep the horn ready.']
  for (const room of ['room:harbour', 'room:fog'])
    await sendAllAs(
      stage.url,
      'bob',
      room,
      texts.map((text) => ({ text })),
    )
})
afterAll(async () => await stage?.close())

// Where there is no time for both, on the smaller one.
describe.each(process.env.CI === undefined ? SCREENS.slice(0, 1) : SCREENS)('on a $screen', ({ screen, ...options }) => {
  /** Looks at the page as it stands. */
  async function look(page: Page, name: string): Promise<void> {
    await pictured(page, `${name}-${screen}`)
    expect(await page.locator('html').evaluate((html) => html.scrollWidth <= html.clientWidth)).toBe(true)
    await isAccessible(page)
  }
  async function arrive() {
    const { page, context } = await stage.device(options)
    const between = await middleMan(page)
    const chat = new ChatPage(page, stage.url)
    return { page, context, between, chat, sentence: page.getByTestId('sentence'), blank: page.getByTestId('blank') }
  }

  it('newcomers are told where to go, and settings are one step away', async () => {
    const { page, chat } = await arrive()
    await page.goto(stage.url)
    await page.getByLabel('Your name').waitFor()
    await look(page, 'state-sign-in')
    await chat.signIn(`new-${screen}`)
    await page.getByText('No rooms yet').waitFor()
    await look(page, 'state-no-rooms')
    await chat.openSettings()
    await look(page, 'state-settings')
  })

  it('a room is first its outline, then says that nobody spoke, and rises while it catches up', async () => {
    const { page, chat, between, sentence, blank } = await arrive()
    const room = `slip-${screen}`
    await chat.signIn(`reader-${screen}`)
    between.server((frame) => (frame.t === 'range' && frame.space === 'room:fog' ? undefined : frame))
    await chat.join('fog')
    await chat.sees(async () => await sentence.textContent(), 'Catching up: 3 versions to go.')
    await page.getByTestId('skeleton').waitFor()
    await look(page, 'state-loading')
    between.server((frame) => frame)
    // What was withheld is asked for again by a new connection, or else at the next beat.
    between.refuse(true)
    between.refuse(false)
    await chat.message('I keep the horn ready.').waitFor()
    if (screen === 'phone') await page.getByRole('link', { name: 'All rooms' }).click()
    await chat.join(room)
    await blank.getByText('Nothing was said here yet').waitFor()
    await chat.isLive()
    await look(page, 'state-empty')

    await sendAs(stage.url, 'bob', `room:${room}`, 'First on the slip')
    await chat.becomes('First on the slip', 'confirmed')
    between.page((frame) => (frame.t === 'follow' ? undefined : frame))
    between.server((frame) => (frame.t === 'range' ? { ...frame, head: 42 } : frame))
    await sendAs(stage.url, 'bob', `room:${room}`, 'Second on the slip')
    await chat.sees(async () => await sentence.textContent(), 'Catching up: 40 versions to go.')
    await chat.sees(() => chat.waterLine.getAttribute('data-tide'), 'rising')
    await look(page, 'state-catching-up')
  })

  it('without a connection it says what will happen to what is written, when it is tried again, and why it is held back', async () => {
    const { page, chat, between, sentence, blank } = await arrive()
    await chat.signIn(`sailor-${screen}`)
    await chat.join('harbour')
    await chat.message('I keep the horn ready.').waitFor()
    await chat.switchOnline(false)
    for (const text of ['We cast off.', '我们出发了。', 'Back at six.']) await chat.say(text)
    await chat.sees(async () => await sentence.textContent(), 'Offline. 3 messages will be sent when you are back.')
    await look(page, 'state-offline')
    if (screen === 'phone') await page.getByRole('link', { name: 'All rooms' }).click()
    await look(page, 'state-offline-list')
    await chat.openSettings()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page
      .getByRole('dialog')
      .getByText(/ changes have not reached the server/)
      .waitFor()
    await look(page, 'state-sign-out')
    await page.getByRole('button', { name: 'Stay' }).click()
    await page.getByLabel('Name of a room').fill('Far side')
    await page.keyboard.press('Enter')
    await blank.getByText('This room is not on this device yet').waitFor()
    await look(page, 'state-absent')

    await page.goto(`${stage.url}#/room/harbour`)
    between.refuse(true)
    await chat.switchOnline(true)
    await chat.sees(
      async () => /^No connection\. Next try .*3 messages will be sent then\.$/.test((await sentence.textContent()) ?? ''),
      true,
    )
    await look(page, 'state-no-connection')
    between.page((frame, answer) => {
      if (frame.t !== 'mutate') return frame
      answer({ t: 'ack', client: frame.client, acks: [], error: { code: 'rate-limited', message: 'Too much at once.', afterMs: 600_000 } })
      return undefined
    })
    between.refuse(false)
    await chat.sees(
      async () => await sentence.textContent(),
      'Held back: that was too fast; it goes on by itself. What you wrote stays on this device.',
    )
    // The first of them says why, for all.
    await page.getByText('Tried once: that was too fast; it goes on by itself.').waitFor()
    await chat.sees(() => page.getByRole('button', { name: 'Try now' }).count(), 1)
    await look(page, 'state-held-back')
  })

  it('what is refused stays, and a closed room says so', async () => {
    const { page, chat, blank } = await arrive()
    await chat.signIn(`guest-${screen}`)
    await chat.join('harbour')
    await chat.isLive()
    await chat.switchOnline(false)
    await chat.say('Mine, under a name that is taken')
    const id = await chat.message('Mine, under a name that is taken').getAttribute('data-id')
    await sendAs(stage.url, 'bob', 'room:harbour', 'The lock keeper was faster.', String(id))
    await chat.switchOnline(true)
    await chat.becomes('Mine, under a name that is taken', 'refused')
    await look(page, 'state-refused')
    if (screen === 'phone') await page.goBack()
    await chat.join('vault')
    await blank.getByText('This room is closed to you').waitFor()
    await chat.sees(() => chat.waterLine.getAttribute('data-tide'), 'stalled')
    await chat.say('Let me in')
    await chat.becomes('Let me in', 'refused')
    await look(page, 'state-closed')
  })

  for (const { broken, title, breakIt } of [
    {
      broken: 'gives no storage',
      title: 'This browser keeps nothing',
      breakIt: () => Object.defineProperty(window, 'indexedDB', { value: undefined }),
    },
    {
      broken: 'has a database that does not open',
      title: 'The copy on this device does not open',
      breakIt: () => {
        IDBFactory.prototype.open = () => {
          throw new DOMException('The disk is full of something else.', 'DataError')
        }
      },
    },
  ]) {
    it(`a browser that ${broken} is explained, with ways out`, async () => {
      const { page } = await arrive()
      await page.addInitScript(breakIt)
      await page.goto(stage.url)
      await page.getByLabel('Your name').fill('nobody')
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByRole('heading', { name: title }).waitFor()
      await look(page, `state-${broken.replaceAll(' ', '-')}`)
      await page.getByRole('button', { name: 'Sign in as somebody else' }).click()
      await page.getByLabel('Your name').waitFor()
    })
  }
})
