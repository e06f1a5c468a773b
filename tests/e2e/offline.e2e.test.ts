// Goal: what is written without a network survives a reload without a network, and is delivered once.
// Method: the browser's own offline mode and the app's switch; the page itself then comes from the service worker.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ChatPage } from './chat-page.ts'
import { openStage, type Stage } from './stage.ts'

/** Where there is no time for both, the first; the second is what is taken back below in. */
const WAYS = [
  { how: 'the browser is offline', room: 'harbour' },
  { how: 'the app is switched offline', room: 'quay' },
]

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(async () => await stage?.close())

describe('without a network', () => {
  for (const { how, room } of process.env.CI === undefined ? WAYS.slice(0, 1) : WAYS) {
    it(`keeps what was written across a reload, and delivers it once: ${how}`, async () => {
      const { context, page } = await stage.device()
      const alice = new ChatPage(page, stage.url)
      await alice.signIn('alice')
      await alice.join(room)
      const bob = new ChatPage((await stage.device()).page, stage.url)
      await bob.signIn('bob')
      await bob.join(room)
      await alice.say('before')
      await bob.becomes('before', 'confirmed')
      await alice.isKeptForOffline()

      const offline = how.startsWith('the browser')
      if (offline) await context.setOffline(true)
      else await alice.switchOnline(false)
      await alice.say('written offline')
      await alice.say('离线时写的')
      await bob.say('meanwhile')
      await bob.becomes('meanwhile', 'confirmed')
      await alice.becomes('written offline', 'pending')
      await alice.sees(async () => await alice.waterLine.getByTestId('drops').textContent(), '2messages wait')

      await page.reload()
      await alice.becomes('written offline', 'pending')
      await alice.becomes('离线时写的', 'pending')
      await alice.becomes('before', 'confirmed')
      expect(await bob.texts()).toEqual(['before', 'meanwhile'])
      if (!offline) {
        const sentence = alice.page.getByTestId('sentence')
        await alice.sees(async () => await sentence.textContent(), 'Offline. 2 messages will be sent when you are back.')
      }

      if (offline) await context.setOffline(false)
      else await alice.switchOnline(true)
      const all = ['before', 'meanwhile', 'written offline', '离线时写的']
      await bob.showsTexts(all)
      await alice.showsTexts(all)
      for (const text of all) await alice.becomes(text, 'confirmed')
      await alice.sees(async () => await alice.waterLine.getAttribute('data-pending'), '0')
      await alice.sees(async () => await alice.waterLine.getAttribute('data-version'), '4')
    })
  }

  it('lets a person take back what has not left, by hand and by keyboard, and it is never sent', async () => {
    const alice = new ChatPage((await stage.device()).page, stage.url)
    await alice.signIn('alice')
    await alice.join('jetty')
    await alice.isLive()
    await alice.switchOnline(false)
    for (const text of ['stays', 'a slip of the hand', 'a slip of the tongue']) await alice.say(text)
    const takeBack = (text: string) => alice.message(text).getByRole('button', { name: 'Take back' })
    await alice.message('a slip of the hand').getByText('a slip of the hand').click()
    await takeBack('a slip of the hand').click()
    await alice.showsTexts(['stays', 'a slip of the tongue'])
    await takeBack('a slip of the tongue').focus()
    await alice.page.keyboard.press('Enter')
    await alice.showsTexts(['stays'])
    await alice.page.reload()
    await alice.becomes('stays', 'pending')
    await alice.switchOnline(true)
    await alice.becomes('stays', 'confirmed')
    const bob = new ChatPage((await stage.device()).page, stage.url)
    await bob.signIn('bob')
    await bob.join('jetty')
    await bob.showsTexts(['stays'])
    await alice.showsTexts(['stays'])
  })

  it('is only what the network says: a browser that tells wrongly that it has none keeps nobody offline', async () => {
    const { page } = await stage.device()
    await page.addInitScript(() => Object.defineProperty(Navigator.prototype, 'onLine', { get: () => false }))
    const erin = new ChatPage(page, stage.url)
    await erin.signIn('erin')
    await erin.join('lock')
    await erin.page.evaluate(() => dispatchEvent(new Event('offline')))
    await erin.say('through all the same')
    await erin.becomes('through all the same', 'confirmed')
    await erin.isLive()
  })

  it('lets who was here before sign in again, and holds the switch in every tab', async () => {
    const { context, page } = await stage.device()
    const carol = new ChatPage(page, stage.url)
    await carol.signIn('carol')
    await carol.join('mole')
    await carol.say('kept here')
    await carol.becomes('kept here', 'confirmed')
    await carol.isKeptForOffline()

    const second = new ChatPage(await context.newPage(), stage.url)
    await second.page.goto(`${stage.url}#/room/mole`)
    await second.isLive()
    await carol.switchOnline(false)
    await second.sees(async () => await second.waterLine.getAttribute('data-phase'), 'offline')
    await second.switchOnline(true)
    await carol.isLive()

    await context.setOffline(true)
    await carol.signOut()
    await carol.signIn('dave')
    await page.getByRole('alert').filter({ hasText: 'The server does not answer' }).waitFor()
    await carol.signIn('carol')
    await page.getByRole('link', { name: /mole/ }).click()
    await carol.becomes('kept here', 'confirmed')
  })
})
