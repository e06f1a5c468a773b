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
