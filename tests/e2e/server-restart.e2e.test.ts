// Goal: a server that is killed and started again costs nothing: pages reconnect by themselves, nothing is lost, nothing doubled.
import { afterAll, beforeAll, describe, it } from 'vitest'
import { ChatPage } from './chat-page.ts'
import { openStage, type Stage } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(async () => await stage?.close())

describe('a server killed with SIGKILL', () => {
  it('comes back to every message, the acknowledged ones and those written while it was gone', async () => {
    const alice = new ChatPage((await stage.device()).page, stage.url)
    const bob = new ChatPage((await stage.device()).page, stage.url)
    for (const [chat, user] of [
      [alice, 'alice'],
      [bob, 'bob'],
    ] as const) {
      await chat.signIn(user)
      await chat.join('lobby')
      await chat.isLive()
    }
    await alice.say('one')
    await bob.becomes('one', 'confirmed')

    await stage.killServer()
    await alice.say('two, into the dark')
    await bob.say('three, likewise')
    await alice.sees(async () => await alice.waterLine.getAttribute('data-tide'), 'stalled')
    await alice.becomes('two, into the dark', 'pending')
    await stage.startServer()

    for (const chat of [alice, bob]) {
      for (const text of ['one', 'two, into the dark', 'three, likewise']) await chat.becomes(text, 'confirmed')
      await chat.sees(async () => await chat.waterLine.getAttribute('data-version'), '3')
      await chat.isLive()
    }
    await alice.say('four, as if nothing had been')
    await bob.becomes('four, as if nothing had been', 'confirmed')
    await alice.showsTexts(await bob.texts())
  })
})

describe('a server that is put back to a backup', () => {
  it('[M5] gets what it lost from the pages that wrote it, in its order and once, and says so where it was written', async () => {
    const carol = new ChatPage((await stage.device()).page, stage.url)
    const dave = new ChatPage((await stage.device()).page, stage.url)
    for (const [chat, user] of [
      [carol, 'carol'],
      [dave, 'dave'],
    ] as const) {
      await chat.signIn(user)
      await chat.join('harbour')
      await chat.isLive()
    }
    await carol.say('kept by the backup')
    await dave.becomes('kept by the backup', 'confirmed')
    await stage.killServer()
    await stage.backUp()
    await stage.startServer()
    await carol.isLive()
    await carol.say('after it, one')
    await dave.becomes('after it, one', 'confirmed')
    await carol.say('after it, two')
    await carol.becomes('after it, two', 'confirmed')
    await stage.killServer()
    await stage.restore()
    await stage.startServer()

    const texts = ['kept by the backup', 'after it, one', 'after it, two']
    for (const chat of [carol, dave]) for (const text of texts) await chat.becomes(text, 'confirmed')
    await carol.showsTexts(texts)
    await dave.showsTexts(texts)
    const notice = carol.page.getByRole('region', { name: 'The server was restored' })
    await notice.getByText('sent again').waitFor()
    await notice.getByRole('button', { name: 'Understood' }).click()
    await notice.waitFor({ state: 'detached' })
  })
})
