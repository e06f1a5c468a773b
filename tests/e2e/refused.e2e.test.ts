// Goal: what the server refuses stays readable, and its writer decides. Method: somebody else takes the id while the writer is
// offline; and a man in the middle makes a text too long, past all checks of the page.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ChatPage } from './chat-page.ts'
import { sendAs } from './send-as.ts'
import { openStage, type Stage } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(async () => await stage?.close())

describe('a message that the server refuses', () => {
  it('is shown as refused, and arrives when it is sent again', async () => {
    const { page } = await stage.device()
    const alice = new ChatPage(page, stage.url)
    await alice.signIn('alice')
    await alice.join('lobby')
    await alice.isLive()
    await alice.switchOnline(false)
    await alice.say('my words')
    const id = await alice.message('my words').getAttribute('data-id')
    await sendAs(stage.url, 'mallory', 'room:lobby', 'first come, first served', String(id))
    await alice.switchOnline(true)

    await alice.becomes('my words', 'refused')
    await alice.becomes('first come, first served', 'confirmed')
    const refused = alice.message('my words')
    expect(await refused.getByRole('img', { name: 'Refused' }).count()).toBe(1)
    expect(await refused.textContent()).toContain('Not accepted')
    await page.reload()
    await alice.becomes('my words', 'refused')

    await alice.message('my words').getByRole('button', { name: 'Send again' }).click()
    await alice.becomes('my words', 'confirmed')
    await alice.showsTexts(['first come, first served', 'my words'])
  })

  it('goes only when its writer discards it', async () => {
    const { page } = await stage.device()
    await page.routeWebSocket(/\/v1\/connect$/, (socket) => {
      const server = socket.connectToServer()
      socket.onMessage((frame) => server.send(String(frame).replace('too long on the wire', 'x'.repeat(2001))))
    })
    const alice = new ChatPage(page, stage.url)
    await alice.signIn('alice')
    await alice.join('annex')
    await alice.say('fits')
    await alice.say('too long on the wire')
    await alice.becomes('too long on the wire', 'refused')
    await alice.becomes('fits', 'confirmed')
    expect(await alice.message('too long on the wire').textContent()).toContain('2000 characters')
    expect(await page.getByRole('link', { name: /annex/ }).textContent()).toContain('1 refused')

    await alice.message('too long on the wire').getByRole('button', { name: 'Discard' }).click()
    await alice.showsTexts(['fits'])
    await page.reload()
    await alice.showsTexts(['fits'])
  })
})
