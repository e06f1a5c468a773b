// Goal: one lost frame is found by one number. Method: a man in the middle withholds a range on purpose; the next beat's sum differs.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pullAll } from '../harness/wire-peer.ts'
import { ChatPage } from './chat-page.ts'
import { openStage, type Stage } from './stage.ts'

/** Past the client's beat interval, in ms. */
const PAST_A_BEAT_MS = 31_000

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(async () => await stage?.close())

describe('a range that is withheld', () => {
  it('[B1] is noticed at the next beat and asked for again', async () => {
    const { page } = await stage.device()
    const withheld: string[] = []
    const stated: string[] = []
    let withhold = false
    await page.routeWebSocket(/\/v1\/connect$/, (socket) => {
      const server = socket.connectToServer()
      server.onMessage((frame) => {
        const { t, space, changes } = JSON.parse(String(frame))
        if (withhold && t === 'range' && space === 'room:lobby' && changes.length > 0) {
          withhold = false
          withheld.push(String(frame))
        } else socket.send(frame)
      })
      socket.onMessage((frame) => {
        if (JSON.parse(String(frame)).t === 'follow') stated.push(String(frame))
        server.send(frame)
      })
    })
    await page.clock.install()
    const alice = new ChatPage(page, stage.url)
    await alice.signIn('alice')
    await alice.join('lobby')
    const bob = new ChatPage((await stage.device()).page, stage.url)
    await bob.signIn('bob')
    await bob.join('lobby')
    await bob.say('heard')
    await alice.becomes('heard', 'confirmed')
    // Her read marker has moved: nothing is under way when the clock jumps.
    const marker = async () => (await pullAll(new URL(stage.url).origin, 'alice', 'user:alice')).copy.docs.get('chats/lobby')?.doc.readTo
    await alice.sees(marker, 1)

    withhold = true
    await bob.say('withheld')
    await bob.becomes('withheld', 'confirmed')
    await expect.poll(() => withheld.length, { timeout: 30_000 }).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(await alice.texts()).toEqual(['heard'])
    const before = stated.length

    await page.clock.fastForward(PAST_A_BEAT_MS)
    await alice.becomes('withheld', 'confirmed')
    await alice.showsTexts(['heard', 'withheld'])
    expect(stated.slice(before).some((frame) => frame.includes('"room:lobby":[1,'))).toBe(true)
    await alice.isLive()
  })
})
