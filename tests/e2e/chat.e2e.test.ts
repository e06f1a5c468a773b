// Goal: two people chat, on two devices and in two tabs, and nobody sees what is another's.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ChatPage } from './chat-page.ts'
import { openStage, type Stage } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(async () => await stage?.close())

async function arrive(user: string, room: string) {
  const { context, page } = await stage.device()
  const chat = new ChatPage(page, stage.url)
  await chat.signIn(user)
  await chat.join(room)
  return { context, chat }
}

describe('a chat in two browsers', () => {
  it('brings each message to the other side, confirmed, in one order for both', async () => {
    const { chat: alice } = await arrive('alice', 'lobby')
    const { chat: bob } = await arrive('bob', 'lobby')
    await alice.say('Is the lock open?')
    await bob.becomes('Is the lock open?', 'confirmed')
    await bob.say('开了，九点前都可以过。')
    await alice.becomes('开了，九点前都可以过。', 'confirmed')
    await alice.becomes('Is the lock open?', 'confirmed')
    for (const chat of [alice, bob]) {
      await chat.showsTexts(['Is the lock open?', '开了，九点前都可以过。'])
      await chat.sees(async () => await chat.waterLine.getAttribute('data-version'), '2')
      await chat.sees(async () => await chat.waterLine.getAttribute('data-pending'), '0')
      await chat.isLive()
    }
    expect(await alice.message('Is the lock open?').getAttribute('data-own')).toBe('true')
    expect(await bob.message('Is the lock open?').getAttribute('data-own')).toBeNull()
  })

  it('takes messages as fast as they are typed: none is lost or glued to another, and they come in order', async () => {
    const { chat } = await arrive('erin', 'slip')
    const texts = Array.from({ length: 15 }, (_, n) => `${n} of fifteen`)
    await chat.composer.focus()
    for (const text of texts) {
      await chat.page.keyboard.type(text)
      await chat.page.keyboard.press('Enter')
    }
    await chat.showsTexts(texts)
    await chat.becomes('14 of fifteen', 'confirmed')
    expect(await chat.composer.inputValue()).toBe('')
  })

  it('shows the same to two tabs of one user, and both can write', async () => {
    const { context, chat: first } = await arrive('carol', 'pier')
    const second = new ChatPage(await context.newPage(), stage.url)
    await second.page.goto(`${stage.url}#/room/pier`)
    await second.composer.waitFor()
    await first.say('from the first tab')
    await second.becomes('from the first tab', 'confirmed')
    await second.say('from the second tab')
    await first.becomes('from the second tab', 'confirmed')
    for (const chat of [first, second]) await chat.showsTexts(['from the first tab', 'from the second tab'])
  })

  it('signs out in every tab, and shows the next user nothing of the first one', async () => {
    const { context, chat } = await arrive('dave', 'cellar')
    await chat.say('for the cellar only')
    await chat.becomes('for the cellar only', 'confirmed')
    const other = new ChatPage(await context.newPage(), stage.url)
    await other.page.goto(stage.url)
    await other.page.getByRole('navigation', { name: 'Rooms' }).waitFor()

    await chat.signOut()
    await other.page.getByLabel('Your name').waitFor()
    await chat.signIn('eve')
    await chat.page.getByRole('button', { name: 'Join lobby' }).waitFor()
    expect(await chat.page.getByRole('link', { name: /cellar/ }).count()).toBe(0)
    expect(await chat.page.getByText('for the cellar only').count()).toBe(0)

    await chat.signOut()
    await chat.signIn('dave')
    await chat.page.getByRole('link', { name: /cellar/ }).click()
    await chat.showsTexts(['for the cellar only'])
  })
})
